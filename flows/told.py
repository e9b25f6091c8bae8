"""Stages and pipelines told as OpenLineage events, whoever runs them: a command, a pipeline, a Prefect task.

    @told
    def build(job: Job, snapshot: str, progress: Progress) -> Done: ...

    with whole(job, "sweep.sizes"), trials(store) as watcher:
        sweep.run(…, watcher=watcher)

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
    from model.sweep.result import Entry

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
    init: str = ""  # ref of the run whose weights a training starts from

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

    def stop(self, error: BaseException) -> None:
        """What ended it before its end: FAIL, or ABORT where it was a signal."""
        if isinstance(error, Exception):
            self.tell("FAIL", str(error) or type(error).__name__)
        else:
            self.tell("ABORT", f"stopped: {type(error).__name__}")

    def learn(self, given: tuple[object, ...], done: "Done | None" = None) -> None:
        """Look up what a stage was given, and what it gave."""
        try:
            begun = [refs.run(self.store, self.init)] if self.init else []
            self.inputs = [openlineage.dataset(thing) for thing in (*map(self._named, given), *begun) if thing]
            if done:
                self._learn_of(done, next(map(self._named, given), None))
        except (CorpusmillError, OSError) as failure:
            _warn(f"a lineage event says less than it could: {failure}")

    def _learn_of(self, done: "Done", given: refs.Thing | None) -> None:
        self.unchanged = not done.made
        thing = self._named(done.ref)
        if thing and thing != given:  # a score is nothing that others could read
            self.outputs = [openlineage.dataset(thing)]
        elif isinstance(given, Run) and not thing:
            self.outputs = [openlineage.report(given)]
        if isinstance(thing, Snapshot):
            self.inputs = list(openlineage.sources(thing))
        if isinstance(thing, Version) and not given:  # the latest snapshot was meant
            self.inputs = [openlineage.dataset(self.store.snapshot(thing.corpus, thing.snapshot))]
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


class Trials:
    """The trainings of a sweep, each a `train` of its own below what runs around them; see `model.sweep.run`."""

    def __init__(self, store: Store) -> None:
        """None has begun."""
        self._store = store
        self._begun: dict[str, _Telling] = {}  # by the id of the run

    def begun(self, entry: "Entry") -> None:
        """Tell that a training begins."""
        if _is_silent():
            return
        act = Act.begun(f"{entry.corpus}.train", _ACT.get())
        telling = self._begun[entry.run] = _Telling(self._store, act, init=entry.config.get("init", ""))
        telling.learn((entry.version,))
        telling.tell("START")

    def ended(self, entry: "Entry") -> None:
        """Tell what came of it."""
        telling = self._begun.pop(entry.run, None)
        if telling and entry.status == "failed":
            telling.tell("FAIL", entry.error)
        elif telling:
            from flows.stages import Done

            telling.learn((entry.version,), Done(f"{entry.corpus}/runs/{entry.run}", made=entry.status == "made"))
            telling.tell("COMPLETE")

    def stop(self, error: BaseException) -> None:
        """Tell of those that were at work when all were stopped."""
        for telling in self._begun.values():
            telling.stop(error)


@contextmanager
def trials(store: Store) -> Iterator[Trials]:
    """What tells of the trainings of a sweep in the block."""
    watching = Trials(store)
    try:
        yield watching
    except BaseException as error:
        watching.stop(error)
        raise


@contextmanager
def baselines(store: Store, version: Version, run: Run | None) -> Iterator[None]:
    """What simpler models reach on a version, asked in the block and kept beside it; `run` is compared with them."""
    if _is_silent():
        yield
        return
    telling = _Telling(store, Act.begun(f"{version.corpus}.baselines", _ACT.get()))
    telling.inputs = [openlineage.dataset(thing) for thing in (version, run) if thing]
    with _to_its_end(telling):
        yield
        telling.outputs = [openlineage.baselines(version)]


@contextmanager
def _running(job: "Job", name: str) -> Iterator[_Telling | None]:
    """What tells of a run of a job; None where nobody is to be told."""
    from flows.stages import corpus, store_of

    if _is_silent():
        yield None
        return
    declared = corpus(job)
    init = str(declared.train.get("init", "")) if name == "train" else ""
    yield _Telling(store_of(job), Act.begun(f"{declared.name}.{name}", _ACT.get()), init=init)


def _is_silent() -> bool:
    """Whether nobody is to be told."""
    return os.environ.get("OPENLINEAGE_DISABLED", "").strip().lower() == "true"


@contextmanager
def _to_its_end(telling: _Telling) -> Iterator[None]:
    """START, and what ended it."""
    telling.tell("START")
    try:
        yield
    except BaseException as error:
        telling.stop(error)
        raise
    telling.tell("COMPLETE")


@cache
def _receiver(url: str, key: str, endpoint: str) -> Receiver:
    return Receiver(url, key, endpoint)


@cache
def _warn(words: str) -> None:
    """Once each."""
    _LOG.warning("%s", words)
