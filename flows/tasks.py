"""The stages as Prefect tasks. Prefect adds retries, visibility and artifacts; content ids decide what is skipped."""

import time
from dataclasses import replace
from typing import Any

from prefect import get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task, exponential_backoff

from corpusmill.errors import BusyError, NetworkError
from corpusmill.store import refs
from corpusmill.types import Progress
from flows import cards, stages
from flows.pipeline import Stages
from flows.stages import Done, Job

LOG_SECONDS = 60.0


def may_pass(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether trying again may help: a host did not answer, another is at the same work. A wrong answer stays wrong."""
    return isinstance(state.result(raise_on_failure=False), (NetworkError, BusyError))


@task(
    name="collect",
    task_run_name="collect {job.name}",
    cache_policy=NO_CACHE,
    retries=3,
    retry_delay_seconds=exponential_backoff(backoff_factor=30),
    retry_jitter_factor=0.5,
    retry_condition_fn=may_pass,
)
def collect(job: Job, progress: Progress) -> Done:
    """Fetch; a host that is away is asked again after 30, 60 and 120 s, and what had come is not fetched again."""
    return stages.collect(job, progress)


@task(
    name="build",
    task_run_name="build {job.name}",
    cache_policy=NO_CACHE,
    retries=3,
    retry_delay_seconds=exponential_backoff(backoff_factor=30),
    retry_jitter_factor=0.5,
    retry_condition_fn=may_pass,
)
def build(job: Job, snapshot: str, progress: Progress) -> Done:
    """Build, and show the corpus card."""
    done = stages.build(job, snapshot, progress)
    store = stages.store_of(job)
    version = refs.version(store, done.ref)
    create_markdown_artifact(cards.corpus(version, store), cards.key(version.corpus, "corpus"), done.ref)
    return done


@task(name="train", task_run_name="train {job.name}", cache_policy=NO_CACHE)
def train(job: Job, version: str, progress: Progress) -> Done:
    """Train."""
    return stages.train(job, version, progress)


@task(name="report", task_run_name="report {job.name}", cache_policy=NO_CACHE)
def report(job: Job, run: str, progress: Progress) -> Done:
    """Report, and show its summary."""
    done = stages.report(job, run, progress)
    store = stages.store_of(job)
    found = refs.run(store, run)
    create_markdown_artifact(cards.report(found, store, done.ref), cards.key(found.corpus, "report"), found.ref)
    return done


TASKS = Stages(collect=collect, build=build, train=train, report=report)

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
