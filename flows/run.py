"""`corpusmill run` as a Prefect flow: the pipeline, its stages as tasks, on the configured API or on one of its own.

The store is the truth; what Prefect keeps is a view of it. Prefect is imported only when its environment stands.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from corpusmill.errors import FlowError
from corpusmill.types import Progress
from flows import api, stages
from flows.pipeline import pipeline
from flows.stages import Job, Outcome


def run_flow(job: Job, progress: Progress, *, home: Path) -> Outcome:
    """The pipeline as a flow run. `home` keeps Prefect's history where nothing else is configured.

    Errors of the stages come as they are. Raises FlowError where Prefect itself fails.
    """
    stages.check(job)  # a mistake need not wait for a server to be told
    with api.connected(home), _prefect_failures():
        return _run_flow(job, progress)


def _run_flow(job: Job, progress: Progress) -> Outcome:
    from prefect import flow, tags

    from flows.recorded import recorded
    from flows.tasks import AT_ONCE

    @flow(name="run", flow_run_name="{job.name}")
    def run(job: Job) -> Outcome:
        with recorded(AT_ONCE) as do:
            return pipeline(job, do, progress)

    with tags("corpusmill", job.name):
        return run(job)


@contextmanager
def _prefect_failures() -> Iterator[None]:
    import httpx
    from prefect.exceptions import PrefectException

    try:
        yield
    except (httpx.HTTPError, PrefectException) as error:
        hint = "what was finished is kept; repeat the command, or with --plain"
        raise FlowError(f"Prefect failed: {error or type(error).__name__}", hint) from error
