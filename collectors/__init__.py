"""Transports: how raw bytes are got. A corpus's ``[source] transport`` names one; `collect` keeps what it yields.

Each transport module has `Options` (its keys of ``[source]``), `origin(options)` in words, and
``collect(options, get) -> Iterator[(RawFile, body, how many in all)]``. It knows addresses and files, never what is
in them.
"""

import dataclasses
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import ModuleType

import msgspec

from collectors import files, local
from corpusmill import spec
from corpusmill.errors import CollectError, SpecError
from corpusmill.http import Client, Get, now
from corpusmill.store import Store, blobs, encode
from corpusmill.store.commit import disk_errors, publish, sweep, work_folder
from corpusmill.store.ids import content_id
from corpusmill.types import Corpus, Progress, RawFile, Snapshot, silent

_REMEMBERED = timedelta(days=1)
TRANSPORTS: dict[str, ModuleType] = {"files": files, "local": local}


def check(corpus: Corpus) -> tuple[ModuleType, object]:
    """The transport a corpus names and its checked options. Raises SpecError; touches nothing."""
    table = dict(corpus.source)
    name = str(table.pop("transport", ""))
    if name not in TRANSPORTS:
        hint = spec.nearest(name, TRANSPORTS, "transports")
        raise SpecError(f"{corpus.declared_in}: source.transport {name!r} is unknown", hint)
    transport = TRANSPORTS[name]
    return transport, spec.options(transport.Options, table, corpus.declared_in, "source")


def collect(
    corpus: Corpus, store: Store, client: Client, *, offline: bool = False, progress: Progress = silent
) -> tuple[Snapshot, bool]:
    """Fetch a corpus's raw bytes into the store; returns the snapshot and whether it is new.

    An interrupted collect keeps what came; the next one fetches only the rest. `offline` takes the last snapshot.
    Raises CollectError, SpecError, BusyError, StoreError.
    """
    transport, options = check(corpus)
    if offline and transport is not local:
        return _last(corpus, store), False
    with disk_errors(store.root), store.lock(corpus.name, "collect", f"collecting {corpus.name}"):
        journal = _Journal(store, corpus)
        got = _keep(corpus, store, transport.collect(options, journal.remembering(client.get)), progress)
        snapshot = _snapshot(corpus, transport.origin(options), tuple(got))
        made = _publish(store, snapshot)
        journal.path.unlink(missing_ok=True)
    return store.snapshot(corpus.name, snapshot.id), made


def _last(corpus: Corpus, store: Store) -> Snapshot:
    snapshot = store.latest_snapshot(corpus.name)
    if not snapshot:
        raise CollectError(f"{corpus.name} was never collected into {store.root}", "repeat without --offline")
    return snapshot


def _keep(
    corpus: Corpus, store: Store, fetched: Iterator[tuple[RawFile, bytes, int]], progress: Progress
) -> Iterator[RawFile]:
    size = 0
    for count, (record, body, total) in enumerate(fetched, start=1):
        blobs.put(store.root, body)
        size += record.bytes
        progress("collect", count, total, f"{size / 1e6:,.1f} MB")
        yield dataclasses.replace(record, licence=corpus.licence)


def _snapshot(corpus: Corpus, origin: str, got: tuple[RawFile, ...]) -> Snapshot:
    if not got:
        raise CollectError(f"{corpus.name}: {origin} holds no file", "check the [source] section and its patterns")
    contents = sorted((record.url, record.status, record.sha256) for record in got)
    return Snapshot(
        corpus=corpus.name,
        id=content_id([corpus.name, contents]),
        origin=origin,
        files=got,
        collected_at=now(),
    )


def _publish(store: Store, snapshot: Snapshot) -> bool:
    final = store.snapshot_folder(snapshot.corpus, snapshot.id)
    made = False
    if not final.is_dir():
        with work_folder(final) as work:
            made = publish(work, final, encode(snapshot))
    for folder in (final.parent, store.root / "refs" / snapshot.corpus, *(store.root / "blobs").iterdir()):
        sweep(folder)
    store.set_latest(snapshot.corpus, "snapshot", snapshot.id)
    return made


class _Journal:
    """What an unfinished collect has fetched, one record a line, so that the next one need not fetch it again.

    Named by the source section: a changed source starts anew. What is older than a day is fetched again, so that a
    snapshot is of one time.
    """

    def __init__(self, store: Store, corpus: Corpus) -> None:
        self.root = store.root
        self.path = store.corpus(corpus.name) / f".collect-{content_id(corpus.source)}.jsonl"
        self.have = {record.url: record for record in self._read()}

    def remembering(self, get: Get) -> Get:
        """`get`, asking the journal first and writing into it after."""

        def remembered(url: str) -> tuple[RawFile, bytes]:
            if url in self.have:
                return self.have[url], blobs.get(self.root, self.have[url].sha256)
            record, body = get(url)
            blobs.put(self.root, body)
            self._append(record)
            return record, body

        return remembered

    def _append(self, record: RawFile) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.write(b"\n" + msgspec.json.encode(record))  # a line that a kill cut ends here

    def _read(self) -> Iterator[RawFile]:
        lines = self.path.read_bytes().split(b"\n") if self.path.is_file() else []
        for line in lines:
            with suppress(msgspec.DecodeError, ValueError):  # cut or damaged: its file is fetched again
                record = msgspec.json.decode(line, type=RawFile)
                age = datetime.now(UTC) - datetime.fromisoformat(record.fetched_at)
                if age < _REMEMBERED and blobs.blob_path(self.root, record.sha256).is_file():
                    yield record
