"""What the store and the catalogue know of one corpus, read once for all of its pages."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from corpusmill import spec
from corpusmill.errors import CorruptError
from corpusmill.store import Store, tags
from corpusmill.types import Corpus, Run, Snapshot, Version
from reports.material import HINT
from reports.page import made_from

_ID = re.compile(r"[0-9a-f]{6,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """One corpus, declared, collected or both. No path of this machine is in it."""

    name: str
    declared: Corpus | None
    snapshots: tuple[Snapshot, ...] = ()  # oldest first, as are the next two
    versions: tuple[Version, ...] = ()
    runs: tuple[Run, ...] = ()
    reports: frozenset[str] = frozenset()  # ids of runs that have one
    tags: dict[str, int] = field(default_factory=dict)  # name -> number of the version
    latest: Version | None = None
    checked: str = ""  # when a collect last found all well
    held: str = ""  # id of a snapshot that waits for a review

    @property
    def title(self) -> str:
        """What it calls itself."""
        known = self.declared or self.latest
        return known.title if known else self.name

    @property
    def licence(self) -> str:
        """An SPDX id or a LicenseRef."""
        known = self.latest or self.declared
        return known.licence if known else ""

    @property
    def stored(self) -> bool:
        """Whether there is anything of it in the store."""
        return bool(self.snapshots or self.versions or self.runs)

    def refreshed(self) -> str:
        """When it was last collected, or found to be as it was."""
        return self.checked or (self.snapshots[-1].collected_at if self.snapshots else "")

    def version(self, id_: str | None) -> Version | None:
        """The version with this id, if it is still there."""
        return next((version for version in self.versions if version.id == id_), None)

    def snapshot(self, id_: str) -> Snapshot | None:
        """The snapshot with this id, if it is still there."""
        return next((snapshot for snapshot in self.snapshots if snapshot.id == id_), None)

    def runs_of(self, version: Version) -> tuple[Run, ...]:
        """The runs that learnt from a version."""
        return tuple(run for run in self.runs if run.version == version.id)

    def tags_of(self, version: Version) -> tuple[str, ...]:
        """The names that point at a version."""
        return tuple(sorted(name for name, number in self.tags.items() if number == version.number))


def shelves(store: Store) -> Iterator[Shelf]:
    """Every corpus of the store and of the catalogue, by name. Raises CorruptError for a manifest that is damaged."""
    declared, stored = spec.names(), store.corpora()
    for name in sorted({*declared, *stored}):
        known = replace(spec.load(name), declared_in="") if name in declared else None
        yield _shelf(store, name, known) if name in stored else Shelf(name=name, declared=known)


def _check(name: str, thing: Version | Run) -> None:
    """See that what becomes the name of a file can be one."""
    if thing.corpus != name or not _ID.fullmatch(thing.id):
        raise CorruptError(f"a manifest of {name} names {thing.corpus!r}, {thing.id!r}", HINT)


def report_of(store: Store, run: Run) -> Path:
    """Where the report of a run lies, if it has one."""
    return store.run_folder(run.corpus, run.id) / "report.html"


def _shelf(store: Store, name: str, declared: Corpus | None) -> Shelf:
    snapshots, versions, runs = store.snapshots(name), store.versions(name), store.runs(name)
    for version in versions:
        _check(name, version)
    for run in runs:
        _check(name, run)
    pointed = store.latest(name, "latest")
    latest = next((version for version in versions if version.name == pointed), versions[-1] if versions else None)
    return Shelf(
        name=name,
        declared=declared,
        snapshots=tuple(snapshots),
        versions=tuple(versions),
        runs=tuple(runs),
        reports=frozenset(run.id for run in runs if made_from(report_of(store, run)) is not None),
        tags=dict(tags.of(store, name)),
        latest=latest,
        checked=store.latest(name, "checked") or "",
        held=store.latest(name, "held") or "",
    )
