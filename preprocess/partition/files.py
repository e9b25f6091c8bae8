"""A partition: what one unit of raw material gave, kept in files of its own until a version is published.

    KEY.rows     every document's columns and its group, then its text in UTF-8, one after another; where several
                 partitions have one such file (`preprocess.cluster.bundle`), the index names it
    KEY.index    what later stages decide by: digests, sizes, signals, signatures; the drops; what could not be read

The key digests all that went in, so a partition that is there need not be made again: a build that was killed goes on,
and one of which a file has changed parses that file's partition only. After publishing, the rows can go; the index, a
hundred bytes a document, stays. Neither file is synced: what is read of them is checked against digests, and a
partition that a power cut has damaged is made anew.

It knows no parsers, steps or splits.
"""

import struct
from array import array
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np
import xxhash

from corpusmill.errors import ParseError
from corpusmill.store.ids import document_id
from corpusmill.store.shards import rest, row_digest
from corpusmill.types import Document, Drop, RawFile
from preprocess.decide.split import group_hash

RECORD = np.dtype(
    [
        ("id", "<u8", 2),  # the two halves of the document's id, high first
        ("text", "<u8", 2),  # xxh3-128 of the text
        ("group", "<u8"),  # xxh3-64 of the group, or of the id
        ("digest", "V32"),  # of the row, as the shard counts it
        ("check", "<u8"),  # xxh3-64 of the columns as they are packed
        ("offset", "<u8"),  # in the rows
        ("rest", "<u4"),  # bytes of the columns
        ("bytes", "<u4"),  # of the text
        ("characters", "<u4"),
        ("source", "<u4"),  # in the partition's list of sources
    ]
)
_PACKED = struct.Struct("<5Q32s2Q4I")  # the same, as it is written
_BUFFER = 1 << 20
_CHECK = 16  # bytes of the checksum that an index begins with

_SIGNED_AT_ONCE = 255

Mark = list[tuple[Any, int]]
Signed = Callable[[Sequence[str]], bytes]
"""Texts -> their signatures, one after another."""


class Unreadable(msgspec.Struct, frozen=True):
    """A file, or a part of one, that is not what the parser reads."""

    url: str
    message: str
    hint: str


class Index(msgspec.Struct, kw_only=True):
    """What is known of a partition's documents without their texts."""

    records: bytes = b""  # of RECORD
    sources: list[str] = msgspec.field(default_factory=list)
    signals: bytes = b""  # float64, a row for each document
    signatures: bytes = b""  # uint32, a row for each document, where near-duplicates are looked for
    drops: list[tuple[str, str, str, str]] = msgspec.field(default_factory=list)  # id, step, reason, source
    unreadable: list[Unreadable] = msgspec.field(default_factory=list)
    counted: list[tuple[str, dict[str, Any]]] = msgspec.field(default_factory=list)  # id, what [expect] asks of `meta`
    parts: int = 0  # files, members and pieces that were parsed
    rows: str = ""  # the name of the file of its rows; empty: its own key


