"""Clears away what nothing needs: no ref, tag, run or snapshot in use, and nobody who reads just now.

    cleared = collect(store, Retention(keep=5), moment=datetime.now(UTC))

Without a retention no version goes. With one, those beyond it go, but never the latest, one that has a tag or a run, or
one that somebody reads (`pins`). Then what only they needed: snapshots, raw bodies, caches; and what dead writers left.
What is younger than a day stays whatever it is: somebody may be about to refer to it, and clocks differ. In a bucket
the same holds of what lies there; caches and what dead processes left are those of this machine's working copy.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from corpusmill.errors import BusyError
from corpusmill.store import Store, commit, pins, remote, tags
from corpusmill.store.clearable import Folder, Place, place_of
from corpusmill.store.exchange import mended
from corpusmill.store.objects import Entry
from corpusmill.store.spare import spare, unpublished
from corpusmill.types import Progress, Snapshot, Version, silent

GRACE = timedelta(days=1)
SKEW = timedelta(hours=1)  # that clocks of machines, and of file servers, may differ by

Kind = Literal["version", "snapshot", "body", "cache", "training", "remains", "object"]
"""`object`: what a bucket keeps beside the layout of a folder, and needs no more."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Which versions may go: those that neither rule keeps. No rule keeps all."""

    keep: int | None = None  # newest of a corpus
    days: float | None = None  # since it was published
    trainings: bool = False  # trainings that were cut off may go too


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that went."""

    kind: Kind
    what: str  # a ref, or a path in the store
    bytes: int  # that this freed: of a file with several names, when its last one went


@dataclass(frozen=True, slots=True)
class Cleared:
    """What went, or would, and what was left alone though nothing needs it."""

    removed: tuple[Item, ...]
    kept: tuple[str, ...]  # in words

    @property
    def bytes(self) -> int:
        """How much that freed."""
        return sum(item.bytes for item in self.removed)


def collect(
    store: Store,
    retention: Retention,
    *,
    moment: datetime,
    dry_run: bool = False,
    progress: Progress = silent,
) -> Cleared:
    """Clear away what nothing needs; with `dry_run`, only say what that is. Raises CorruptError, StoreError."""
    sweeping = _Sweeping(store, retention, moment - GRACE - SKEW, dry_run=dry_run)
    names = store.corpora()
    with commit.disk_errors(store.root):
        for number, name in enumerate(names):
            progress("gc", number, len(names) + 1, name)
            sweeping.corpus(name)
        progress("gc", len(names), len(names) + 1, "raw bodies")
        sweeping.bodies()
        sweeping.objects()
        sweeping.remains()
    progress("gc", len(names) + 1, len(names) + 1, f"{len(sweeping.removed):,} things")
    return Cleared(tuple(sweeping.removed), tuple(sweeping.kept))


class _Sweeping:
    """One run over a store."""

    def __init__(self, store: Store, retention: Retention, before: datetime, *, dry_run: bool) -> None:
        self._store, self._retention, self._before, self._dry = store, retention, before, dry_run
        self.removed: list[Item] = []
        self.kept: list[str] = []
        self._place, self._here = place_of(store), Folder(store.root)
        self._gone: set[str] = set()  # ids of snapshots that went

    def corpus(self, name: str) -> None:
        """A corpus's versions, snapshots and caches, while nobody collects or builds it."""
        doing = f"clearing {name}"
        try:
            with self._store.alone(name, doing):
                if not self._dry:
                    mended(self._store.corpus(name) / "versions")
                left = self._versions(name)
                self._snapshots(name, left)
                self._caches(name, left)
                self._listed(unpublished(self._store, name, self._before))
                if self._retention.trainings:
                    self._trainings(name)
        except BusyError as busy:
            self.kept.append(f"{name}: {busy.message}")

    def bodies(self) -> None:
        """Raw bodies of no snapshot, while nobody puts any."""
        with pins.nobody_puts(self._store) as free:
            if not free:
                self.kept.append("raw bodies: somebody collects")
                return
            snapshots = (s for name in self._store.corpora() for s in self._store.snapshots(name))
            needed = {file.sha256 for s in snapshots if s.id not in self._gone for file in s.files}
            for path in self._place.bodies():
                if path.parent.name + path.name not in needed and self._place.is_old(path, self._before):
                    self._remove("body", path.relative_to(self._store.root).as_posix(), path)

    def objects(self) -> None:
        """What only a bucket has: files by digest, notes and leases that nobody needs, while nobody publishes."""
        bucket = self._store.bucket
        if not bucket:
            return
        with self._store.lease_alone("objects") as free:
            if not free:
                self.kept.append("objects: somebody publishes")
                return
            if not self._dry:
                remote.finish(bucket)
            gone = {item.what for item in self.removed if item.kind == "version"}
            self._listed(spare(self._store, self._before, gone))

    def _listed(self, found: Iterable[Entry]) -> None:
        """Remove these from the bucket."""
        entries = list(found)
        self.removed += [Item("object", entry.key, entry.size) for entry in entries]
        if self._store.bucket and entries and not self._dry:
            self._store.bucket.delete([entry.key for entry in entries])

    def remains(self) -> None:
        """What dead writers left, wherever they write."""
        for folder, folders, files in os.walk(self._store.root):
            for name in [name for name in (*folders, *files) if name.startswith(".")]:
                path = Path(folder, name)
                dead = name.endswith(".tmp") and commit.is_dead(path)
                if dead or (name.startswith(".verify-") and self._here.is_old(path, self._before)):
                    self._remove("remains", path.relative_to(self._store.root).as_posix(), path, self._here)
            folders[:] = [name for name in folders if not name.startswith(".")]

    def _versions(self, corpus: str) -> list[Version]:
        """Those that stay."""
        versions = self._store.versions(corpus)
        latest = self._store.latest_version(corpus)
        runs, tagged = {run.version for run in self._store.runs(corpus)}, set(tags.of(self._store, corpus).values())
        left = []
        for place, version in enumerate(reversed(versions)):
            path = self._store.corpus(corpus) / "versions" / version.name
            wanted = version == latest or version.id in runs or version.number in tagged
            if wanted or self._retained(place, path) or not self._without_readers(version, path):
                left.append(version)
        self._forget_builds(corpus, {version.id for version in left})
        return left

    def _retained(self, place: int, path: Path) -> bool:
        """Whether a rule keeps the version that comes at this place, the newest first."""
        keep, days = self._retention.keep, self._retention.days
        if (keep is None and days is None) or not self._place.is_old(path, self._before):
            return True
        young = days is not None and self._place.published(path) > self._before + GRACE + SKEW - timedelta(days=days)
        return young or (keep is not None and place < keep)

    def _without_readers(self, version: Version, path: Path) -> bool:
        with pins.alone(self._store, version) as free:
            if free:
                self._remove("version", version.ref, path)
            else:
                self.kept.append(f"{version.ref}: somebody reads it")
            return free

    def _forget_builds(self, corpus: str, left: set[str]) -> None:
        """Remove what says that a build gives a version that is gone."""
        for name in () if self._dry else self._store.pointers(corpus, "built"):
            if self._store.latest(corpus, f"built/{name}") not in left:
                self._store.unset(corpus, f"built/{name}")

    def _snapshots(self, corpus: str, left: Iterable[Version]) -> None:
        latest = self._store.latest_snapshot(corpus)
        needed = {version.snapshot for version in left} | {latest.id if latest else "", self._held(corpus)}
        for snapshot in self._store.snapshots(corpus):
            path = self._store.corpus(corpus) / "snapshots" / snapshot.id
            if snapshot.id not in needed and self._place.is_old(path, self._before):
                self._unpinned(snapshot, path)

    def _held(self, corpus: str) -> str:
        return self._store.latest(corpus, "held") or ""

    def _unpinned(self, snapshot: Snapshot, path: Path) -> None:
        with pins.alone(self._store, snapshot) as free:
            if free:
                self._gone.add(snapshot.id)
                self._remove("snapshot", f"{snapshot.corpus}/snapshots/{snapshot.id}", path)
            else:
                self.kept.append(f"{snapshot.corpus}/snapshots/{snapshot.id}: somebody reads it")

    def _caches(self, corpus: str, left: Iterable[Version]) -> None:
        """Ids, indexes and baselines of versions that are not there, or are other than they were."""
        living = {name for version in left for name in (version.id, version.content)}
        folder = self._store.corpus(corpus)
        for path in (path for kind in ("ids", "traces", "baselines") for path in _folders(folder / kind)):
            if path.name.partition("-")[0] not in living and self._here.is_old(path, self._before):
                self._remove("cache", path.relative_to(self._store.root).as_posix(), path, self._here)

    def _trainings(self, corpus: str) -> None:
        for path in (self._store.corpus(corpus) / "runs").glob(".*.work"):
            name = path.name.removeprefix(".").removesuffix(".work")
            with suppress(BusyError), self._store.lock(corpus, name, "clearing it"):
                if self._here.is_old(path, self._before):
                    self._remove("training", path.relative_to(self._store.root).as_posix(), path, self._here)

    def _remove(self, kind: Kind, what: str, path: Path, place: Place | None = None) -> None:
        place = place or self._place
        self.removed.append(Item(kind, what, place.freed(path)))
        if not self._dry:
            place.remove(path)


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".") if folder.is_dir() else []
