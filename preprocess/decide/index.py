"""The indexes of all partitions as one table: a row a document, in the order of their ids.

It holds a hundred bytes a document and no text, so ten million documents are a gigabyte; what is larger lies in the
partitions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpusmill.types import Drop
from preprocess.partition.files import RECORD, Index, Unreadable, load

_IN_MEMORY = 64 << 20  # numbers of signatures

Numbers = NDArray[np.int64]
"""Numbers of rows."""


@dataclass(frozen=True, slots=True)
class Table:
    """Every document that parsing and cleaning left, sorted by id and then by where it stands in the snapshot."""

    folder: Path
    keys: Sequence[str]
    records: NDArray[Any]  # of RECORD
    owners: NDArray[np.uint32]  # which of the keys a row is of
    signals: NDArray[np.float64]  # shape [rows, signals]
    signatures: NDArray[np.uint32]  # shape [rows, permutations], or [rows, 0]
    places: Sequence[str]  # of each of the keys, the name of the file that its rows are in

    def __len__(self) -> int:
        return len(self.records)

    def identity(self, row: int) -> str:
        """A document's id."""
        high, low = self.records["id"][row]
        return f"{int(high):016x}{int(low):016x}"

    def sources(self, rows: Numbers) -> dict[int, str]:
        """Where documents come from; each partition's index is read once."""
        found: dict[int, str] = {}
        owners = self.owners[rows]
        for owner in np.unique(owners):
            index = load(self.folder, self.keys[owner])
            assert index, "a partition that was loaded is there"
            mine = rows[owners == owner]
            found |= {int(row): index.sources[self.records["source"][row]] for row in mine}
        return found


@dataclass(frozen=True, slots=True)
class Parsed:
    """What parsing gave, in all: the documents as a table, and everything else."""

    table: Table
    drops: list[Drop]
    unreadable: list[Unreadable]
    counted: dict[str, dict[str, Any]]  # what [expect] asks of `meta`, by document, of all that were parsed
    cleaned_away: set[str]  # ids of documents that a step left out
    parts: int  # files and members that were parsed

    @property
    def documents(self) -> int:
        """How many documents parsing gave, each id counted once, before any step or rule."""
        ids = self.table.records["id"]
        once = int((ids[1:] != ids[:-1]).any(axis=1).sum()) + bool(len(ids)) if len(ids) else 0
        if not self.cleaned_away:
            return once
        return len({self.table.identity(row) for row in range(len(ids))} | self.cleaned_away)


def join(folder: Path, keys: Sequence[str], signals: int, permutations: int) -> Parsed:
    """Read the indexes of partitions and put them together."""
    indexes = [_loaded(folder, key) for key in keys]
    sizes = [len(i.records) // RECORD.itemsize for i in indexes]
    owners = np.repeat(np.arange(len(keys), dtype=np.uint32), sizes)
    measured = np.frombuffer(b"".join(i.signals for i in indexes)).reshape(len(owners), signals)
    records = np.frombuffer(_together(indexes), RECORD)
    order = np.lexsort((records["id"][:, 1], records["id"][:, 0]))  # stable: equal ids stay as they came
    signatures = _signatures(folder, keys, order, permutations)
    places = [index.rows or key for index, key in zip(indexes, keys, strict=True)]
    table = Table(folder, keys, records[order], owners[order], measured[order], signatures, places)
    drops = [Drop(id=d[0], step=d[1], reason=d[2], source=d[3]) for i in indexes for d in i.drops]
    return Parsed(
        table,
        drops,
        [each for i in indexes for each in i.unreadable],
        {identity: meta for i in reversed(indexes) for identity, meta in reversed(i.counted)},
        {drop.id for drop in drops if drop.step != "parse"},
        sum(i.parts for i in indexes),
    )


def _together(indexes: Sequence[Index]) -> bytearray:
    """The records of all, taken out of each, so that they are held once."""
    whole = bytearray()
    for index in indexes:
        whole += index.records
        index.records = index.signals = b""
    return whole


def _loaded(folder: Path, key: str) -> Index:
    """An index without its largest parts, which are read again where they are needed."""
    index = load(folder, key)
    assert index, "a partition that was just made is whole"
    index.sources, index.signatures = [], b""
    return index


def _signatures(folder: Path, keys: Sequence[str], order: Numbers, permutations: int) -> NDArray[np.uint32]:
    """Signatures in the order of the rows; on the disk where there are many."""
    shape = (len(order), permutations)
    if len(order) * permutations <= _IN_MEMORY:
        ordered: NDArray[np.uint32] = np.empty(shape, np.uint32)
    else:
        ordered = np.memmap(folder / "signatures.tmp", np.uint32, "w+", shape=shape)
    row_of, start = np.argsort(order), 0
    for key in keys if permutations else ():
        index = load(folder, key)
        assert index, "it was read a moment ago"
        found = np.frombuffer(index.signatures, np.uint32).reshape(-1, permutations)
        ordered[row_of[start : start + len(found)]] = found
        start += len(found)
    return ordered


def groups_of(keys: NDArray[Any], rows: Numbers) -> Iterator[Numbers]:
    """Rows whose keys (shape [rows, 2] or [rows]) are equal, where there is more than one, in the order of `rows`."""
    if len(rows) < 2:  # noqa: PLR2004 - nothing can be equal
        return
    mine = keys[rows]
    columns = [mine] if mine.ndim == 1 else [mine[:, 1], mine[:, 0]]
    order = np.lexsort(columns)
    ordered = mine[order].reshape(len(rows), -1)
    starts = np.flatnonzero(np.r_[True, (ordered[1:] != ordered[:-1]).any(axis=1)])
    for start, end in zip(starts, np.r_[starts[1:], len(rows)], strict=True):
        if end - start > 1:
            yield rows[order[start:end]]
