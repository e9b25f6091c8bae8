"""Rows of the version before, found by their ids: what a new version shares with it need not be parsed again.

A shard that is missing or damaged has nothing to give; `verify` is who tells of it.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from corpusmill.errors import CorruptError
from corpusmill.store import shards
from corpusmill.store.shards import Rest
from corpusmill.types import Shard

_HELD = 2  # shards in memory, some 64 MiB each
_LAST = np.uint64(0xFFFFFFFF)  # the digits of an id that say in which shard it is

Ids = NDArray[np.uint64]
"""Halves of ids, high first; shape [n, 2]."""


class Earlier:
    """The shards of a version. Safe to use from several threads."""

    def __init__(self, folder: Path, known: Sequence[Shard]) -> None:
        """Nothing is read yet."""
        self._folder, self._known = folder, known
        self._held = lru_cache(_HELD)(self._read)

    def rows(self, ids: Ids) -> Iterator[tuple[int, Rest, bytes]]:
        """Each row that is there with one of these ids: the place of the id, the row without its text, the text."""
        for shard in self._known:
            number, count = shard_number(shard)
            places = np.flatnonzero((ids[:, 1] & _LAST) % np.uint64(count) == number)
            if len(places):
                yield from self._found(shard, places, _packed(ids[places]))

    def _found(
        self, shard: Shard, places: NDArray[np.int64], wanted: NDArray[Any]
    ) -> Iterator[tuple[int, Rest, bytes]]:
        try:
            keys, table = self._held(shard)
        except CorruptError:
            return
        at = np.searchsorted(keys, wanted)
        hit = np.flatnonzero(np.append(keys, b"")[at] == wanted)
        picked = table.take(pa.array(at[hit]))
        texts = picked.column("text").cast(pa.binary()).to_pylist()
        rest = [column.to_pylist() for column in picked.drop_columns("text").columns]
        yield from zip(places[hit].tolist(), zip(*rest, strict=True), texts, strict=True)

    def _read(self, shard: Shard) -> tuple[NDArray[Any], pa.Table]:
        """A shard, and its ids as they are sorted."""
        table = shards.read(self._folder, shard, None)
        digits = "".join(table.column("id").to_pylist())
        return np.frombuffer(bytes.fromhex(digits), "S16"), table


def shard_number(shard: Shard) -> tuple[int, int]:
    """The place of a shard among those of its split, and how many these are: ``data/train-00001-of-00004.parquet``."""
    _, number, _, count = shard.path.removesuffix(".parquet").rsplit("-", 3)
    return int(number), int(count)


def _packed(ids: Ids) -> NDArray[Any]:
    return np.frombuffer(ids.astype(">u8").tobytes(), "S16")
