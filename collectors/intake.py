"""What a transport is given: fetching with a memory.

What an unfinished collect has fetched is not fetched again; what the last snapshot holds is asked for only in case it
has changed. A body is in the store, and its record in the journal, before a transport sees it, so a process may be
killed at any moment and at most the file in flight comes twice. The journal is one SQLite file beside the snapshots.
"""

import dataclasses
import io
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import requests

from collectors.frontier import Frontier
from corpusmill.errors import DeferredError
from corpusmill.http import NOTHING, Client, Fetched
from corpusmill.store import Store, blobs, tombstones
from corpusmill.store.commit import make_folder
from corpusmill.store.ids import content_id
from corpusmill.types import Corpus, RawFile, Snapshot

PARTS = ".parts"  # folder of long bodies that were cut
_REMEMBERED = timedelta(days=1)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)  # the last: of another form
_SCHEMA = """
create table if not exists fetched (url text primary key, record blob not null, at text not null) without rowid;
create table if not exists parked (host text primary key, until real not null) without rowid;
"""


class Intake:
    """One collect of one corpus: a client, a journal and what was there before."""

    def __init__(self, corpus: Corpus, store: Store, client: Client, before: Iterable[Snapshot] = ()) -> None:
        """`before` holds the snapshots whose validators may be used. Raises sqlite3.Error when the disk fails."""
        self._corpus, self._root, self._client = corpus, store.root, client
        self._headers: Mapping[str, str] = corpus.source.get("headers", {})
        self._hosts = frozenset(_hosts(corpus.source))
        self.notes: list[str] = []
        self._stones = tombstones.load(store, corpus.name)
        self._known = {file.url: file for snapshot in before for file in snapshot.files}
        self._path = store.corpus(corpus.name) / f".collect-{content_id(corpus.source)}.db"
        with ExitStack() as failing:
            self._journal = failing.enter_context(closing(self._opened()))
            self.frontier = Frontier(self._journal)
            client.pace.parked.update(self._journal.execute("select host, until from parked").fetchall())
            failing.pop_all()

    def get(self, url: str, headers: Mapping[str, str] = NOTHING, *, anew: bool = False) -> Fetched:
        """Fetch an address, or recall it; `anew` wants the whole answer, headers too, whatever is known of it.

        What is to stay forgotten is not asked for; it has a tombstone, and what leads there has one too. Raises what
        `Client.get` raises.
        """
        if self._stones.address(url):
            return self._kept(self._stones.tombstone(_unfetched(url)))
        if not anew and (record := self._recalled(url)):
            return self._kept(record)
        known = None if anew else self._still_there(url)
        ours = self._headers if urlsplit(url).netloc in self._hosts else NOTHING
        fetched = self._client.get(url, known, {**ours, **headers})
        record = dataclasses.replace(fetched.record, licence=self._corpus.licence)
        if self._stones.address(record.final_url):
            fetched.close()
            return self._kept(self._stones.tombstone(record))
        if not fetched.unchanged and record.status == requests.codes.ok:
            with fetched.open() as body:
                blobs.put_stream(self._root, body, record.sha256, record.bytes)
        self._remember(record)  # after its body: what the journal holds can be read
        fetched.close()
        return self._kept(record, fetched)

    def each(self, urls: Iterable[str]) -> Iterator[Fetched]:
        """Fetch addresses in turn; a host that asked for a pause does not keep the others waiting.

        Raises DeferredError at the end when there was one.
        """
        late: DeferredError | None = None
        for url in urls:
            try:
                yield self.get(url)
            except DeferredError as error:
                late = error
        if late:
            raise late

    def note(self, text: str) -> None:
        """Something that whoever collects should know, though nothing failed."""
        self.notes.append(text)

    def put(self, record: RawFile, body: bytes) -> RawFile:
        """Keep a body that was not fetched, unless it is to stay forgotten."""
        if self._stones.address(record.url):
            return self._stones.tombstone(record)
        blobs.put(self._root, body)
        return dataclasses.replace(record, licence=self._corpus.licence)

    def close(self, *, finished: bool) -> None:
        """Let the journal go when the snapshot is there, else keep it for the next collect."""
        if finished:
            self._journal.close()
            for path in self._path.parent.glob(".collect-*"):  # those of other sources too, which nobody goes on with
                path.unlink(missing_ok=True)
            shutil.rmtree(self._path.parent / PARTS, ignore_errors=True)
            return
        # Whatever goes wrong here, what ended the collect is what counts.
        with suppress(sqlite3.Error), closing(self._journal), self._journal:
            self._journal.execute("delete from parked")
            self._journal.executemany("insert into parked values (?, ?)", self._client.pace.parked.items())

    def _kept(self, record: RawFile, fetched: Fetched | None = None) -> Fetched:
        """An answer whose body is read from the store."""
        stored = record.status == requests.codes.ok
        opener = partial(blobs.open_blob, self._root, record.sha256) if stored else io.BytesIO
        unchanged, headers = (fetched.unchanged, fetched.headers) if fetched else (False, NOTHING)
        return Fetched(record, unchanged, headers, opener)

    def _recalled(self, url: str) -> RawFile | None:
        row = self._journal.execute("select record from fetched where url = ?", (url,)).fetchone()
        record = msgspec.json.decode(row[0], type=RawFile) if row else None
        return record if record and self._readable(record) else None

    def _still_there(self, url: str) -> RawFile | None:
        known = self._known.get(url)
        return known if known and self._readable(known) else None

    def _readable(self, record: RawFile) -> bool:
        return record.status != requests.codes.ok or blobs.blob_path(self._root, record.sha256).is_file()

    def _remember(self, record: RawFile) -> None:
        row = (record.url, msgspec.json.encode(record), datetime.now(UTC).isoformat())
        with self._journal:
            self._journal.execute("insert or replace into fetched values (?, ?, ?)", row)

    def _opened(self) -> sqlite3.Connection:
        """The journal; one that nobody went on with for a day is begun anew, so that a snapshot is of one time."""
        make_folder(self._path.parent)
        try:
            with ExitStack() as unused:
                connection = unused.enter_context(closing(_connect(self._path)))
                if not _is_old(connection):
                    unused.pop_all()
                    return connection
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF not in _DAMAGED:  # a full disk, say: what the journal holds is good
                raise
        for path in self._path.parent.glob(f"{self._path.name}*"):
            path.unlink(missing_ok=True)
        return _connect(self._path)


def _unfetched(url: str) -> RawFile:
    """The record of an address that is not asked for."""
    return RawFile(url=url, final_url=url, status=0, sha256="", bytes=0)


def _is_old(connection: sqlite3.Connection) -> bool:
    last = connection.execute("select max(at) from fetched").fetchone()[0]
    return bool(last) and datetime.now(UTC) - datetime.fromisoformat(last) > _REMEMBERED


def _hosts(declared: Any) -> Iterator[str]:
    """The hosts that a source names: its headers, which may hold a login, go to no other that a page leads to."""
    if isinstance(declared, str):
        if "://" in declared:
            yield urlsplit(declared).netloc
        return
    for inner in declared.values() if isinstance(declared, Mapping) else declared if isinstance(declared, list) else ():
        yield from _hosts(inner)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=10)
    try:
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = normal")  # a kill loses nothing; a power cut, the last few fetches
        connection.executescript(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection
