"""Where a document came from, to the fetch: address, moment, answer, digest, robots decision, licence.

    for row in provenance(store, version, ids):
        print(row.id, row.url, row.fetched_at, row.status)

A document's `source` is the address of a file of the snapshot, or of a member of an archive that is such a file.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

from corpusmill.errors import CorruptError, UnknownNameError
from corpusmill.store import Store, refs
from corpusmill.types import RawFile, Snapshot, Split, Version

_SHOWN = 3  # ids that an error names
_SNAPSHOTS = 8  # held in memory at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """One document and the fetch it was made of."""

    id: str
    version: str  # ref
    split: Split
    title: str
    source: str  # the address of the file; of an archive's member, the archive's with "!/" and a name behind
    raw_sha256: str  # of the bytes that were parsed: the member's, or the file's
    url: str  # what was asked for
    final_url: str  # and where redirects led
    fetched_at: str  # UTC, ISO 8601
    status: int
    sha256: str  # of the body that was fetched, which is kept under it
    bytes: int
    media_type: str
    robots: str
    licence: str  # of the document, which may say more than the file's
    snapshot: str  # ref


def provenance(store: Store, version: Version, ids: Collection[str]) -> Iterator[Provenance]:
    """Where each of these documents of a version came from, in the order of its shards.

    Raises UnknownNameError for an id that the version has not, and where its snapshot is gone; CorruptError for a
    damaged shard, and for a document of which the snapshot has no fetch.
    """
    from corpusmill import rows

    files, missing = Files(store), set(ids)
    for shard, row in rows.of_ids(store, version, ids, rows.FACTS):
        missing.discard(row["id"])
        taken, file = files.of(version, row["source"], row["raw_sha256"])
        yield Provenance(
            id=row["id"],
            version=version.ref,
            split=shard.split,
            title=row["title"],
            source=row["source"],
            raw_sha256=row["raw_sha256"],
            url=file.url,
            final_url=file.final_url,
            fetched_at=file.fetched_at,
            status=file.status,
            sha256=file.sha256,
            bytes=file.bytes,
            media_type=file.media_type,
            robots=file.robots,
            licence=row["licence"] or file.licence,
            snapshot=refs.ref_of(taken),
        )
    if missing:
        named = ", ".join(sorted(missing)[:_SHOWN])
        raise UnknownNameError(f"{version.ref} has no document {named}", "look for it: corpusmill lineage ID")


def sample(store: Store, version: Version, count: int) -> list[str]:
    """The ids of so many documents of a version, or of all, in order.

    They are spread evenly over the ids, which are digests: a choice that depends on nothing else, the same each time.
    """
    from corpusmill.store import shards

    folder = store.version_folder(version)
    ids = sorted(i for s in version.shards for i in shards.read(folder, s, ["id"]).column("id").to_pylist())
    count = min(count, len(ids))
    return [ids[number * len(ids) // count] for number in range(count)]


class Files:
    """The raw files of versions, by address; each snapshot is read once."""

    def __init__(self, store: Store) -> None:
        """Nothing is read yet."""
        self._read = lru_cache(_SNAPSHOTS)(lambda corpus, name: _indexed(store.snapshot(corpus, name)))

    def find(self, version: Version, source: str) -> tuple[Snapshot, RawFile | None]:
        """The snapshot that a version was made of, and the file that an address leads to or into."""
        taken, files = self._read(version.corpus, version.snapshot)
        address = source
        while address not in files and "!/" in address:  # a member of an archive, whose name may hold the mark too
            address = address.rpartition("!/")[0]
        return taken, files.get(address)

    def of(self, version: Version, source: str, digest: str = "") -> tuple[Snapshot, RawFile]:
        """The same. Raises CorruptError where there is none, or one of another body than was parsed."""
        taken, file = self.find(version, source)
        if not file or (source == file.url and digest not in ("", file.sha256)):
            what = "other bytes of" if file else "no fetch of"
            hint = "restore the snapshot's folder from a copy, or build again"
            raise CorruptError(f"{refs.ref_of(taken)} has {what} {source}, which is in {version.ref}", hint)
        return taken, file


def _indexed(taken: Snapshot) -> tuple[Snapshot, dict[str, RawFile]]:
    return taken, {file.url: file for file in taken.files}
