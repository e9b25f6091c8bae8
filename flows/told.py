"""Stages and pipelines told as OpenLineage events, whoever runs them: a command, a pipeline, a Prefect task.

    @told
    def build(job: Job, snapshot: str, progress: Progress) -> Done: ...

START before it, COMPLETE, FAIL or ABORT after it, in the store and to OPENLINEAGE_URL where that is set;
OPENLINEAGE_DISABLED=true tells nobody. What goes wrong in telling is one warning: it never fails a stage.
"""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from corpusmill.errors import CorpusmillError
from corpusmill.interchange import openlineage
from corpusmill.interchange.openlineage import Act, Kind
from corpusmill.interchange.telling import Line, Receiver
from corpusmill.secrets import Secrets
from corpusmill.store import Store, refs
from corpusmill.types import Run, Snapshot, Version

if TYPE_CHECKING:
    from flows.stages import Done, Job

Stage = TypeVar("Stage", bound=Callable[..., "Done"])
Dataset = dict[str, Any]
_LOG = logging.getLogger("corpusmill.lineage")
_ACT: ContextVar[Act | None] = ContextVar("corpusmill-act", default=None)  # what runs around a stage


@dataclass(slots=True)
class _Telling:
    """The events of one run: what is known of it grows until it ends."""

    store: Store
    act: Act
    inputs: list[Dataset] = field(default_factory=list)
    outputs: list[Dataset] = field(default_factory=list)
    code: str = ""
    unchanged: bool | None = None

    def tell(self, kind: Kind, error: str = "") -> None:
        """Write and send one event; a failure is a warning."""
        told = openlineage.event(
            kind,
            self.act,
            inputs=self.inputs,
            outputs=self.outputs,
            unchanged=self.unchanged,
            error=Secrets.of(os.environ).hide(error),
            code=self.code,
        )
        try:
            Line(self.store).tell(told)
        except (CorpusmillError, OSError) as failure:
            _warn(f"no lineage event was written: {failure}")
        url, key, endpoint = (os.environ.get(f"OPENLINEAGE_{name}", "") for name in ("URL", "API_KEY", "ENDPOINT"))
        if url:
            receiver = _receiver(url, key, endpoint)
            receiver.send(told)
            if receiver.failed:
                _warn(f"lineage events go to the store alone: {receiver.failed}")

    def learn(self, given: tuple[object, ...], done: "Done | None" = None) -> None:
        """Look up what a stage was given, and what it gave."""
        try:
            self.inputs = [openlineage.dataset(thing) for thing in map(self._named, given) if thing]
            if done:
                self._learn_of(done, next(map(self._named, given), None))
        except (CorpusmillError, OSError) as failure:
            _warn(f"a lineage event says less than it could: {failure}")

    def _learn_of(self, done: "Done", given: refs.Thing | None) -> None:
        self.unchanged = not done.made
        thing = self._named(done.ref)
        if thing:
            self.outputs = [openlineage.dataset(thing)]
        elif isinstance(given, Run):
            self.outputs = [openlineage.report(given)]
        if isinstance(thing, Snapshot):
            self.inputs = list(openlineage.sources(thing))
        if isinstance(thing, Version | Run):
            self.code = thing.code_digest

    def _named(self, ref: object) -> refs.Thing | None:
        """What a ref names, if it is one: a report is called by its path, and no snapshot by an empty text."""
        corpus = self.act.job.rpartition(".")[0]
        if not isinstance(ref, str) or not ref or not (ref == corpus or ref.startswith((f"{corpus}/", f"{corpus}@"))):
            return None
        return refs.resolve(self.store, ref)


def told(stage: Stage) -> Stage:
    """A stage that tells of its runs."""

    @wraps(stage)
    def call(job: "Job", *given: Any) -> "Done":
        with _running(job, stage.__name__) as telling:
            if not telling:
                return stage(job, *given)
            telling.learn(given)
            with _to_its_end(telling):
                done = stage(job, *given)
                telling.learn(given, done)
            return done

    return cast("Stage", call)


@contextmanager
def whole(job: "Job", name: str) -> Iterator[None]:
    """A pipeline: the parent of the stages in the block."""
    with _running(job, name) as telling:
        if not telling:
            yield
            return
        before = _ACT.set(telling.act)
        try:
            with _to_its_end(telling):
                yield
        finally:
            _ACT.reset(before)


@contextmanager
def _running(job: "Job", name: str) -> Iterator[_Telling | None]:
    """What tells of a run of a job; None where nobody is to be told."""
    from flows.stages import corpus, store_of

    if os.environ.get("OPENLINEAGE_DISABLED", "").strip().lower() == "true":
        yield None
        return
    yield _Telling(store_of(job), Act.begun(f"{corpus(job).name}.{name}", _ACT.get()))


@contextmanager
def _to_its_end(telling: _Telling) -> Iterator[None]:
    """START, and what ended it."""
    telling.tell("START")
    try:
        yield
    except Exception as error:
        telling.tell("FAIL", str(error) or type(error).__name__)
        raise
    except BaseException as stop:  # a signal
        telling.tell("ABORT", f"stopped: {type(stop).__name__}")
        raise
    telling.tell("COMPLETE")


@cache
def _receiver(url: str, key: str, endpoint: str) -> Receiver:
    return Receiver(url, key, endpoint)


@cache
def _warn(words: str) -> None:
    """Once each."""
    _LOG.warning("%s", words)
