"""The rows of a version as digests, in numpy: what can be compared without a text in memory."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpusmill.store import shards
from corpusmill.types import SPLITS, Shard

_DIGEST = 16  # bytes of a SHA-256 that are kept: two texts of one id do not agree in them by chance
ROW = np.dtype(
    [
        ("id", "S32"),
        ("text", f"V{_DIGEST}"),
        ("rest", f"V{_DIGEST}"),  # of all other columns, the raw file's digest aside
        ("raw", f"V{_DIGEST}"),
        ("characters", np.int64),
        ("split", np.int8),
        ("shard", np.int32),  # its place among the shards, and the row's in it
        ("row", np.int32),
    ]
)
Rows = NDArray[Any]
"""Of dtype `ROW`, in the order of their ids."""

EMPTY: Rows = np.empty(0, ROW)
Told = Callable[[Shard], None]


@dataclass(frozen=True, slots=True)
class Compared:
    """The rows of two versions by what became of them; those of both as they were and as they are."""

    added: Rows
    removed: Rows
    changed: tuple[Rows, Rows]
    moved: tuple[Rows, Rows]  # the same in another split
    refetched: int  # the same, of another raw file
    same: int


def compare(old: Rows, new: Rows) -> Compared:
    """What became of rows."""
    _, here, there = np.intersect1d(old["id"], new["id"], assume_unique=True, return_indices=True)
    was, now = old[here], new[there]
    changed = (was["text"] != now["text"]) | (was["rest"] != now["rest"])
    moved = ~changed & (was["split"] != now["split"])
    refetched = ~changed & ~moved & (was["raw"] != now["raw"])
    return Compared(
        added=np.delete(new, there),
        removed=np.delete(old, here),
        changed=(was[changed], now[changed]),
        moved=(was[moved], now[moved]),
        refetched=int(np.count_nonzero(refetched)),
        same=int(np.count_nonzero(~changed & ~moved & ~refetched)),
    )


def digested(folder: Path, known: Sequence[tuple[int, Shard]], columns: Sequence[str], told: Told) -> Rows:
    """The rows of some shards, each with its place; `columns` are those that count. Raises CorruptError."""
    found = []
    for place, shard in known:
        told(shard)
        found.append(np.array(list(_rows(folder, place, shard, columns)), ROW))
    rows = np.concatenate([EMPTY, *found])
    return rows[np.argsort(rows["id"], kind="stable")]


def picked(folder: Path, known: Sequence[Shard], rows: Rows) -> Iterator[dict[str, Any]]:
    """Id, source and title of rows, a shard at a time. Raises CorruptError."""
    for place in np.unique(rows["shard"]).tolist():
        table = shards.read(folder, known[place], ["id", "source", "title"])
        yield from table.take(rows["row"][rows["shard"] == place]).to_pylist()


def _rows(folder: Path, place: int, shard: Shard, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    split, number = SPLITS.index(shard.split), 0
    for batch in shards.read(folder, shard, ["id", "text", "raw_sha256", *columns]).to_batches():
        rest = [batch.column(name).to_pylist() for name in columns]
        others = zip(*rest, strict=True) if rest else iter(lambda: (), None)
        for id_, text, raw, more in zip(*(batch.column(i).to_pylist() for i in range(3)), others, strict=False):
            yield (
                id_.encode(),
                hashlib.sha256(text.encode()).digest()[:_DIGEST],
                shards.row_digest(more, b"")[:_DIGEST],
                hashlib.sha256(raw.encode()).digest()[:_DIGEST],
                len(text),
                split,
                place,
                number,
            )
            number += 1
