"""The flow of the scheduled deployments: look whether a corpus has changed, and tell of a new version.

`prefect.yaml` says when; the event it emits starts `flows.experiment`. A refresh that changes nothing publishes nothing
and emits nothing.
"""

from prefect import flow

from flows import pipeline, published, settings
from flows.stages import Refreshed
from flows.tasks import TASKS, logged


@flow(name="refresh", flow_run_name="refresh {corpus}")
def refresh(corpus: str) -> Refreshed:
    """Collect and build a corpus of the catalogue."""
    job, progress = settings.job(corpus), logged()
    done = pipeline.refresh(job, published.noted(TASKS), progress)
    published.tell(job, corpus, done)
    return done