class Writer:
    """Takes a unit's documents and drops one by one, the texts straight to the disk."""

    def __init__(self, folder: Path, key: str, *, declared: Sequence[str] = (), signed: Signed | None = None) -> None:
        """`declared` of the documents' meta have columns; `signed` makes signatures, where they are compared.

        Nothing is written yet.
        """
        self.index, self._declared, self._signed = Index(), declared, signed
        self.folder, self.key = folder, key
        self._records, self._signals, self._signatures = bytearray(), array("d"), bytearray()
        self._sources: dict[str, int] = {}
        self._unsigned: list[str] = []
        self._file: BinaryIO | None = None
        self._at = 0

    def add(self, document: Document) -> None:
        """Keep a document."""
        text, columns = document.text.encode(), rest(document, self._declared)
        packed = msgspec.msgpack.encode((columns, document.group))
        self._write(packed, text)
        hashed = xxhash.xxh3_128_intdigest(text)
        self._records += _PACKED.pack(
            int(document.id[:16], 16),
            int(document.id[16:], 16),
            hashed >> 64,
            hashed & 0xFFFFFFFFFFFFFFFF,
            group_hash(document.group or document.id),
            row_digest(columns, text),
            xxhash.xxh3_64_intdigest(packed),
            self._at - len(packed) - len(text),
            len(packed),
            len(text),
            len(document.text),
            self._sources.setdefault(document.source, len(self._sources)),
        )
        self._signals.extend(document.signals.values())
        if self._signed:
            self._unsigned.append(document.text)
            if len(self._unsigned) == _SIGNED_AT_ONCE:
                self._sign()

    def drop(self, drop: Drop) -> None:
        """Keep what was left out."""
        self.index.drops.append((drop.id, drop.step, drop.reason, drop.source))

    def refuse(self, file: RawFile, error: ParseError) -> None:
        """Keep that a file could not be read."""
        self.drop(Drop(id=document_id(file.url), step="parse", reason=error.message, source=file.url))
        self.index.unreadable.append(Unreadable(file.url, error.message, error.hint))

    def carry(self, before: Index) -> None:
        """Take over what another partition holds besides its documents."""
        index = self.index
        index.drops, index.unreadable = [*before.drops], [*before.unreadable]
        index.counted, index.parts = [*before.counted], before.parts

    def mark(self) -> Mark:
        """A place to go back to."""
        self._sign()
        index = self.index
        kept = (self._records, self._signals, self._signatures, index.drops, index.unreadable, index.counted)
        return [(column, len(column)) for column in kept]

    def back_to(self, mark: Mark) -> None:
        """Forget what came after the mark; its bytes stay in the rows, and nothing points at them."""
        self._unsigned = []
        for column, length in mark:
            del column[length:]

    def close(self) -> None:
        """Make the partition whole: the rows under their name, then the index."""
        self._sign()
        index = self.index
        index.records, index.signatures = bytes(self._records), bytes(self._signatures)
        index.signals, index.sources = self._signals.tobytes(), list(self._sources)
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._file:
            self._file.close()
            self._path("rows.tmp").rename(self._path("rows"))
        self._path("index.tmp").write_bytes(packed(index))
        self._path("index.tmp").rename(self._path("index"))

    def abandon(self) -> None:
        """Leave nothing."""
        if self._file:
            self._file.close()
        for name in ("rows.tmp", "index.tmp"):
            self._path(name).unlink(missing_ok=True)

    def _sign(self) -> None:
        """Signatures are made of many texts at once."""
        if self._signed and self._unsigned:
            self._signatures += self._signed(self._unsigned)
            self._unsigned = []

    def _write(self, *pieces: bytes) -> None:
        if self._file is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._file = self._path("rows.tmp").open("wb", buffering=_BUFFER)
        for piece in pieces:
            self._file.write(piece)
            self._at += len(piece)

    def _path(self, kind: str) -> Path:
        return self.folder / f"{self.key}.{kind}"


def load(folder: Path, key: str) -> Index | None:
    """The index of a partition that is there and whole; None where it has to be made."""
    try:
        body = (folder / f"{key}.index").read_bytes()
    except FileNotFoundError:
        return None
    if body[:_CHECK] != xxhash.xxh3_128_digest(memoryview(body)[_CHECK:]):
        return None
    return msgspec.msgpack.decode(memoryview(body)[_CHECK:], type=Index)


def packed(index: Index) -> bytes:
    """An index as it is written."""
    body = msgspec.msgpack.encode(index)
    return xxhash.xxh3_128_digest(body) + body


def rows_path(folder: Path, name: str) -> Path:
    """Where documents lie, until they are published: by the key of their partition, or the name that its index says."""
    return folder / f"{name}.rows"


def forget(folder: Path, key: str) -> None:
    """Remove a partition, so that it is made again."""
    for kind in ("index", "rows"):
        (folder / f"{key}.{kind}").unlink(missing_ok=True)


def tidy(folder: Path, names: Collection[str]) -> None:
    """After publishing: keep the files of these names only, so no rows and nothing of older builds."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in names:
            path.unlink(missing_ok=True)
