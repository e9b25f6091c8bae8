"""How often each character occurs, counted at memory speed from UTF-8 as it lies in an Arrow buffer.

    histogram = Histogram()
    histogram.add("To be — or".encode())
    histogram.counts()                          # {" ": 3, "T": 1, "b": 1, "e": 1, "o": 2, "r": 1, "—": 1}

ASCII never leaves UTF-8: bytes are counted two at a time, and the table of pairs is folded at the end. Of the rest only
the multi-byte characters are decoded. Sums are exact and do not depend on how the text came in pieces, so histograms
of parts of a corpus, made by other processes, are merged; long pieces are counted faster (a GB a second, half of that
by the document of a few kB). It knows no documents, splits or files.
"""

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Buffer: TypeAlias = bytes | bytearray | memoryview | pa.Buffer

_SLICE = 1 << 20  # bytes counted at a time: what is held beside the text stays in the processor's cache
_SHORT = 1 << 16  # bytes below which filling a table of all pairs would cost more than counting them one by one
_BYTES = 0x100
_PAIRS = 0x10000
_ASCII = bytes(range(0x80))
_LONGEST = 4  # bytes of a character
_WITHIN = 0x80  # the high bits of a byte within a character are 10


class Histogram:
    """Counts by code point, in half a megabyte, or up to nine where the rarest characters of Unicode occur."""

    def __init__(self) -> None:
        """Nothing counted yet."""
        self._pairs = np.zeros(_PAIRS, np.int64)  # of neighbouring bytes
        self._bytes = np.zeros(_BYTES, np.int64)  # of those that were counted alone
        self._points = np.zeros(len(_ASCII), np.int64)  # of characters beyond ASCII, as far as they go

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> "Histogram":
        """What `counts` gave, to count on from."""
        made = cls()
        made.add_counts(counts)
        return made

    def add(self, utf8: Buffer) -> None:
        """Count the characters of text, which is valid UTF-8: it is not checked."""
        data = memoryview(utf8).cast("B")
        start = 0
        while start < len(data):
            end = _character_start(data, start + _SLICE)
            self._count(data[start:end])
            start = end

    def add_counts(self, counts: Mapping[str, int]) -> None:
        """Add what another histogram's `counts` gave."""
        points = np.zeros(max(map(ord, counts), default=0) + 1, np.int64)
        points[list(map(ord, counts))] = list(counts.values())
        self._add(points)

    def merge(self, other: "Histogram") -> None:
        """Add what another histogram counted."""
        self.add_counts(other.counts())

    def counts(self) -> dict[str, int]:
        """Character -> how often it occurs, by code point; JSON as it stands, and what `of` takes."""
        pairs = self._pairs.reshape(_BYTES, _BYTES)
        points = self._points.copy()
        points[: len(_ASCII)] += (pairs.sum(axis=0) + pairs.sum(axis=1) + self._bytes)[: len(_ASCII)]
        return {chr(point): int(points[point]) for point in np.flatnonzero(points)}

    def _count(self, data: memoryview) -> None:
        """Count a slice that ends where a character does."""
        self._count_bytes(np.frombuffer(data, np.uint8))
        if np.frombuffer(data, np.int8).min() < 0:
            beyond = data.tobytes().translate(None, _ASCII).decode()
            self._add(np.bincount(np.frombuffer(beyond.encode("utf-32-le"), "<u4")))

    def _count_bytes(self, data: NDArray[np.uint8]) -> None:
        """Count bytes, two at a time where there are many."""
        even = len(data) - len(data) % 2 if len(data) >= _SHORT else 0
        if even:
            self._pairs += np.bincount(data[:even].view(np.uint16), minlength=_PAIRS)
        self._bytes += np.bincount(data[even:], minlength=_BYTES)

    def _add(self, points: NDArray[np.int64]) -> None:
        """Add counts by code point."""
        if len(points) > len(self._points):
            self._points = np.pad(self._points, (0, len(points) - len(self._points)))
        self._points[: len(points)] += points


def _character_start(data: memoryview, place: int) -> int:
    """The last place up to `place` where a character starts, or the end of the data."""
    if place >= len(data):
        return len(data)
    starts = (place - back for back in range(_LONGEST) if data[place - back] & 0xC0 != _WITHIN)
    return next(starts, place)
