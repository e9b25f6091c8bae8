"""What each stage leaves in Prefect's history for people to look at; `flows.cards` makes the words.

    shown(progress)         progress as an artifact too, of stages that take their time
    built(job, done, "")    the card of a corpus, after its build

An artifact that cannot be left is a warning in the log: the store has what it would have shown.
"""

import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import httpx
from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.context import TaskRunContext
from prefect.exceptions import PrefectException
from prefect.logging import get_run_logger

from corpusmill.errors import CorpusmillError
from corpusmill.store import refs
from corpusmill.types import Progress
from flows import cards
from flows.service import shelf
from flows.stages import Done, Job, corpus, store_of

PATIENCE = 5.0  # seconds that a stage takes before it is worth an artifact of its progress
PAUSE = 10.0  # seconds between two words of it
Show = Callable[[Job, Done, str], None]
"""Takes the ref that a stage was given too."""


def careful(leave: Show) -> Show:
    """Let no artifact end a stage that ended well."""

    @wraps(leave)
    def show(job: Job, done: Done, given: str) -> None:
        try:
            leave(job, done, given)
        except (httpx.HTTPError, PrefectException, CorpusmillError, OSError) as error:
            get_run_logger().warning("no artifact of %s: %s", done.ref, error or type(error).__name__)

    return show


@careful
def collected(job: Job, done: Done, _given: str) -> None:
    """What a collect cost."""
    if done.economics:
        name = corpus(job).name
        create_table_artifact(cards.economics(done.economics), cards.key(name, "economics"), done.ref)


@careful
def built(job: Job, done: Done, _given: str) -> None:
    """The corpus card with its lineage, sizes, and what was left out."""
    store = store_of(job)
    version = refs.version(store, done.ref)
    create_markdown_artifact(cards.corpus(version, store), cards.key(version.corpus, "corpus"), done.ref)
    create_table_artifact(cards.statistics(version), cards.key(version.corpus, "statistics"), done.ref)
    create_table_artifact(cards.drops(version), cards.key(version.corpus, "drops"), done.ref)


@careful
def trained(job: Job, done: Done, _given: str) -> None:
    """The loss curve."""
    import reports

    store = store_of(job)
    run = refs.run(store, done.ref)
    create_markdown_artifact(cards.picture(run, reports.loss(run, store)), cards.key(run.corpus, "loss"), done.ref)


@careful
def scored(job: Job, done: Done, _given: str) -> None:
    """The score beside that on the validation text."""
    run = refs.run(store_of(job), done.ref)
    best = f"{run.best['bits_per_byte']:.4f} bits per byte, {run.best['nats_per_char']:.4f} nats per character"
    said = [f"- {note}" for note in done.notes]
    words = "\n".join([f"# {run.ref}: score", "", *said, f"- validation, while training: {best}"])
    create_markdown_artifact(words, cards.key(run.corpus, "score"), done.ref)


@careful
def sampled(job: Job, done: Done, _given: str) -> None:
    """What the model wrote."""
    from model import judged

    store = store_of(job)
    run = refs.run(store, done.ref)
    texts, _ = judged.written(run, store, job.writing)
    words = cards.samples(run, texts, "; ".join(done.notes))
    create_markdown_artifact(words, cards.key(run.corpus, "samples"), done.ref)


@careful
def reported(job: Job, done: Done, given: str) -> None:
    """The summary of a run's report, and a link to it."""
    store = store_of(job)
    run = refs.run(store, given)
    create_markdown_artifact(cards.report(run, store, done.ref), cards.key(run.corpus, "report"), run.ref)
    link = shelf.address(run.corpus, run.id) or Path(done.ref).as_uri()
    create_link_artifact(link, f"report of {run.ref}", cards.key(run.corpus, "report-link"), run.ref)


def shown(progress: Progress) -> Progress:
    """The same progress, and that of each task run that takes its time as an artifact."""
    bars: dict[UUID, _Bar] = {}

    def tell(stage: str, done: float, total: float, note: str) -> None:
        progress(stage, done, total, note)
        context = TaskRunContext.get()
        if context:
            bar = bars.setdefault(context.task_run.id, _Bar(context.parameters.get("job")))
            bar.tell(stage, done, total, note)

    return tell


class _Bar:
    """The progress of one task run."""

    def __init__(self, job: Any) -> None:
        self._name = job.name if isinstance(job, Job) else "corpusmill"
        self._next, self._broken = time.monotonic() + PATIENCE, False
        self._id: UUID | None = None

    def tell(self, stage: str, done: float, total: float, note: str) -> None:
        """Say how far it is, now and then, and when it is done if it was said before."""
        over = bool(total and done >= total)
        if self._broken or (time.monotonic() < self._next and not (over and self._id)):
            return
        self._next = time.monotonic() + PAUSE
        share = min(100.0 * done / total, 100.0) if total else 0.0
        try:
            if self._id:
                update_progress_artifact(self._id, share, f"{stage}: {note}")
            else:
                key = cards.key(self._name, f"{stage}-progress")
                self._id = cast("UUID", create_progress_artifact(share, key, f"{stage}: {note}"))
        except (httpx.HTTPError, PrefectException) as error:
            self._broken = True
            get_run_logger().warning("no more progress as an artifact: %s", error or type(error).__name__)
