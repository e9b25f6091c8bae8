"""`corpusmill run` as a Prefect flow: the pipeline, its stages as tasks, on the configured API or on one of its own.

The store is the truth; what Prefect keeps is a view of it. Prefect is imported only when its environment stands.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from corpusmill.errors import FlowError
from corpusmill.types import Progress
from flows import api, stages
from flows.pipeline import Stages, pipeline
from flows.stages import Job, Outcome

Result = TypeVar("Result")


Body = Callable[[Job, Stages, Progress], Result]


def run_flow(job: Job, progress: Progress, *, home: Path) -> Outcome:
    """The pipeline as a flow run. `home` keeps Prefect's history where nothing else is configured.

    Errors of the stages come as they are. Raises FlowError where Prefect itself fails.
    """
    stages.check(job)  # a mistake need not wait for a server to be told
    with connected(home):
        return as_flow("run", pipeline, job, progress)


@contextmanager
def connected(home: Path) -> Iterator[None]:
    """Prefect's API for the block; what fails on its side is a FlowError."""
    with api.connected(home), _prefect_failures():
        yield


def as_flow(name: str, body: Body[Result], job: Job, progress: Progress) -> Result:
    """Do something with a job as a flow run, its stages as tasks."""
    from prefect import flow, tags
    from prefect.context import TagsContext

    from flows.recorded import recorded
    from flows.tasks import AT_ONCE

    @flow(name=name, flow_run_name="{job.name}")
    def run(job: Job) -> Result:
        with TagsContext(current_tags=set()), recorded(AT_ONCE) as do:  # the flow run's own; see `flows.tasks`
            return body(job, do, progress)

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
