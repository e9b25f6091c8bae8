"""Snapshots as a WARC 1.1 file (ISO 28500), which web archives read: every fetch, each body once.

A fetch is a `response` record, its status line and headers made again from what was recorded; a local file is a
`resource`. Bytes that came before, here or in an earlier snapshot, are a `revisit` that refers to the first. A
`metadata` record beside each holds what WARC has no field for: licence, robots decision, the address first asked for.

Record ids are made from digests and nothing is dated by the clock, so the same snapshots give the same file. Needs
warcio, which is not installed by default.
"""

import base64
import importlib
import io
import string
import uuid
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from corpusmill import __version__
from corpusmill.errors import UsageError
from corpusmill.store import Store, bodies, commit
from corpusmill.store.ids import content_id, file_sha256
from corpusmill.types import RawFile, Snapshot

WEB = ("https://", "http://")
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://iipc.github.io/warc-specifications/")
_DIGEST = "sha256:"


@dataclass(frozen=True, slots=True)
class Written:
    """A file, and how many records it has; `revisits` are those that only refer to bytes of another."""

    path: str
    records: int
    revisits: int


def write(store: Store, snapshots: Sequence[Snapshot], folder: Path) -> Written:
    """Write the snapshots of one corpus, oldest first, to ``folder/<corpus>-<id>.warc.gz``, whole or not at all.

    A file that is there already is left when it is equal. Raises UsageError when it is another or warcio is missing,
    CorruptError for a body that is not what was stored, StoreError when the folder cannot be written.
    """
    warcio = _warcio()
    for snapshot in snapshots:
        store.fetch(snapshot)
    ids = [snapshot.id for snapshot in snapshots]
    name = f"{snapshots[0].corpus}-{ids[0] if len(ids) == 1 else content_id(ids)}.warc.gz"
    final = folder / name
    with commit.disk_errors(folder), commit.replacing(final) as file:
        archive = _Archive(warcio(file, gzip=True, warc_version="1.1"), store)
        archive.add(name, snapshots)
        file.flush()
        if final.exists() and file_sha256(final) != file_sha256(Path(file.name)):
            raise UsageError(f"{final} is there already and is another file", "move it away or name another folder")
    return Written(str(final), archive.records, archive.revisits)


def _warcio() -> Any:
    """The class that writes, digesting by SHA-256: warcio's own choice is SHA-1."""
    try:
        module, utils = importlib.import_module("warcio.warcwriter"), importlib.import_module("warcio.utils")
    except ImportError as error:
        raise UsageError("warcio, which writes WARC files, is not installed", "install corpusmill[warc]") from error
    return type("Writer", (module.WARCWriter,), {"_create_digester": staticmethod(lambda: utils.Digester("sha256"))})


@dataclass(slots=True)
class _Archive:
    """One file in the making: what was written, and the first record of each payload."""

    writer: Any
    store: Store
    records: int = 0
    revisits: int = 0
    first: dict[str, tuple[str, str, str]] = field(default_factory=dict)  # payload sha256 -> record id, address, date

    def add(self, name: str, snapshots: Sequence[Snapshot]) -> None:
        """Everything, in the order it was collected."""
        self._info(name, snapshots)
        for snapshot in snapshots:
            for place, record in enumerate(snapshot.files):
                identity = _identity(snapshot.id, place, record.url, record.sha256, record.fetched_at)
                self._fetch(snapshot, record, identity)
                self._metadata(snapshot, record, identity)

    def _info(self, name: str, snapshots: Sequence[Snapshot]) -> None:
        fields = {
            "software": f"corpusmill/{__version__}",
            "format": "WARC File Format 1.1",
            "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            "isPartOf": snapshots[0].corpus,
            "description": f"snapshots {' '.join(snapshot.id for snapshot in snapshots)}",
        }
        made = {
            "WARC-Record-ID": _identity(name, *(snapshot.id for snapshot in snapshots)),
            "WARC-Date": _date(snapshots[0].collected_at),
            "WARC-Filename": name,
        }
        self._put("", "warcinfo", made, io.BytesIO(_lines(fields)))

    def _fetch(self, snapshot: Snapshot, record: RawFile, identity: str) -> None:
        """The body with its headers, or a reference to where it was before."""
        address, date = _uri(record.final_url), _date(record.fetched_at or snapshot.collected_at)
        web = address.startswith(WEB)
        digest = _DIGEST + base64.b32encode(bytes.fromhex(record.sha256)).decode()
        made = {"WARC-Record-ID": identity, "WARC-Date": date, "WARC-Payload-Digest": digest}
        if not web:
            made["Content-Type"] = _clean(record.media_type) or "application/octet-stream"
        if known := self.first.get(record.sha256) if record.bytes else None:
            self._revisit(address, made, known, self._http(record) if web else None)
            return
        self.first[record.sha256] = (identity, address, date)
        with closing(self._body(record)) as body:
            self._put(address, "response" if web else "resource", made, body, self._http(record) if web else None)

    def _revisit(self, address: str, made: dict[str, str], known: tuple[str, str, str], headers: Any) -> None:
        self.revisits += 1
        self.records += 1
        digest = made.pop("WARC-Payload-Digest")
        made["WARC-Refers-To"] = known[0]
        record = self.writer.create_revisit_record(
            address, digest, known[1], known[2], http_headers=headers, warc_headers_dict=made
        )
        self.writer.write_record(record)

    def _metadata(self, snapshot: Snapshot, record: RawFile, identity: str) -> None:
        fields = {
            "corpus": snapshot.corpus,
            "snapshot": snapshot.id,
            "asked-for": record.url,
            "licence": record.licence,
            "robots": record.robots,
            "sha256": record.sha256,
            "last-modified": record.last_modified,
        }
        made = {
            "WARC-Record-ID": _identity(identity, "metadata"),
            "WARC-Date": _date(record.fetched_at or snapshot.collected_at),
            "WARC-Concurrent-To": identity,
        }
        self._put(_uri(record.final_url), "metadata", made, io.BytesIO(_lines(fields)))

    def _put(self, address: str, kind: str, made: dict[str, str], body: BinaryIO, headers: Any = None) -> None:
        self.records += 1
        length = body.seek(0, io.SEEK_END)
        body.seek(0)
        record = self.writer.create_warc_record(
            address, kind, payload=body, length=length, warc_headers_dict=made, http_headers=headers
        )
        self.writer.write_record(record)

    def _body(self, record: RawFile) -> BinaryIO:
        return bodies.opened(self.store.root, record.sha256) if record.bytes else io.BytesIO()

    def _http(self, record: RawFile) -> Any:
        """Status line and headers as far as they were recorded; the length is that of the decoded body."""
        known = {
            "Content-Type": record.media_type,
            "ETag": record.etag,
            "Last-Modified": record.last_modified,
            "Content-Length": str(record.bytes),
        }
        status = HTTPStatus(record.status) if record.status in HTTPStatus.__members__.values() else None
        statusandheaders = importlib.import_module("warcio.statusandheaders")
        return statusandheaders.StatusAndHeaders(
            f"{record.status} {status.phrase if status else 'Unknown'}",
            [(name, _clean(value)) for name, value in known.items() if value],
            protocol="HTTP/1.1",
        )


def _identity(*parts: object) -> str:
    """A record's id, from what it is."""
    name = "\n".join(map(str, parts))
    return f"<{uuid.uuid5(_NAMESPACE, name).urn}>"


def _date(text: str) -> str:
    """ISO 8601 as WARC writes it."""
    moment = datetime.fromisoformat(text).astimezone(UTC)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _uri(address: str) -> str:
    """An address with everything escaped that no address may hold."""
    return quote(address, safe=string.punctuation)


def _lines(fields: dict[str, str]) -> bytes:
    return b"".join(f"{name}: {_clean(value)}\r\n".encode() for name, value in fields.items() if value)


def _clean(text: str) -> str:
    """On one line: a recorded value must not start a header of its own."""
    return "".join(c if c.isprintable() else " " for c in text)
