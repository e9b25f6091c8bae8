"""The collected snapshots of a store: of each corpus the latest, so that one fetch from a source serves many."""

import io
import sys
import threading
import time
from functools import partial
from http import HTTPStatus
from pathlib import Path

from corpusmill.errors import CorpusmillError
from corpusmill.mirror.address import key
from corpusmill.mirror.answer import Found, is_tag, is_value
from corpusmill.mirror.folder import by_name
from corpusmill.store import Store, bodies
from corpusmill.types import RawFile

FRESH = 1.0  # seconds before the store is looked at again, if what is asked for is there
WEB = ("https://", "http://")
_Signature = tuple[object, ...]


class Snapshots:
    """Addresses -> records, read again when a corpus was collected anew."""

    def __init__(self, store: Store) -> None:
        """Look at the store; one that is still empty, or not there, may fill."""
        self.store = store
        self._lock = threading.Lock()
        self._seen: dict[str, _Signature] = {}
        self._files: dict[str, tuple[RawFile, ...]] = {}
        self._known: dict[str, RawFile] = {}
        self._looked = 0.0
        self._look()

    def hosts(self) -> list[str]:
        """Every host with something collected."""
        self._look()
        return sorted({address.partition("/")[0] for address in self._known})

    def count(self) -> int:
        """Records that have an address on the web."""
        self._look()
        return len({record.url for files in self._files.values() for record in files})

    def find(self, address: str) -> Found | None:
        """What was collected at ``host/path?query``, or the way to where that led."""
        wanted = key(address)
        if wanted not in self._known or time.monotonic() - self._looked > FRESH:
            self._look()
        known = self._known
        if not (record := known.get(wanted)):
            return None
        end = key(_bare(record.final_url)) if record.final_url.startswith(WEB) else wanted
        if end != wanted and known[end] is record:
            return Found(size=0, open=io.BytesIO, status=HTTPStatus.FOUND, location=f"/{end}")
        return self._found(record)

    def _found(self, record: RawFile) -> Found:
        here = record.status == HTTPStatus.OK
        return Found(
            size=record.bytes,
            open=partial(bodies.opened, self.store.root, record.sha256) if record.bytes else io.BytesIO,
            status=record.status,
            media_type=record.media_type if is_value(record.media_type) else by_name(_name(record.url)),
            etag=record.etag if is_tag(record.etag) and is_value(record.etag) else f'"{record.sha256}"' if here else "",
            last_modified=record.last_modified if is_value(record.last_modified) else "",
        )

    def _look(self) -> None:
        """Read what is new."""
        with self._lock:
            self._looked = time.monotonic()
            now = {corpus: self._signature(corpus) for corpus in self.store.corpora()}
            if now == self._seen:
                return
            changed = [corpus for corpus in now if now[corpus] != self._seen.get(corpus)]
            self._seen = now
            self._files = {corpus: files for corpus, files in self._files.items() if corpus in now}
            self._files |= {corpus: self._latest(corpus) for corpus in changed}
            self._known = self._addresses()

    def _latest(self, corpus: str) -> tuple[RawFile, ...]:
        """The records of a corpus; if they cannot be read, those there were, and the reason is told."""
        try:
            snapshot = self.store.latest_snapshot(corpus)
        except CorpusmillError as error:
            sys.stderr.write(f"corpusmill mirror: {error}\n")
            return self._files.get(corpus, ())
        if snapshot:
            self.store.fetch(snapshot)
        return tuple(file for file in snapshot.files if file.url.startswith(WEB)) if snapshot else ()

    def _addresses(self) -> dict[str, RawFile]:
        """By address the newest record: those it was asked for by, before those it was redirected to."""
        records = sorted((f for files in self._files.values() for f in files), key=lambda f: f.fetched_at)
        ends = {key(_bare(record.final_url)): record for record in records if record.final_url.startswith(WEB)}
        return ends | {key(_bare(record.url)): record for record in records}

    def _signature(self, corpus: str) -> _Signature:
        folder = self.store.corpus(corpus)
        return (self.store.latest(corpus, "snapshot"), *_stamp(folder / "snapshots"))


def _bare(url: str) -> str:
    return url.partition("://")[2]


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def _stamp(path: Path) -> _Signature:
    try:
        known = path.stat()
    except OSError:
        return (0,)
    return known.st_mtime_ns, known.st_ino
