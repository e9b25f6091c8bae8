"""The rows of documents, by their number in the table: from their partitions, or from the version before.

A partition's rows are removed once they are published; what a later version shares with that one is read from its
shards. Either way a row is checked against its digest, so damage is never passed on.
"""

import os
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np
import pyarrow as pa
import xxhash

from corpusmill.errors import CorruptError
from corpusmill.store import shards
from corpusmill.store.shards import Group, Rest
from corpusmill.types import Document, Shard
from preprocess.decide.index import Numbers, Table
from preprocess.partition import files as partition
from preprocess.publish.earlier import Earlier

Body = bytes | bytearray | memoryview


class Lost(Exception):  # noqa: N818 - no failure: the partitions are made again
    """Rows that are nowhere any more."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Name the partitions that they were in."""
        super().__init__(keys)
        self.keys = keys


class DamagedError(CorruptError):
    """A row that is not what was written, and the partition that it is of."""

    def __init__(self, message: str, hint: str, key: str = "") -> None:
        """`key` is the partition's, which has to be forgotten wherever it is kept."""
        super().__init__(message, hint)
        self.key = key


class Rows:
    """Reads rows. Safe to use from several threads."""

    def __init__(self, table: Table, before: tuple[Path, Sequence[Shard]] | None) -> None:
        """`before`: the folder and the shards of the version that came last."""
        self.table, self._before = table, Earlier(*before) if before else None

    def group(self, rows: Numbers) -> Group:
        """Rows as a row group. Raises Lost, CorruptError."""
        table, records = self.table, self.table.records[rows]
        ends = np.cumsum(records["bytes"], dtype=np.int64)
        text = bytearray(int(ends[-1]) if len(rows) else 0)
        view, starts = memoryview(text), ends - records["bytes"]
        rest: list[Rest] = [()] * len(rows)
        owners, lost = table.owners[rows], []
        for owner in np.unique(owners):
            mine = np.flatnonzero(owners == owner)
            try:
                self._from_partition(int(owner), rows, mine, starts, view, rest)
            except FileNotFoundError:
                lost.append((int(owner), mine))
        if lost:
            self._from_before(lost, rows, starts, view, rest)
        offsets = np.r_[0, ends].astype(np.int32)
        texts = pa.StringArray.from_buffers(len(rows), pa.py_buffer(offsets), pa.py_buffer(text))
        return Group(rest, texts, int(records["characters"].sum(dtype=np.int64)), records["digest"].tobytes())

    def groups(self, rows: Numbers) -> Iterator[Group]:
        """Rows as row groups of a shard."""
        for start, end in shards.row_groups(self.table.records["bytes"][rows].tolist()):
            yield self.group(rows[start:end])

    def lost(self, rows: Numbers) -> set[str]:
        """The partitions of all of these rows of a shard that are nowhere any more."""
        keys: set[str] = set()
        for start, end in shards.row_groups(self.table.records["bytes"][rows].tolist()):
            try:
                self.group(rows[start:end])
            except Lost as lost:
                keys.update(lost.keys)
        return keys

    def documents(self, rows: Numbers, signals: Sequence[str] = ()) -> Iterator[Document]:
        """Whole documents, groups and all; `signals` names what was measured. Raises Lost, CorruptError."""
        names = [name for name in shards.REST if name != "meta"]
        for owner, mine in groupby(rows.tolist(), key=lambda row: int(self.table.owners[row])):
            try:
                file = self._path(owner).open("rb")
            except FileNotFoundError as error:
                raise Lost([self.table.keys[owner]]) from error
            with file:
                for row in mine:
                    columns, group, text = self._read(file, row, self.table.keys[owner])
                    fields = dict(zip(names, columns, strict=False))
                    meta = msgspec.json.decode(columns[len(names)])
                    measured = dict(zip(signals, columns[len(shards.REST) :], strict=False))
                    yield Document(**fields, text=text, meta=meta, group=group, signals=measured)

    def _read(self, file: BinaryIO, row: int, key: str) -> tuple[list[Any], str, str]:
        record = self.table.records[row]
        file.seek(int(record["offset"]))
        packed, text = file.read(int(record["rest"])), file.read(int(record["bytes"]))
        self._refuse_damaged(packed, text, int(record["check"]), record["text"].tolist(), key)
        columns, group = msgspec.msgpack.decode(packed)
        return columns, group, text.decode()

    def _refuse_damaged(self, packed: Body, text: Body, check: int, hashed: list[int], key: str) -> None:
        """Raise CorruptError where a row is not what was written; its partition is forgotten, so it is made again."""
        found = xxhash.xxh3_128_intdigest(text)
        if xxhash.xxh3_64_intdigest(packed) != check or [found >> 64, found & 0xFFFFFFFFFFFFFFFF] != hashed:
            partition.forget(self.table.folder, key)
            raise DamagedError(f"{self.table.folder / key}.rows is damaged", "repeat the command", key)

    def _path(self, owner: int) -> Path:
        return partition.rows_path(self.table.folder, self.table.places[owner])

    def _from_partition(
        self, owner: int, rows: Numbers, mine: Numbers, starts: Numbers, view: memoryview, rest: list[Rest]
    ) -> None:
        """Fill in the rows at the places `mine`, in the order they lie in."""
        key = self.table.keys[owner]
        descriptor = os.open(self._path(owner), os.O_RDONLY)
        try:
            mine = mine[np.argsort(self.table.records["offset"][rows[mine]])]
            records = self.table.records[rows[mine]]
            columns = [records[name].tolist() for name in ("offset", "rest", "bytes", "check", "text")]
            for place, start, at, size, length, check, hashed in zip(
                mine.tolist(), starts[mine].tolist(), *columns, strict=True
            ):
                packed, text = bytearray(size), view[start : start + length]
                os.preadv(descriptor, [packed, text], at)
                self._refuse_damaged(packed, text, check, hashed, key)
                rest[place] = tuple(msgspec.msgpack.decode(packed)[0])
        finally:
            os.close(descriptor)

    def _from_before(
        self, lost: Sequence[tuple[int, Numbers]], rows: Numbers, starts: Numbers, view: memoryview, rest: list[Rest]
    ) -> None:
        """Fill in rows whose partitions are gone. Raises Lost where they are not in the version before either."""
        places = np.concatenate([mine for _, mine in lost])
        records, found = self.table.records[rows[places]], np.zeros(len(places), bool)
        for number, columns, text in self._before.rows(records["id"]) if self._before else ():
            if not found[number] and shards.row_digest(columns, text) == records["digest"][number].tobytes():
                start = int(starts[places[number]])
                view[start : start + len(text)] = text
                rest[places[number]] = columns
                found[number] = True
        missing = set(places[~found].tolist())
        if missing:
            raise Lost([self.table.keys[owner] for owner, mine in lost if missing & set(mine.tolist())])
