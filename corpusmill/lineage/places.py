"""Lineage of what no ref names: an address, a raw body, a document. What came of it, in all versions and runs.

Manifests say which snapshots have a file and which versions were made of them; which documents came of it, only the
shards say, so these are read: ids and addresses, no texts.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from corpusmill import spec
from corpusmill.errors import UnknownNameError
from corpusmill.lineage import stages
from corpusmill.lineage.graph import Builder, Graph, Node
from corpusmill.lineage.provenance import Files
from corpusmill.store import Store
from corpusmill.types import Drop, RawFile, Snapshot, Version

if TYPE_CHECKING:
    from corpusmill.rows import Held

Hits = list[tuple[Snapshot, list[RawFile]]]
"""Snapshots with the files that are meant."""


def of_address(store: Store, address: str) -> Graph:
    """What came of a URL, of a local file, or of a member of an archive. Raises UnknownNameError, CorruptError."""
    whole, _, _ = address.partition("!/")
    hits = _files(store, lambda file: address in (file.url, file.final_url))
    if hits:
        return _of_files(store, hits, sorted({file.url for _, files in hits for file in files}))
    if found := _files(store, lambda file: file.url == whole) if whole != address else []:
        return _of_files(store, found, [address])
    known = sorted({file.url for corpus in store.corpora() for s in store.snapshots(corpus) for file in s.files})
    raise UnknownNameError(f"nothing was fetched from {address}", spec.nearest(address, known, "addresses"))


def of_body(store: Store, digits: str) -> Graph | None:
    """What came of a raw body, or of an archive's member, by its SHA-256 or the beginning of it; None for neither."""
    if hits := _files(store, lambda file: file.sha256.startswith(digits)):
        return _of_files(store, hits, sorted({file.url for _, files in hits for file in files}))
    return _of_rows(store, "raw_sha256", digits)


def of_document(store: Store, digits: str) -> Graph | None:
    """A document by its id or the beginning of it: fetch, versions, runs, or why it was left out; None for none."""
    return _of_rows(store, "id", digits) or _of_drops(store, digits)


@dataclass(frozen=True, slots=True)
class _Known:
    """A document, and where it is."""

    title: str
    origins: dict[str, None] = field(default_factory=dict)  # ids of nodes that it was made of
    versions: list[Version] = field(default_factory=list)
    places: list[str] = field(default_factory=list)  # "train in bible@v1"


def _files(store: Store, meant: Callable[[RawFile], bool]) -> Hits:
    taken = (snapshot for corpus in store.corpora() for snapshot in store.snapshots(corpus))
    found = ((snapshot, [file for file in snapshot.files if meant(file)]) for snapshot in taken)
    return [(snapshot, files) for snapshot, files in found if files]


def _of_files(store: Store, hits: Hits, addresses: Sequence[str]) -> Graph:
    """Fetches, snapshots, the versions made of these with the documents that came of the addresses, and their runs."""
    from corpusmill import rows

    builder = Builder()
    taken = {(s.corpus, s.id): stages.snapshot(builder, s, files) for s, files in hits}
    for corpus in dict.fromkeys(corpus for corpus, _ in taken):
        versions = [v for v in store.versions(corpus) if (corpus, v.snapshot) in taken]
        kept: dict[str, int] = defaultdict(int)
        for held in rows.holding(store, versions, rows.from_addresses(addresses)):
            kept[held.version.id] += len(held.rows)
        for made in versions:
            of_version = stages.documents(builder, made, [taken[corpus, made.snapshot]], kept[made.id])
            stages.version(builder, made, [of_version])
        _trained(builder, store, [v for v in versions if kept[v.id]])
    return builder.graph()


def _of_rows(store: Store, column: str, digits: str) -> Graph | None:
    """Documents that have an id or a digest which begins so, up to the runs that they were in."""
    from corpusmill import rows

    builder, known = Builder(), dict[str, _Known]()
    for corpus in store.corpora():
        versions = store.versions(corpus)
        files = Files(store)
        for held in rows.holding(store, versions, rows.beginning(column, digits)):
            _gather(builder, files, held, known)
    for id_, document in known.items():
        facts = (*([document.title] if document.title else []), *document.places)
        builder.add(Node(id_, "document", facts), document.origins)
        for made in document.versions:
            stages.version(builder, made, [id_])
    versions = list({v.ref: v for document in known.values() for v in document.versions}.values())
    _trained(builder, store, versions)
    return builder.graph() if known else None


def _gather(builder: Builder, files: Files, held: "Held", known: dict[str, _Known]) -> None:
    for row in held.rows.to_pylist():
        taken, file = files.of(held.version, row["source"])
        document = known.setdefault(row["id"], _Known(row["title"]))
        document.origins[stages.snapshot(builder, taken, [file])] = None
        document.versions.append(held.version)
        document.places.append(f"{held.shard.split} in {held.version.ref}")


def _of_drops(store: Store, digits: str) -> Graph | None:
    """A document that was left out of every version."""
    builder, said = Builder(), dict[str, list[str]]()
    origins: dict[str, dict[str, None]] = defaultdict(dict)
    files = Files(store)
    for made, drop in _dropped(store, digits):
        taken, file = files.find(made, drop.source)
        origins[drop.id][stages.snapshot(builder, taken, [file] if file else [])] = None
        said.setdefault(drop.id, []).append(f"left out of {made.ref} ({drop.step}: {drop.reason})")
    for id_, reasons in said.items():
        builder.add(Node(id_, "document", tuple(reasons)), origins[id_])
    return builder.graph() if said else None


def _dropped(store: Store, digits: str) -> Iterator[tuple[Version, Drop]]:
    from corpusmill.store import shards

    for made in (version for corpus in store.corpora() for version in store.versions(corpus)):
        if made.drops:
            found = shards.read_drops(store.version_folder(made))
            yield from ((made, drop) for drop in found if drop.id.startswith(digits))


def _trained(builder: Builder, store: Store, versions: Sequence[Version]) -> None:
    """The runs that learnt from these versions."""
    refs = {(version.corpus, version.id): version.ref for version in versions}
    for corpus in dict.fromkeys(corpus for corpus, _ in refs):
        for trained in store.runs(corpus):
            if made_of := refs.get((corpus, trained.version)):
                stages.run(builder, store, trained, [made_of])
