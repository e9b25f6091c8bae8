"""Whether what is stored is what was put there: every byte against its digest, every name against what it names.

    found = verify(store)                # the whole store
    found = verify(store, version)       # one snapshot, version or run
    found.wrong                          # (Wrong(path, what, hint), …), empty where all is well

It goes on after the first thing that is wrong. It reads only and repairs nothing. Caches are left aside: they check
themselves, and what is damaged in them is made anew.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from corpusmill.errors import CorpusmillError, CorruptError
from corpusmill.store import Store, blobs, shards, sweeps, tombstones
from corpusmill.store.commit import MANIFEST, disk_errors
from corpusmill.store.ids import file_sha256
from corpusmill.store.unnamed import strays
from corpusmill.types import Progress, RawFile, Run, Snapshot, Version, silent

Thing = Snapshot | Version | Run
_PLURAL = {Snapshot: "snapshots", Version: "versions", Run: "runs"}
_PIECE = 1 << 20
_RESTORE = "restore it from a copy, or remove its folder"


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something that is not what it should be."""

    path: str
    what: str
    hint: str

    def __str__(self) -> str:
        """On one line."""
        return f"{self.path} {self.what}: {self.hint}"


@dataclass(frozen=True, slots=True)
class Verified:
    """How much was looked at, what was wrong, and what is there without being named, which harms nobody."""

    checked: Mapping[str, int]
    wrong: tuple[Wrong, ...]
    extra: tuple[Wrong, ...]


@dataclass(frozen=True, slots=True)
class _Step:
    """One thing to look at; `look` raises what is wrong with it."""

    path: Path
    look: Callable[[], object]
    counts: Mapping[str, int]


@dataclass(slots=True)
class _Ledger:
    checked: Counter[str] = field(default_factory=Counter)
    wrong: list[Wrong] = field(default_factory=list)

    def take(self, step: _Step) -> None:
        """Look, and keep what comes of it."""
        self.checked.update(step.counts)
        try:
            with disk_errors(step.path):
                step.look()
        except CorpusmillError as error:
            self.wrong.append(told(step.path, error))


def told(path: Path, error: CorpusmillError) -> Wrong:
    """An error about a path as what is wrong with it."""
    return Wrong(str(path), error.message.removeprefix(str(path)).lstrip(": "), error.hint)


def verify(store: Store, thing: Thing | None = None, progress: Progress = silent) -> Verified:
    """Look at one thing, or at all. Raises nothing that it finds: it is in what comes back."""
    ledger = _Ledger(Counter() if thing is None else Counter({_PLURAL[type(thing)]: 1}))
    things = list(_things(store, ledger)) if thing is None else [thing]
    steps = [step for each in things for step in _steps(store, each, ledger)] + list(_bodies(store, things, ledger))
    if thing is None:
        steps += [step for corpus in store.corpora() for step in _pointers(store, corpus, things)]
        steps += [step for corpus in store.corpora() for step in _sweeps(store, corpus)]
    for number, step in enumerate(steps):
        progress("verify", number, len(steps), step.path.name[:40])
        ledger.take(step)
    if steps:
        progress("verify", len(steps), len(steps), f"{len(ledger.wrong):,} wrong")
    extra = tuple(Wrong(*stray) for stray in strays(store, things)) if thing is None else ()
    return Verified(dict(ledger.checked), tuple(ledger.wrong), extra)


def _things(store: Store, ledger: _Ledger) -> Iterator[Thing]:
    """Every manifest that can be read."""
    ways: Mapping[str, Callable[[str, str], Thing]] = {
        "snapshots": store.snapshot,
        "versions": store.version,
        "runs": store.run,
    }
    for corpus in store.corpora():
        for kind, read in ways.items():
            for folder in store.shown(corpus, kind):
                found: list[Thing] = []
                ledger.take(_Step(folder / MANIFEST, partial(_manifest, folder, read, corpus, found), {kind: 1}))
                yield from found


def _manifest(folder: Path, read: Callable[[str, str], Thing], corpus: str, found: list[Thing]) -> None:
    _there(folder / MANIFEST, f"{_RESTORE}; readers pass it over")
    found.append(read(corpus, folder.name))


def _steps(store: Store, thing: Thing, ledger: _Ledger) -> list[_Step]:
    """What there is to look at in a thing; of a store in a bucket that is fetched first, which may fail."""
    found: list[_Step] = []
    place = store.corpus(thing.corpus) / _PLURAL[type(thing)] / (thing.name if isinstance(thing, Version) else thing.id)
    ledger.take(_Step(place, lambda: found.extend(_STEPS[type(thing)](store, thing)), {}))
    return found


