"""Duplicates: of documents with one id, one text, or nearly one, one stays. Which never depends on their order.

It knows digests and signatures, no texts: a table in, and for each row out why it is left out.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpusmill.types import Drop
from preprocess.decide import near
from preprocess.decide.index import Numbers, Table, groups_of
from preprocess.decide.near import NearOptions
from preprocess.decide.union import join, singletons

Kept = tuple[Numbers, list[Drop]]


def one_per_id(table: Table, rows: Numbers) -> Kept:
    """Of documents that overlapping files share, the one of the first file."""
    ids = table.records["id"][rows]
    again = np.r_[False, (ids[1:] == ids[:-1]).all(axis=1)] if len(rows) else np.zeros(0, bool)
    first = np.maximum.accumulate(np.where(again, 0, np.arange(len(rows))))
    return _without(table, rows, again, rows[first], lambda kept, source: f"same id: kept the one from {source[kept]}")


def one_per_text(table: Table, rows: Numbers) -> Kept:
    """Of documents with the same text, the one with the smallest id."""
    kept, again = rows.copy(), np.zeros(len(rows), bool)
    place = np.zeros(len(table), np.int64)
    place[rows] = np.arange(len(rows))
    for group in groups_of(table.records["text"], rows):
        kept[place[group[1:]]], again[place[group[1:]]] = group[0], True
    return _without(table, rows, again, kept, lambda row, _source: f"same text: kept {table.identity(row)}")


def one_per_cluster(table: Table, rows: Numbers, clusters: Numbers) -> Kept:
    """Of near-duplicates the longest, and of those as long the one with the smallest id."""
    order = np.lexsort((rows, -table.records["characters"][rows].astype(np.int64), clusters))
    starts = np.r_[True, clusters[order][1:] != clusters[order][:-1]] if len(rows) else np.zeros(0, bool)
    keeper = np.zeros(len(rows), np.int64)
    keeper[order] = rows[order[np.flatnonzero(starts)]][np.cumsum(starts) - 1] if len(rows) else 0
    return _without(
        table, rows, keeper != rows, keeper, lambda row, _source: f"near-duplicate: kept {table.identity(row)}"
    )


def clusters(table: Table, rows: Numbers, options: NearOptions) -> Numbers:
    """For each row the place, within `rows`, of the first document of its cluster."""
    signatures = table.signatures if len(rows) == len(table) else table.signatures[rows]
    return near.clusters(signatures, options)


def together(table: Table, rows: Numbers, linked: list[tuple[Numbers, Numbers]]) -> NDArray[np.uint64]:
    """The group of each row, one for all groups that a pair of places in `rows` links: the lowest of theirs."""
    groups, number = np.unique(table.records["group"][rows], return_inverse=True)
    lowest = singletons(len(groups))
    for one, other in linked:
        join(lowest, number[one], number[other])
    found: NDArray[np.uint64] = groups[lowest[number]]
    return found


def same_text(table: Table, rows: Numbers) -> tuple[Numbers, Numbers]:
    """Pairs of places in `rows` that link all documents with the same text."""
    place = np.zeros(len(table), np.int64)
    place[rows] = np.arange(len(rows))
    pairs = [(np.full(len(g) - 1, place[g[0]]), place[g[1:]]) for g in groups_of(table.records["text"], rows)]
    if not pairs:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate([one for one, _ in pairs]), np.concatenate([other for _, other in pairs])


def _without(
    table: Table, rows: Numbers, again: NDArray[Any], kept: Numbers, reason: Callable[[int, dict[int, str]], str]
) -> Kept:
    """The rows that are not `again`, and a drop for each that is, with the row that was kept for it."""
    dropped = rows[again]
    sources = table.sources(np.unique(np.r_[dropped, kept[again]])) if len(dropped) else {}
    drops = [
        Drop(id=table.identity(row), step="dedup", reason=reason(int(keeper), sources), source=sources[int(row)])
        for row, keeper in zip(dropped, kept[again], strict=True)
    ]
    return rows[~again], drops
