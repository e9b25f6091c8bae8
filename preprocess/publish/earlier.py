"""Rows of the version before, found by their ids: what a new version shares with it need not be parsed again.

A shard that is missing or damaged has nothing to give; `verify` is who tells of it.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from corpusmill.errors import CorruptError
from corpusmill.store import shards
from corpusmill.store.shards import Rest
from corpusmill.types import Shard

_HELD = 2  # shards in memory, some 64 MiB each
_END = b"\xff" * 16  # after all ids, as good as all

Ids = NDArray[np.uint64]
"""Halves of ids, high first; shape [n, 2]."""


class Earlier:
    """The shards of a version. Safe to use from several threads."""

    def __init__(self, folder: Path, known: Sequence[Shard]) -> None:
        """Nothing is read yet."""
        self._folder, self._known = folder, known
        self._held = lru_cache(_HELD)(lambda number: shards.read(folder, known[number], None))
        self._indexed = lru_cache(1)(self._index)
        self._lock = Lock()

    def rows(self, ids: Ids) -> Iterator[tuple[int, Rest, bytes]]:
        """Each row that is there with one of these ids: the place of the id, the row without its text, the text."""
        with self._lock:
            keys, shard, row = self._indexed()
        wanted = np.frombuffer(ids.astype(">u8").tobytes(), "S16")
        at = np.searchsorted(keys, wanted)
        places = np.flatnonzero(np.append(keys, _END)[at] == wanted)
        owners = shard[at[places]]
        for number in np.unique(owners):
            mine = places[owners == number]
            yield from zip(mine.tolist(), *self._taken(int(number), row[at[mine]]), strict=False)

    def _taken(self, number: int, rows: NDArray[Any]) -> tuple[Iterator[Rest], list[bytes]]:
        """Rows of a shard without their texts, and these; nothing where it is damaged."""
        try:
            picked = self._held(number).take(pa.array(rows))
        except CorruptError:
            return iter(()), []
        rest = [column.to_pylist() for column in picked.drop_columns("text").columns]
        return zip(*rest, strict=True), picked.column("text").cast(pa.binary()).to_pylist()

    def _index(self) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.int64]]:
        """All ids in order, and of each the shard and the row that it is in."""
        found = [(number, ids) for number, shard in enumerate(self._known) if len(ids := self._ids(shard))]
        keys = np.concatenate([ids for _, ids in found] or [np.empty(0, "S16")])
        order = np.argsort(keys, kind="stable")
        owners = np.repeat([number for number, _ in found], [len(ids) for _, ids in found]).astype(np.int64)
        rows = np.concatenate([np.arange(len(ids)) for _, ids in found] or [np.empty(0, np.int64)])
        return keys[order], owners[order], rows[order]

    def _ids(self, shard: Shard) -> NDArray[Any]:
        try:
            column = shards.read(self._folder, shard, ["id"]).column("id")
        except CorruptError:
            column = pa.chunked_array([], pa.string())
        return np.frombuffer(bytes.fromhex("".join(column.to_pylist())), "S16")
