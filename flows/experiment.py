"""The flow of the deployment that a new version starts: train on it and report."""

from prefect import flow

from flows import settings
from flows.stages import Done
from flows.tasks import TASKS, logged


@flow(name="experiment", flow_run_name="experiment {version}")
def experiment(corpus: str, version: str, overrides: tuple[str, ...] = ()) -> Done:
    """Train on a version (``bible@v3``) as its corpus says, laid over by ``train.minutes=30``, and write the report."""
    job, progress = settings.job(corpus, overrides), logged()
    run = TASKS.train(job, version, progress)
    return TASKS.report(job, run.ref, progress)
