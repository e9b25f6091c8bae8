"""The stages as Prefect tasks. Prefect adds retries, visibility and artifacts; content ids decide what is skipped.

Flow runs have tags, task runs a name that says stage and corpus, and no tags: before a task run with tags begins,
Prefect asks the server for a slot of each, and where no answer comes at that moment the flow run fails.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task, exponential_backoff

from corpusmill.errors import BusyError, NetworkError
from corpusmill.types import Progress
from flows import artifacts, judging, politeness, stages
from flows.pipeline import Next, Stages
from flows.stages import Done, Job

LOG_SECONDS = 60.0


def may_pass(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether trying again may help: a host did not answer, another is at the same work. A wrong answer stays wrong."""
    return isinstance(state.result(raise_on_failure=False), (NetworkError, BusyError))


_PATIENT: Mapping[str, Any] = {
    "retries": 3,
    "retry_delay_seconds": exponential_backoff(backoff_factor=30),
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": may_pass,
}


@task(name="collect", task_run_name="collect {job.name}", cache_policy=NO_CACHE, **_PATIENT)
def collect(job: Job, progress: Progress) -> Done:
    """Fetch; a host that is away is asked again after 30, 60 and 120 s, and what had come is not fetched again."""
    with politeness.shared() as gate:
        done = stages.collect(job, progress, gate)
    artifacts.collected(job, done, "")
    return done


def _shown(stage: Next, show: artifacts.Show) -> Task[[Job, str, Progress], Done]:
    """A stage that goes on from the ref of the one before, and leaves something to look at."""
    name = stage.__name__

    @task(name=name, task_run_name=f"{name} {{job.name}}", cache_policy=NO_CACHE)
    def do(job: Job, ref: str, progress: Progress) -> Done:
        done = stage(job, ref, progress)
        show(job, done, ref)
        return done

    return do


build = _shown(stages.build, artifacts.built).with_options(**_PATIENT)
TASKS = Stages(
    collect=collect,
    build=build,
    train=_shown(stages.train, artifacts.trained),
    score=_shown(judging.score, artifacts.scored),
    sample=_shown(judging.sample, artifacts.sampled),
    report=_shown(stages.report, artifacts.reported),
)

AT_ONCE = replace(TASKS, collect=collect.with_options(retries=0), build=build.with_options(retries=0))
"""For somebody who waits at a terminal: the client's own retries of a few seconds, then the error."""


def logged() -> Progress:
    """Progress as lines of a run's log: one a minute, and one when a stage is done."""
    last = time.monotonic()

    def log(stage: str, done: float, total: float, note: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > LOG_SECONDS or (total and done >= total):
            last = now
            share = f"{done / total:.0%}" if total else f"{done:,.0f}"
            get_run_logger().info("%s %s %s", stage, share, note)

    return log
