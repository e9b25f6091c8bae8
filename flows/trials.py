"""A sweep from its file to its record, for a command and for a flow: texts collected and built, then every trial.

Prefect is not known here; `do` collects and builds as a plain function or as a task.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpusmill import spec
from corpusmill.store import Store, refs
from corpusmill.target import corpus_for
from corpusmill.types import Corpus, Progress, Version
from flows import told
from flows.pipeline import PLAIN, Stages
from flows.stages import Job

if TYPE_CHECKING:
    from model.sweep.file import Sweep
    from model.sweep.plan import Trial
    from model.sweep.result import Record
    from model.sweep.run import Ground


@dataclass(frozen=True, slots=True)
class Asked:
    """A sweep whose every setting has been checked."""

    sweep: "Sweep"
    trials: Sequence["Trial"]
    corpora: Sequence[Corpus]  # of each trial, its settings laid over it
    twice: int  # trials that were the same as one of these


def check(file: str, sets: Sequence[str], store: Store) -> Asked:
    """Read a sweep and check every trial's own corpus before anything is fetched.

    Raises SpecError, UnknownNameError.
    """
    from model.sweep import file as files
    from model.sweep import plan

    sweep = files.load(file, tuple(sets))
    trials, twice = plan.plan(sweep)
    return Asked(sweep, trials, _checked(sweep, trials, store), twice)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """How a sweep is run; `given` are fields of each text's job."""

    store: Store
    jobs: int = 0  # trainings at once; 0 = as many as have processors
    retry: bool = False  # try again what failed before
    given: Mapping[str, Any] = field(default_factory=dict)


def ground(asked: Asked, ways: Ways, progress: Progress, do: Stages = PLAIN) -> dict[bytes, "Ground"]:
    """The version of each text and split that trials name, collected and built where it is not there."""
    from model.sweep.run import Ground

    found: dict[bytes, Ground] = {}
    for trial in {trial.place: trial for trial in asked.trials}.values():
        corpus = _corpus(trial.text, ways.store)
        found[trial.place] = Ground(corpus, _version(trial, corpus, ways, progress, do))
    return found


def train(asked: Asked, grounds: Mapping[bytes, "Ground"], ways: Ways, progress: Progress) -> "Record":
    """Train what is not trained yet. Raises SpecError, StoreError, and a signal's exception with everything kept."""
    from model.sweep import run

    store = ways.store
    with told.trials(store) as watcher:
        return run.run(
            asked.sweep,
            asked.trials,
            grounds,
            store,
            jobs=ways.jobs,
            retry=ways.retry,
            progress=progress,
            watcher=watcher,
        )


def whole(asked: Asked, ways: Ways) -> Job:
    """The job that stands for all of it where it is told."""
    return Job(_named(asked.trials[0].text), ways.store.place, **ways.given)


def _checked(asked: "Sweep", trials: Sequence["Trial"], store: Store) -> list[Corpus]:
    import preprocess
    from model.sweep import halving, plan

    known: dict[str, Corpus] = {}
    resolved = []
    for trial in trials:
        if trial.text not in known:
            known[trial.text] = _corpus(trial.text, store)
        if _is_version(trial.text):
            plan.refuse_split_of_version(trial, asked.declared_in)
        for rung in halving.rungs(asked.halving) if asked.halving else ():
            settings = {**trial.settings, **rung.settings}
            plan.resolved(known[trial.text], replace(trial, settings=settings), asked.declared_in)
        resolved.append(plan.resolved(known[trial.text], trial, asked.declared_in))
    for corpus in {trial.place: corpus for trial, corpus in zip(trials, resolved, strict=True)}.values():
        preprocess.check(corpus)
    return resolved


def _corpus(text: str, store: Store) -> Corpus:
    """The corpus that a text is, or is a version of."""
    return corpus_for(_named(text), store)


def _named(text: str) -> str:
    """What names that corpus."""
    return text.partition("@")[0] if _is_version(text) else text


def _is_version(text: str) -> bool:
    """Whether a text is named by the ref of a version, and not a file or an address that has an @ in it."""
    return "@" in text and "://" not in text and not Path(text).exists()


def _version(trial: "Trial", corpus: Corpus, ways: Ways, progress: Progress, do: Stages) -> Version:
    """What a trial learns from."""
    store = ways.store
    if _is_version(trial.text):
        return refs.version(store, trial.text)
    overrides = tuple(f"{key}={_toml(value)}" for key, value in trial.split.items())
    job = Job(trial.text, store.place, overrides=overrides, **ways.given)
    if not store.latest_snapshot(corpus.name):
        do.collect(job, progress)
    return refs.version(store, do.build(job, "", progress).ref)


def _toml(value: Any) -> str:
    return spec.write({"value": value}).removeprefix("value = ").strip()
