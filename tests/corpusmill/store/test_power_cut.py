"""What a power cut at any moment leaves of all that the store publishes: snapshots with their bodies, versions, a run
with its checkpoint, and the refs. What a call returned from is there, what shows is whole.
"""

import random
import sys
from pathlib import Path

import msgspec
import pytest

from corpusmill.store import MANIFEST, Store, blobs
from corpusmill.store.blobs import blob_path
from corpusmill.store.ids import sha256
from corpusmill.types import Snapshot
from model.checkpoint import STATE
from preprocess.build import build
from tests.faults import ALL, NAME, bodies, collected, times, trained
from tests.powercut import Disk, Left
from tests.preprocess.snapshots import corpus

SOME = times(1, 12)  # disks by chance after each sync and rename, besides the two worst
SHOWN = ("snapshots", "versions", "runs")
pytestmark = pytest.mark.timeout(3000)


class Cut:
    """A store on a disk whose power may fail after each sync and rename; `promised` grows as calls return."""

    def __init__(self, root: Path, skip: int | None = None, some: int = 0) -> None:
        (root / "store" / "locks").mkdir(parents=True)  # nobody minds when that one is lost
        self.store, self.states = Store(root / "store"), 0
        self.promised: list[str] = []
        self.refs: dict[str, str] = {}
        self.saved: dict[str, int] = {}  # a run's last iteration that was saved
        self._some, self._chance = some, random.Random(some)
        self.disk = Disk(root, skip, self.look)

    def look(self, left: Left) -> None:
        self.one(left)
        for _ in range(self._some):
            self.one(self.disk.some(self._chance))

    def one(self, left: Left, *, exact: bool = False) -> None:
        """Raise unless this disk keeps every promise."""
        self.states += 1
        root = self.disk.root
        shown = {name: body for name, body in left.items() if is_shown(name)}
        for name, body in shown.items():
            assert name.startswith("store/refs/") or (root / name).is_file(), f"{name} had been removed"
            assert name.startswith("store/refs/") or (root / name).read_bytes() == body, f"{name} is torn"
        for folder in {"/".join(name.split("/")[:4]) for name in shown if name.split("/")[2] in SHOWN}:
            whole = {path.relative_to(root).as_posix() for path in (root / folder).rglob("*") if path.is_file()}
            assert whole == {name for name in shown if name.startswith(f"{folder}/")}, f"{folder} is not whole"
            if "/snapshots/" in folder:
                self._has_bodies(shown, shown[f"{folder}/{MANIFEST}"])
        assert not [name for name in self.promised if name not in shown], "what was published is lost"
        for kind, name in self.refs.items():
            body = shown.get(f"store/refs/{NAME}/{kind}", b"")
            assert body.endswith(b'"\n'), f"{kind} is torn or lost"
            said = msgspec.json.decode(body)
            assert said == name or not exact, f"{kind} is lost"
            assert [path for path in shown if f"/{said}/" in path], f"{kind} points at nothing"
        for run in {*self.saved, *(name.split("/")[3].strip(".").split(".")[0] for name in left if STATE in name)}:
            assert_resumes(left, run, self.saved.get(run, 0))

    def _has_bodies(self, shown: Left, manifest: bytes) -> None:
        for file in msgspec.json.decode(manifest, type=Snapshot).files:
            path = blob_path(self.store.root, file.sha256).relative_to(self.disk.root)
            assert path.as_posix() in shown, "a snapshot lacks a body"

    def promise(self, *manifests: Path, **refs: str) -> None:
        """From now on these are there, whatever happens."""
        self.promised += [path.relative_to(self.disk.root).as_posix() for path in manifests]
        self.refs |= refs
        for left in (self.disk.strict(), self.disk.eager()):
            self.one(left, exact=True)


def is_shown(name: str) -> bool:
    """Whether it is for readers: not being made, no cache, no lock."""
    parts = name.split("/")
    return not any(part.startswith(".") for part in parts) and parts[1] != "locks" and parts[2] != "ids"


def assert_resumes(left: Left, run: str, saved: int) -> None:
    """What was saved last, or a later save, can be gone on with, in the run or where it is made."""
    for folder in (f"store/{NAME}/runs/{run}", f"store/{NAME}/runs/.{run}.work"):
        if f"{folder}/{STATE}" in left:
            body = left[f"{folder}/{STATE}"]
            assert body.endswith(b"\n}\n"), "a checkpoint's state is torn"
            state = msgspec.json.decode(body)
            assert state["last"]["standing"]["iteration"] >= saved, "a checkpoint is that of an earlier save"
            for file in (state["last"], state["mark"], state["last"]["standing"]["best"]):
                assert sha256(left.get(f"{folder}/{file['path']}", b"")) == file["sha256"], "a checkpoint is torn"
            return
    raise AssertionError("a checkpoint is lost")


def publish_all(cut: Cut) -> None:
    """Two snapshots, a version of each, a run."""
    store = cut.store
    for number in (1, 2):
        for body in bodies(number).values():
            cut.promise(blob_path(store.root, blobs.put(store.root, body)))
        snapshot = collected(store, number, lambda s: cut.promise(store.snapshot_folder(NAME, s.id) / MANIFEST))
        cut.promise(snapshot=snapshot.id)
        version, _ = build(corpus(NAME), snapshot, store, processes=0)
        cut.promise(store.version_folder(version) / MANIFEST, latest=version.name)

    def saved(identity: str, iteration: int) -> None:
        cut.saved[identity] = iteration
        cut.promise()

    run = trained(store, version, saved=saved)
    cut.promise(store.run_folder(NAME, run.id) / MANIFEST)


def cut_of(root: Path, monkeypatch, skip: int | None = None, some: int = 0) -> Cut:
    cut = Cut(root, skip, some)
    with cut.disk.watched(monkeypatch):
        publish_all(cut)
    return cut


def test_no_power_cut_tears_anything_or_takes_back_what_was_published(tmp_path, monkeypatch):
    cut = cut_of(tmp_path / "disk", monkeypatch, some=SOME)
    sys.__stderr__.write(f"\n{cut.states:,} disks after {cut.disk.syncs} syncs\n")
    assert cut.states >= (1000 if ALL else 300)


def test_no_sync_of_all_these_may_be_left_out(tmp_path, monkeypatch):
    disk = cut_of(tmp_path / "whole", monkeypatch).disk
    telling = [number for number in range(disk.syncs) if number not in disk.idle]
    needless = []
    for number in telling[:: 1 if ALL else 16]:
        for some in (0, 12):  # the two worst disks tell most of them; disks by chance tell of an order that was needed
            try:
                cut_of(tmp_path / f"without{number}-{some}", monkeypatch, skip=number, some=some)
            except AssertionError:
                break
        else:
            needless.append(f"{number} {disk.places[number]}")
    told = f"{len(telling)} of {disk.syncs} syncs found something that was not kept yet"
    sys.__stderr__.write(f"\n{told}; {len(needless)} of them could be left out: {needless}\n")
    assert needless == []
