"""The store on a local disk: plain files that other tools read without us. The layout is in docs/store.md.

`Store` knows where things lie and which are whole; the modules beside it know how each kind is written. It never makes
a decision about content.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from corpusmill.errors import CorruptError, UnknownNameError
from corpusmill.store import commit
from corpusmill.store.commit import MANIFEST
from corpusmill.store.ids import is_name, pretty
from corpusmill.types import Run, Snapshot, Version

Stored = TypeVar("Stored", Snapshot, Version, Run, str)


@dataclass(frozen=True, slots=True)
class Store:
    """A folder of corpora. Cheap to make; nothing is read or written until it is asked for."""

    root: Path

    def corpora(self) -> list[str]:
        """Every corpus with anything stored, sorted."""
        return sorted(p.name for p in _folders(self.root) if is_name(p.name))

    def corpus(self, name: str) -> Path:
        """A corpus's folder. Raises UnknownNameError for a name that may not be a folder, before any I/O."""
        if not is_name(name):
            raise UnknownNameError(f"{name!r} is not a corpus name", "use a-z, 0-9, dot, dash and underscore, up to 63")
        return self.root / name

    def snapshot_folder(self, corpus: str, snapshot: str) -> Path:
        """Where a snapshot lies."""
        return self.corpus(corpus) / "snapshots" / snapshot

    def version_folder(self, version: Version) -> Path:
        """Where a version lies."""
        return self.corpus(version.corpus) / "versions" / version.name

    def run_folder(self, corpus: str, run: str) -> Path:
        """Where a run lies, or will."""
        return self.corpus(corpus) / "runs" / run

    def run_work_folder(self, corpus: str, run: str) -> Path:
        """Where a run is made; kept when training is interrupted, so that the next one carries on."""
        return self.corpus(corpus) / "runs" / f".{run}.work"

    def snapshots(self, corpus: str) -> list[Snapshot]:
        """Whole snapshots, oldest first."""
        found = self._all(self.corpus(corpus) / "snapshots", Snapshot)
        return sorted(found, key=lambda s: (s.collected_at, s.id))

    def versions(self, corpus: str) -> list[Version]:
        """Published versions, first to last."""
        return sorted(self._all(self.corpus(corpus) / "versions", Version), key=lambda v: v.number)

    def runs(self, corpus: str) -> list[Run]:
        """Finished runs, oldest first."""
        found = self._all(self.corpus(corpus) / "runs", Run)
        return sorted(found, key=lambda r: (str(r.clock.get("started_at", "")), r.id))

    def snapshot(self, corpus: str, snapshot: str) -> Snapshot:
        """One snapshot by id. Raises UnknownNameError, CorruptError."""
        return _read(self.snapshot_folder(corpus, snapshot) / MANIFEST, Snapshot)

    def run(self, corpus: str, run: str) -> Run:
        """One run by id. Raises UnknownNameError, CorruptError."""
        return _read(self.run_folder(corpus, run) / MANIFEST, Run)

    def lock(self, corpus: str, stage: str, doing: str) -> AbstractContextManager[None]:
        """Hold a stage of a corpus for this process alone. Raises BusyError at once when another has it."""
        self.corpus(corpus)
        return commit.exclusive(self.root / "locks" / f"{corpus}.{stage}.lock", doing)

    def set_latest(self, corpus: str, kind: str, name: str) -> None:
        """Point ``refs/<corpus>/<kind>`` at what a stage gave last; a refresh may well give an older one again."""
        path = self._pointer(corpus, kind)
        if self.latest(corpus, kind) != name:
            commit.write_file(path, pretty(name))

    def latest(self, corpus: str, kind: str) -> str | None:
        """What ``refs/<corpus>/<kind>`` points at.

        Kinds are "latest" (a version), "snapshot", "held" (a snapshot, or empty), "checked" (a moment) and
        "built/<build key>" (the id of the version it gave, where that was there under another key).
        """
        path = self._pointer(corpus, kind)
        return _read(path, str) if path.is_file() else None

    def latest_snapshot(self, corpus: str) -> Snapshot | None:
        """What the last collect gave; where somebody removed that, the newest that is not held."""
        name, held = self.latest(corpus, "snapshot"), self.latest(corpus, "held")
        if name and (self.snapshot_folder(corpus, name) / MANIFEST).is_file():
            return self.snapshot(corpus, name)
        return next((s for s in reversed(self.snapshots(corpus)) if s.id != held), None)

    def held_snapshot(self, corpus: str) -> Snapshot | None:
        """What the last collect gave and somebody has yet to look at."""
        name = self.latest(corpus, "held")
        whole = name and (self.snapshot_folder(corpus, name) / MANIFEST).is_file()
        return self.snapshot(corpus, name) if name and whole else None

    def latest_version(self, corpus: str) -> Version | None:
        """What the last build gave; where somebody removed that, the newest there is."""
        versions, name = self.versions(corpus), self.latest(corpus, "latest")
        return next((v for v in versions if v.name == name), versions[-1] if versions else None)

    def _pointer(self, corpus: str, kind: str) -> Path:
        return self.root / "refs" / self.corpus(corpus).name / kind

    def _all(self, folder: Path, kind: type[Stored]) -> Iterator[Stored]:
        for path in _folders(folder):
            if (path / MANIFEST).is_file():
                yield _read(path / MANIFEST, kind)


def encode(manifest: Snapshot | Version | Run) -> bytes:
    """A manifest as it is written."""
    return pretty(manifest)


def _folders(folder: Path) -> list[Path]:
    """Sub-folders that a writer has finished; a leading dot means it has not."""
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")) if folder.is_dir() else []


def _read(path: Path, kind: type[Stored]) -> Stored:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError as error:
        raise UnknownNameError(f"{path.parent} is not there", "list what is with: corpusmill versions") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        remedy = "remove it" if kind is str else "restore it from a copy, or remove its folder"
        raise CorruptError(f"{path} is damaged: {error}", remedy) from error
