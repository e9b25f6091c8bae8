"""Looks for texts in the training split of a version: which stretches of them are there, and in which rows.

    finder = Finder.open(store, version)
    findings = finder.find("And God said, Let there be light")
    rows(store, version, [one.place for one in findings.found], ["title", "source"])

It knows nothing of fetches.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpusmill.store import Store, commit, pins, shards
from corpusmill.trace.index import END, Part, begins, opened
from corpusmill.trace.search import Novelty, Stretch, cover, maximal, novelty, where
from corpusmill.types import Progress, Shard, Version, silent

SIZES = range(5, 51)  # characters of the runs whose novelty is told
MINIMUM = 20  # characters: shorter ones say little, most texts of a kind share them
LIMIT = 20  # matches that are told


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the training split some words stand: a row of a shard, and how many characters of it are before them."""

    shard: Shard
    row: int
    offset: int


@dataclass(frozen=True, slots=True)
class Found:
    """A stretch of a text, in how many places of the training split it is, and the first of them."""

    stretch: Stretch
    times: int
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What of a text is in the training split."""

    found: tuple[Found, ...]  # the longest first, without overlaps, as many as were asked for
    matches: int  # how many there are
    covered: int  # characters of the text that are in one of them
    novelty: tuple[Novelty, ...]


@dataclass(frozen=True, slots=True)
class Finder:
    """The sorted texts of a version, open."""

    parts: Sequence[Part]
    shards: Sequence[Shard]  # of the training split
    ends: Sequence[NDArray[np.int64]]  # of each part: where its documents end

    @classmethod
    def open(cls, store: Store, version: Version, progress: Progress = silent) -> "Finder":
        """Open them, sorting them first where that has not been done. Raises CorruptError, StoreError."""
        with pins.held(store, version), commit.disk_errors(store.root):
            parts = opened(version, store, progress)
        train = [shard for shard in version.shards if shard.split == "train"]
        return cls(parts, train, [np.flatnonzero(np.frombuffer(part.text, np.uint8) == END) for part in parts])

    def find(self, text: str, *, minimum: int = MINIMUM, limit: int = LIMIT, progress: Progress = silent) -> Findings:
        """Look for a text; `limit` is how many matches of `minimum` or more characters are told, 0 for all."""
        everything = maximal(self.parts, text, progress)
        taken = cover(everything, minimum)
        return Findings(
            found=tuple(self._found(text, stretch) for stretch in taken[: limit or None]),
            matches=len(taken),
            covered=sum(stretch.end - stretch.start for stretch in taken),
            novelty=novelty(everything, len(text), SIZES),
        )

    def _found(self, text: str, stretch: Stretch) -> Found:
        times, number, place = where(self.parts, text[stretch.start : stretch.end])
        return Found(stretch, times, self._place(number, place))

    def _place(self, number: int, place: int) -> Place:
        """The row that a place of a part is in."""
        part, ends = self.parts[number], self.ends[number]
        before = int(np.searchsorted(ends, place))
        start = int(ends[before - 1]) + 1 if before else 0
        offset = int(np.count_nonzero(begins(np.frombuffer(part.text[start:place], np.uint8))))
        firsts = [0, *accumulate(shard.rows for shard in self.shards)]  # number of each shard's first document
        shard = bisect_right(firsts, part.first + before) - 1
        return Place(self.shards[shard], part.first + before - firsts[shard], offset)


def rows(store: Store, version: Version, places: Sequence[Place], columns: Sequence[str]) -> list[dict[str, Any]]:
    """These columns of each place's document. Raises CorruptError."""
    folder = store.version_folder(version)
    tables = {shard: shards.read(folder, shard, columns) for shard in {place.shard for place in places}}
    return [tables[place.shard].slice(place.row, 1).to_pylist()[0] for place in places]
