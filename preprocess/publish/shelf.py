"""The shards of a version, one by one: linked from the version before where it has the same, else written.

What is in a shard is told by the digests of its rows, so one that is shared is never read; what was counted in it is
kept beside the partitions.
"""

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from corpusmill.store import shards
from corpusmill.store.ids import file_sha256
from corpusmill.store.shards import REST, Column, Group
from corpusmill.types import Shard, Split
from preprocess.decide.index import Numbers, Table
from preprocess.publish.histogram import Histogram
from preprocess.publish.kept import keep, kept
from preprocess.publish.rows import Rows

_LICENCE = REST.index("licence")


class Contents(msgspec.Struct, frozen=True):
    """What was counted in a shard."""

    characters: dict[str, int]
    licences: dict[str, int]


class Shelf:
    """Puts shards into a work folder. Safe to use from several threads."""

    def __init__(
        self, work: Path, beside: Path, table: Table, rows: Rows, before: tuple[Path, Sequence[Shard]] | None
    ) -> None:
        """`beside`: where counts are kept; `before`: the folder and the shards of the version that came last."""
        self._work, self._beside, self._table, self._rows = work, beside, table, rows
        folder, known = before or (Path(), ())
        self._known = {(shard.split, shard.content_digest): (folder / shard.path, shard) for shard in known}

    def put(self, path: str, split: Split, mine: Numbers, more: Sequence[Column]) -> tuple[Shard, Contents]:
        """The shard of these rows, and what is in it. Raises Lost, OSError."""
        if shared := self.link(path, split, mine):
            return shared
        counter = _Counter()
        shard = shards.write_groups(self._work, path, split, counter.through(self._rows.groups(mine)), more)
        assert shard.content_digest == digest_of(self._table, mine)
        keep(self._beside / name_of(shard), counter.contents())
        return shard, counter.contents()

    def link(self, path: str, split: Split, mine: Numbers) -> tuple[Shard, Contents] | None:
        """The shard of these rows, if the version before has it, and what is in it. Raises OSError."""
        shard = self._linked(path, split, digest_of(self._table, mine))
        return (shard, self._counted(shard)) if shard else None

    def _linked(self, path: str, split: Split, digest: str) -> Shard | None:
        """The same shard of the version before, if it is there and whole."""
        old, shard = self._known.get((split, digest), (None, None))
        if old is None or shard is None or not old.is_file() or file_sha256(old) != shard.sha256:
            return None
        try:
            os.link(old, self._work / path)
        except OSError:  # a file system without links, or with too many to this file
            shutil.copyfile(old, self._work / path)
        return replace(shard, path=path)

    def _counted(self, shard: Shard) -> Contents:
        """What is in a shard that was not written just now."""
        return kept(self._beside / name_of(shard), Contents, lambda: counted(self._work, shard))


def name_of(shard: Shard) -> str:
    """The file that the counts of a shard are kept in."""
    return f"contents-{shard.content_digest[:32]}.json"


def digest_of(table: Table, mine: Numbers) -> str:
    """The content digest of a shard of these rows."""
    return hashlib.sha256(table.records["digest"][mine].tobytes()).hexdigest()


def counted(folder: Path, shard: Shard) -> Contents:
    """What is in a shard that lies in a folder. Raises CorruptError."""
    counter, table = _Counter(), shards.read(folder, shard, ["text", "licence"])
    for batch in table.to_batches():
        counter.count(batch.column("text"), batch.column("licence").to_pylist())
    return counter.contents()


class _Counter:
    """Counts what goes through it."""

    def __init__(self) -> None:
        self._histogram, self._licences = Histogram(), Counter[str]()

    def through(self, groups: Iterable[Group]) -> Iterator[Group]:
        """The same groups, counted."""
        for group in groups:
            self.count(group.texts, [row[_LICENCE] for row in group.rest])
            yield group

    def count(self, texts: pa.Array, licences: Iterable[Any]) -> None:
        """Count texts, which may be a slice of a longer array, and the licences of their documents."""
        offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
        if len(texts) and texts.buffers()[2]:
            self._histogram.add(memoryview(texts.buffers()[2])[int(offsets[0]) : int(offsets[-1])])
        self._licences.update(licences)

    def contents(self) -> Contents:
        """What was counted."""
        return Contents(self._histogram.counts(), dict(self._licences))
