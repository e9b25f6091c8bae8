"""What in a bucket nothing needs: files by digest that no manifest names, notes of dead writers, ruins of things.

    for entry in spare(store, before): ...

It is right while nobody publishes (`Store.lease_alone("objects")`), and after `remote.finish`: then every file of a
commit is at its place, so one in objects/ only spares the next writer to send it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime

import msgspec

from corpusmill.store import Store
from corpusmill.store.commit import MANIFEST
from corpusmill.store.ids import is_name
from corpusmill.store.leases import PLACE, ended
from corpusmill.store.objects import Entry, Objects
from corpusmill.store.working import COMMITS, OBJECTS, Record, note_of, object_key

_KINDS = ("snapshots", "versions", "runs")
_DEPTH = 3  # of the folder of a thing: corpus, kind, name


def spare(store: Store, before: datetime | None = None, gone: Collection[str] = ()) -> Iterator[Entry]:
    """The objects that may go: of all, or of those that were written before a moment. Nothing is changed.

    `gone` are the refs of versions that are as good as removed. Raises CorruptError, StoreError.
    """
    bucket = store.bucket
    if not bucket:
        return
    listed = list(bucket.list(""))
    old = {entry.key for entry in listed if before is None or entry.changed < before}
    named, folders = _named(store, gone), defaultdict[str, list[Entry]](list)
    for entry in listed:
        parts = entry.key.split("/")
        if entry.key.startswith(COMMITS):
            record = _record(bucket, entry.key)
            if entry.key in old and not (record and _is_committed(bucket, record, entry.key)):
                yield entry
            elif record:
                named |= set(record.files.values())
        elif len(parts) > _DEPTH and is_name(parts[0]) and parts[1] in _KINDS:
            folders["/".join(parts[:_DEPTH])].append(entry)
    spared = {object_key(digest) for digest in named}
    stale = old - spared
    yield from (entry for entry in listed if entry.key.startswith(OBJECTS) and entry.key in stale)
    yield from _ruins(folders, old)
    leases = [entry for entry in listed if entry.key.startswith(PLACE)]  # whoever asks has one, just written
    over = ended(leases)
    yield from (entry for entry in leases if entry.key in over)


def unpublished(store: Store, corpus: str, before: datetime | None = None) -> Iterator[Entry]:
    """What builds on a cluster have left in a bucket (``.parsed``): of rows all, or what was written before a moment.

    Right while nobody builds the corpus. A build that was cut off makes again what it lacks. All of it, without a
    moment, may have something in it that is to be forgotten.
    """
    for entry in store.bucket.list(f"{corpus}/.parsed/") if store.bucket else ():
        if before is None or (entry.key.endswith(".rows") and entry.changed < before):
            yield entry


def _ruins(folders: dict[str, list[Entry]], old: set[str]) -> Iterator[Entry]:
    """What is left of things whose manifest is gone: who removes one begins with that."""
    for folder, entries in folders.items():
        keys = {entry.key for entry in entries}
        if f"{folder}/{MANIFEST}" not in keys and keys <= old:
            yield from entries


def _named(store: Store, gone: Collection[str]) -> set[str]:
    """The digests of all files that manifests name."""
    named = set[str]()
    for corpus in store.corpora():
        left = [version for version in store.versions(corpus) if version.ref not in gone]
        named |= {shard.sha256 for version in left for shard in version.shards}
        named |= {digest for run in store.runs(corpus) for digest in run.digests.values()}
    return named


def _record(bucket: Objects, note: str) -> Record | None:
    """What a note says; None for what is none, or is gone."""
    try:
        return msgspec.json.decode(bucket.get(note), type=Record) if note.endswith(".json") else None
    except FileNotFoundError:
        return None


def _is_committed(bucket: Objects, record: Record, note: str) -> bool:
    try:
        return note_of(bucket.get(f"{record.folder}/{MANIFEST}")) == note
    except FileNotFoundError:
        return False
