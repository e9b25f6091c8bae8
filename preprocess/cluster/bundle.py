"""Rows of several partitions in one file, in an order in which every shard's rows are neighbours; and back.

A shard has the documents of a split whose ids agree in their last digits: the lowest bits, as many as it takes, and
nobody knows how many before all are counted. Ordered by the split that their hash gives, then by these bits in reverse,
the documents of a shard are one stretch of the file however many shards there are, so who writes a shard asks each file
once, in the place of once a document. The few that come into another split are asked for apart.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpusmill.store.ids import content_id
from corpusmill.store.working import AT_ONCE
from preprocess.cluster.depot import Depot
from preprocess.decide.index import Numbers, Table
from preprocess.decide.split import Fractions, by_hash
from preprocess.partition import files as partition
from preprocess.partition.files import RECORD, Index

NEAR = 128 << 10  # bytes that are read and thrown away rather than asked for apart
_MASKS = ((1, 0x55555555), (2, 0x33333333), (4, 0x0F0F0F0F), (8, 0x00FF00FF), (16, 0x0000FFFF))

Records = NDArray[Any]
"""Of RECORD."""


def reversed_bits(ids: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """The lowest 32 bits of each, the lowest first."""
    bits = (ids & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    for shift, mask in _MASKS:
        low, by = np.uint32(mask), np.uint32(shift)
        bits = ((bits >> by) & low) | ((bits & low) << by)
    return bits


def bundled(folder: Path, keys: Sequence[str], fractions: Fractions) -> tuple[str, dict[str, bytes]]:
    """Put the rows of partitions into one file; its name, and their indexes as they are now, packed, by key.

    `fractions` are those of the splits. The same partitions give the same file. Their own files stay.
    """
    indexes = [_loaded(folder, key) for key in keys]
    name = content_id([fractions, *keys], 32)
    records = [np.frombuffer(index.records, RECORD).copy() for index in indexes]
    owners = np.repeat(np.arange(len(keys)), [len(each) for each in records])
    together = np.concatenate([*records, np.empty(0, RECORD)])
    splits, last = by_hash(together["group"], fractions), together["id"][:, 1]
    order = np.lexsort((together["id"][:, 0], last, reversed_bits(last), splits))
    sizes = together["rest"].astype(np.int64) + together["bytes"]
    if len(together):
        rows = zip(owners[order].tolist(), together["offset"][order].tolist(), sizes[order].tolist(), strict=True)
        _copy([partition.rows_path(folder, key) for key in keys], rows, partition.rows_path(folder, name))
    together["offset"][order] = np.cumsum(sizes[order]) - sizes[order]
    for number, index in enumerate(indexes):
        index.records = together[owners == number].tobytes()
        index.rows = name if index.records else ""
    return name, {key: partition.packed(index) for key, index in zip(keys, indexes, strict=True)}


def _loaded(folder: Path, key: str) -> Index:
    index = partition.load(folder, key)
    assert index, "a partition that was just made is whole"
    return index


def _copy(sources: Sequence[Path], rows: Iterator[tuple[int, int, int]], target: Path) -> None:
    """Write rows of several files, each given by its file, its offset and its size, one after another."""
    held: dict[int, mmap] = {}
    with target.open("wb", buffering=1 << 20) as file:
        for source, start, size in rows:
            if source not in held:
                with sources[source].open("rb") as opened:
                    held[source] = mmap(opened.fileno(), 0, access=ACCESS_READ)
            file.write(held[source][start : start + size])
    for each in held.values():
        each.close()


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows of a table, and where they lie: what is sent to who writes a shard of them."""

    records: Records
    owners: NDArray[np.uint32]  # which of the keys a row is of
    keys: tuple[str, ...]
    places: tuple[str, ...]  # of each of the keys, the name of the file that its rows are in


def selected(table: Table, rows: Numbers) -> Selection:
    """Some rows of a table."""
    owners, mine = np.unique(table.owners[rows], return_inverse=True)
    keys, places = (tuple(names[owner] for owner in owners) for names in (table.keys, table.places))
    return Selection(table.records[rows], mine.astype(np.uint32), keys, places)


def gathered(chosen: Selection, depot: Depot, folder: Path, name: str = "rows") -> Table:
    """These rows in a file of this name here, as a table in the same order.

    What is not there any more is of a place that is not there either.
    """
    records, names = chosen.records.copy(), np.array(chosen.places)[chosen.owners]
    wanted = [(place, *stretch) for place in np.unique(names) for stretch in _stretches(records, names == place)]
    lost, at = set(), 0
    with partition.rows_path(folder, name).open("wb") as file, ThreadPoolExecutor(AT_ONCE, "rows") as executor:
        for some in (wanted[start : start + AT_ONCE] for start in range(0, len(wanted), AT_ONCE)):
            asked = [executor.submit(_part, depot, *each[:3]) for each in some]
            for (place, start, _, rows), body in zip(some, (each.result() for each in asked), strict=True):
                if body is None:
                    lost.add(str(place))
                    continue
                file.write(body)
                records["offset"][rows] = records["offset"][rows] - np.uint64(start) + np.uint64(at)
                at += len(body)
    places = [f"gone-{place}" if place in lost else name for place in chosen.places]
    return unread(Selection(records, chosen.owners, chosen.keys, tuple(places)), folder)


def unread(chosen: Selection, folder: Path) -> Table:
    """A selection as a table whose rows would lie in a folder."""
    nothing = np.empty((len(chosen.records), 0))
    return Table(folder, chosen.keys, chosen.records, chosen.owners, nothing, nothing.astype(np.uint32), chosen.places)


def _stretches(records: Records, of: NDArray[np.bool_]) -> Iterator[tuple[int, int, Numbers]]:
    """Where rows of one file lie: the beginning and the end of what is read at once, and the rows in it."""
    rows = np.flatnonzero(of)
    rows = rows[np.argsort(records["offset"][rows])]
    starts = records["offset"][rows].astype(np.int64)
    ends = starts + records["rest"][rows] + records["bytes"][rows]
    cuts = np.flatnonzero(starts[1:] - ends[:-1] > NEAR) + 1
    for first, last in zip(np.r_[0, cuts], np.r_[cuts, len(rows)], strict=True):
        yield int(starts[first]), int(ends[last - 1]), rows[first:last]


def _part(depot: Depot, place: str, start: int, end: int) -> bytes | None:
    try:
        return depot.part(f"{place}.rows", start, end)
    except FileNotFoundError:
        return None
