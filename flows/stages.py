"""The four stages by ref: what a command line, a pipeline and a Prefect task call, all alike.

Each reads what it needs from the store by ref, calls its room's function and returns the ref of what that gave. Rooms
are imported when their stage runs, so that nobody waits for torch who only collects. Prefect is not known here.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from corpusmill.errors import UnknownNameError
from corpusmill.secrets import Secrets
from corpusmill.store import Store, blobs, opened, refs
from corpusmill.target import corpus_for, is_undeclared
from corpusmill.types import Corpus, Progress, Snapshot
from flows.told import told
from model.writing import SOME, Writing

if TYPE_CHECKING:
    from corpusmill.http import Gate

_LOOKED_AT, _HEAD = 200, 16_384  # files of one's own, and bytes of each, by which their kind is told


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked for, in plain values: what Prefect may keep as a parameter, as JSON."""

    target: str  # NAME|FILE|FOLDER|URL
    store: str  # folder, or s3://bucket/prefix
    mirror: str = ""  # address that stands in for every host
    allow_private: bool = False  # hosts of a private network may be asked
    contact: str = ""  # told to every host
    offline: bool = False
    accept: bool = False  # take a snapshot that looks wrong
    workers: int | None = None  # processes that may work at once; None = as many as there are processors
    on: str = ""  # the cluster that builds: ray://HOST:PORT, dask://HOST:PORT
    overrides: tuple[str, ...] = ()  # "train.hidden=256"
    split: str = ""  # that a run is scored on; empty = the test split, or where there is none the validation split
    scored: int = 100_000  # at most so many characters of it, from its start; 0 = all
    writing: Writing = SOME  # what a run is to write

    @property
    def name(self) -> str:
        """What its runs are called: the corpus, or the last part of a path or address."""
        return PurePosixPath(urlsplit(self.target).path).name or self.target


@dataclass(frozen=True, slots=True)
class Done:
    """What a stage gave, and whether it was made now or had been there."""

    ref: str  # of a snapshot, version or run; the path of a report
    made: bool
    notes: tuple[str, ...] = ()  # what a reader should know
    economics: Mapping[str, Any] = field(default_factory=dict)  # of a collect: what it cost, what was spared


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a whole pipeline gave; `skipped` names the stages whose result had been there."""

    corpus: str
    snapshot: str
    version: str
    run: str
    report: str  # a path
    skipped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Experimented:
    """What an experiment gave; `skipped` names the stages whose result had been there."""

    corpus: str
    version: str
    run: str
    score: str  # in words
    report: str  # a path
    skipped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh gave; `changed` is whether it published a version."""

    corpus: str
    snapshot: str
    version: str
    changed: bool
    notes: tuple[str, ...] = ()
    economics: Mapping[str, Any] = field(default_factory=dict)


def corpus(job: Job) -> Corpus:
    """The corpus a job means. Raises UnknownNameError, SpecError, CollectError; touches no network."""
    return corpus_for(job.target, store_of(job), job.overrides)


def check(job: Job) -> None:
    """Check every section of what a job means, so that a mistake in the last stage costs no time in the first.

    Raises UnknownNameError (also for a run to start from), SpecError, CollectError; touches no network and no data.
    """
    import collectors
    import preprocess
    from model.tuning import resolved

    declared = corpus(job)
    collectors.check(declared)
    preprocess.check(declared)
    resolved(declared, store_of(job))


@told
def collect(job: Job, progress: Progress, gate: "Gate | None" = None) -> Done:
    """Fetch the raw bytes -> a snapshot; others who ask the same hosts pass `gate`, too.

    Raises CollectError, with its kinds, SpecError, StoreError.
    """
    import collectors
    from corpusmill.http import ALONE, Client, Network

    network = Network(mirror=job.mirror, allow_private=job.allow_private, contact=job.contact)
    secrets = Secrets.of(os.environ)  # read here, so that no flow keeps them as a parameter
    client = Client(network, gate=gate or ALONE, secrets=secrets)
    got = collectors.collect(
        corpus(job), store_of(job), client, offline=job.offline, accept=job.accept, progress=progress
    )
    return Done(refs.ref_of(got.snapshot), got.made, got.notes, got.economics)


@told
def build(job: Job, snapshot: str, progress: Progress) -> Done:
    """Parse, clean and split a snapshot (a ref or an id; empty = the latest) -> a version.

    Raises ParseError, BuildError, SpecError, StoreError.
    """
    from preprocess.build import build as build_version

    declared, store = corpus(job), store_of(job)
    taken = _snapshot(store, declared.name, snapshot)
    if is_undeclared(declared) and not any(each.startswith("parse.") for each in job.overrides):
        declared = replace(declared, parse=_fitting(taken, store))
    version, made = build_version(declared, taken, store, processes=job.workers, on=job.on, progress=progress)
    return Done(version.ref, made)


def _fitting(snapshot: Snapshot, store: Store) -> dict[str, Any]:
    """The ``[parse]`` that files of one's own call for, by the beginnings of some of them."""
    from preprocess.propose import fitting

    store.fetch(snapshot)
    files = [file for file in snapshot.files if file.sha256]
    some = files[:: len(files) // _LOOKED_AT + 1]
    return fitting([(file.url, file.media_type, blobs.beginning(store.root, file.sha256, _HEAD)) for file in some])


@told
def train(job: Job, version: str, progress: Progress) -> Done:
    """Train on a version -> a run. Raises TrainError, SpecError, StoreError, Interrupted."""
    from model.train import fit

    store = store_of(job)
    run, made = fit(corpus(job), refs.version(store, version), store, progress=progress)
    return Done(run.ref, made)


@told
def report(job: Job, run: str, progress: Progress) -> Done:
    """Write a run's report -> its path. Raises StoreError."""
    import reports

    store = store_of(job)
    written, made = reports.write(refs.run(store, run), store, progress=progress)
    return Done(written.path, made)


def store_of(job: Job) -> Store:
    """Where a job's results are."""
    return opened(job.store, os.environ)  # read here, so that no flow keeps a bucket's credentials as a parameter


def _snapshot(store: Store, name: str, wanted: str) -> Snapshot:
    if not wanted:
        latest = store.latest_snapshot(name)
        if not latest:
            raise UnknownNameError(f"{name} has no snapshot yet", f"collect it: corpusmill collect {name}")
        return latest
    found = refs.resolve(store, f"{name}/snapshots/{wanted.rpartition('/')[2]}")
    assert isinstance(found, Snapshot)
    return found
