"""What of a corpus is to be forgotten, as far as it is stored: looked for in versions and snapshots, nothing changed.

    found = look(store, "bible", stones)
    found.ids, found.whole, found.blobs

By its tombstones alone, so that a removal that was cut off is gone on with by whoever comes next.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from corpusmill.store import Store, shards
from corpusmill.store.tombstones import SHORTEST, Tombstones, file_of, is_mask
from corpusmill.types import RawFile, Snapshot, Version

_LEARNT = ("train", "validation")  # splits that a training looks at
_COLUMNS = ["id", "text", "source", "author", "licence"]

Row = dict[str, str]


@dataclass(slots=True)
class Found:
    """What is to go."""

    ids: set[str] = field(default_factory=set)
    copied: set[str] = field(default_factory=set)  # those of them whose texts are long enough to be known again
    texts: set[str] = field(default_factory=set)
    copies: set[str] = field(default_factory=set)  # ids of other documents with such a text
    sources: set[str] = field(default_factory=set)  # addresses of the files that they are in
    whole: set[str] = field(default_factory=set)  # addresses of files that go as a whole
    blobs: set[str] = field(default_factory=set)
    shared: set[str] = field(default_factory=set)  # of the blobs, those that hold other documents too
    versions: list[str] = field(default_factory=list)  # refs
    learnt: Counter[str] = field(default_factory=Counter)  # documents by the id of the version that has them

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.ids or self.whole or self.blobs or self.versions)

    @property
    def long(self) -> set[str]:
        """The texts that a copy is known by."""
        return {text for text in self.texts if len(text) >= SHORTEST}


def look(store: Store, corpus: str, stones: Tombstones) -> Found:
    """Everything that fits the tombstones. Raises CorruptError."""
    versions, snapshots, found = store.versions(corpus), store.snapshots(corpus), Found()
    stones = stones.adding("address", {file.url for s in snapshots for file in living(s) if goes(file, stones)})
    dropped = _look_at_drops(store, versions, stones, found)
    for row in _scan(store, versions, lambda row: stones.document(*_named(row))):
        found.ids.add(row["id"])
    for row in _scan(store, versions, lambda row: row["id"] in found.ids):
        found.texts.add(row["text"])
        found.sources.add(file_of(row["source"]))
        if len(row["text"]) >= SHORTEST:
            found.copied.add(row["id"])
    long = found.long
    for row in _scan(store, versions, lambda row: row["text"] in long or stones.text(row["text"])):
        found.copies.add(row["id"])
        found.sources.add(file_of(row["source"]))
    found.copies -= found.ids
    alone = _alone(store, versions, found)
    _look_at_versions(store, versions, found, dropped)
    for snapshot in snapshots:
        _look_at_files(snapshot, stones, found, alone)
    return found


def goes(file: RawFile, stones: Tombstones) -> bool:
    """Whether an address is forgotten, or led to one that is."""
    return bool(stones.address(file.url) or stones.address(file.final_url))


def living(snapshot: Snapshot) -> Iterator[RawFile]:
    """The files that have a body."""
    return (file for file in snapshot.files if file.sha256 and not is_mask(file.url))


def _named(row: Row) -> tuple[str, str, str, str]:
    return row["id"], row["source"], row["author"], row["licence"]


def _look_at_drops(store: Store, versions: Iterable[Version], stones: Tombstones, found: Found) -> set[str]:
    """Documents that were left out; returns the refs of the versions that tell of them."""
    telling = set[str]()
    for version in versions:
        for drop in shards.read_drops(store.version_folder(version)):
            if not is_mask(drop.source) and stones.document(drop.id, drop.source, "", ""):
                telling.add(version.ref)
                found.ids.add(drop.id)
                found.sources.add(file_of(drop.source))
    return telling


def _scan(store: Store, versions: Iterable[Version], wanted: Callable[[Row], bool]) -> list[Row]:
    """The rows that are wanted, of every shard once, however many versions share it."""
    rows, seen = list[Row](), set[str]()
    for version in versions:
        folder = store.version_folder(version)
        for shard in version.shards:
            if shard.content_digest not in seen:
                seen.add(shard.content_digest)
                for batch in shards.read(folder, shard, _COLUMNS).to_batches():
                    rows += [row for row in batch.to_pylist() if wanted(row)]
    return rows


def _look_at_versions(store: Store, versions: Iterable[Version], found: Found, dropped: set[str]) -> None:
    """Which versions have any of it, and how many of the documents where a training looks."""
    counts: dict[str, int] = {}
    gone = found.ids | found.copies
    for version in versions:
        has = version.ref in dropped
        for shard in version.shards if gone else ():
            if shard.content_digest not in counts:
                ids = shards.read(store.version_folder(version), shard, ["id"]).column("id").to_pylist()
                counts[shard.content_digest] = len(gone.intersection(ids))
            has |= bool(counts[shard.content_digest])
            if shard.split in _LEARNT and counts[shard.content_digest]:
                found.learnt[version.id] += counts[shard.content_digest]
        if has:
            found.versions.append(version.ref)


def _alone(store: Store, versions: Iterable[Version], found: Found) -> set[str]:
    """Addresses of the files that are no more than one document, and that a forgotten one."""
    documents = defaultdict[str, set[str]](set)
    for row in _scan(store, versions, lambda row: row["source"] in found.sources):
        documents[row["source"]].add(row["id"])
    for version in versions:
        for drop in shards.read_drops(store.version_folder(version)):
            documents[file_of(drop.source)].add(drop.id)
    return {source for source in found.sources if len(documents[source]) == 1 and documents[source] <= found.ids}


def _look_at_files(snapshot: Snapshot, stones: Tombstones, found: Found, alone: set[str]) -> None:
    """The files that go, and the bodies of all that hold any of it."""
    for file in living(snapshot):
        if goes(file, stones) or file.url in alone:
            found.whole.add(file.url)
            found.blobs.add(file.sha256)
        elif file.url in found.sources:
            found.blobs.add(file.sha256)
            found.shared.add(file.sha256)