def _bodies(store: Store, things: list[Thing], ledger: _Ledger) -> Iterator[_Step]:
    """The raw bodies of snapshots, each once however many of these share it; those aside that had to be forgotten."""
    snapshots = [thing for thing in things if isinstance(thing, Snapshot)]
    files = {file.sha256: file for snapshot in snapshots for file in snapshot.files if _has(file)}
    removed = set[str]()
    for snapshot in snapshots:
        look = partial(_removed, store, snapshot, removed)
        ledger.take(_Step(tombstones.path_of(store, snapshot.corpus), look, {}))
    for digest, file in files.items():
        if digest in removed:
            continue
        yield _Step(blobs.blob_path(store.root, digest), partial(_body, store.root, file), {"blobs": 1})


def _removed(store: Store, snapshot: Snapshot, removed: set[str]) -> None:
    removed |= tombstones.removed(store, snapshot)


def _has(file: RawFile) -> bool:
    return file.status == HTTPStatus.OK and bool(file.sha256)


def _body(root: Path, file: RawFile) -> None:
    size = 0
    with blobs.open_blob(root, file.sha256) as body:
        while piece := body.read(_PIECE):
            size += len(piece)
    if size != file.bytes:
        where = blobs.blob_path(root, file.sha256)
        raise CorruptError(f"{where} has {size:,} bytes, its snapshot says {file.bytes:,}", "collect the corpus again")


def _snapshot(store: Store, snapshot: Snapshot) -> Iterator[_Step]:
    """Its bodies are all there is to a snapshot, and other snapshots have them too."""
    store.fetch(snapshot)
    yield from ()


def _version(store: Store, version: Version) -> Iterator[_Step]:
    folder = store.version_folder(version)
    for shard in version.shards:
        yield _Step(folder / shard.path, partial(shards.check, folder, shard), {"shards": 1, "rows": shard.rows})
    yield _Step(
        folder / "drops" / "drops.parquet",
        partial(shards.drops_of, folder, version),
        {"drops": sum(version.drops.values())},
    )
    for path in sorted((folder / "data").glob("*")):
        if path.relative_to(folder).as_posix() not in {shard.path for shard in version.shards}:
            hint = "remove it: who reads the folder as it lies reads it too"
            yield _Step(path, partial(_wrong, f"{path} is named by no manifest", hint), {})
    snapshot = store.snapshot_folder(version.corpus, version.snapshot) / MANIFEST
    hint = f"{version.ref} cannot be built again without it: restore it from a copy"
    yield _Step(snapshot, partial(_there, snapshot, hint), {})


def _run(store: Store, run: Run) -> Iterator[_Step]:
    folder = store.run_folder(run.corpus, run.id)
    for name, digest in sorted(run.digests.items()):
        yield _Step(folder / name, partial(_file, folder / name, digest), {"files": 1})
    for path in sorted((folder / "checkpoints").glob("*")):
        if path.relative_to(folder).as_posix() not in run.digests:
            yield _Step(path, partial(_wrong, f"{path} is named by no manifest", "remove it"), {})


def _file(path: Path, digest: str) -> None:
    _there(path, _RESTORE)
    if file_sha256(path) != digest:
        raise CorruptError(f"{path} does not match the manifest", _RESTORE)


def _there(path: Path, hint: str) -> None:
    if not path.is_file():
        raise CorruptError(f"{path} is missing", hint)


def _wrong(message: str, hint: str) -> None:
    raise CorruptError(message, hint)


def _pointers(store: Store, corpus: str, things: list[Thing]) -> Iterator[_Step]:
    """What points at something by name: refs, and runs at their versions."""
    mine = [thing for thing in things if thing.corpus == corpus]
    names = {thing.name if isinstance(thing, Version) else thing.id for thing in mine}
    for kind in ("latest", "snapshot", "held", *(f"tags/{name}" for name in store.pointers(corpus, "tags"))):
        path = store.root / "refs" / corpus / kind
        if path.is_file() or store.bucket:
            yield _Step(path, partial(_points, store, corpus, kind, names), {"refs": 1})
    versions = {thing.id for thing in mine if isinstance(thing, Version)}
    for run in mine:
        if isinstance(run, Run) and run.version not in versions:
            path = store.corpus(corpus) / "runs" / run.id / MANIFEST
            message = f"{path} learnt from {run.version_ref} (id {run.version}), which is not there"
            yield _Step(path, partial(_wrong, message, "restore that version from a copy"), {})


def _points(store: Store, corpus: str, kind: str, names: set[str]) -> None:
    name = store.latest(corpus, kind)
    if name and name not in names:
        path = store.root / "refs" / corpus / kind
        raise CorruptError(f"{path} points at {name}, which is not there", "remove it, or restore what it names")


def _sweeps(store: Store, corpus: str) -> Iterator[_Step]:
    """What came of sweeps; that a run of one is gone is no damage (`unnamed`)."""
    for name in sweeps.names(store, corpus):
        look = partial(sweeps.trials, store, corpus, name)
        yield _Step(sweeps.path_of(store, corpus, name), look, {"sweeps": 1})


_STEPS: Mapping[type, Callable[[Store, Any], Iterator[_Step]]] = {
    Snapshot: _snapshot,
    Version: _version,
    Run: _run,
}
