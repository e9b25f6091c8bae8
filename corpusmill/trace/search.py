"""What of a text stands word for word in sorted parts. Pure; it knows no versions, documents or fetches.

    found = maximal(parts, text)                    # every longest stretch that is there, from left to right
    cover(found, minimum=20)                        # without overlaps, the longest first
    novelty(found, len(text), range(5, 51))         # of the text's n-grams, the share that is nowhere
    where(parts, "the very words")                  # how often, in which part first, and where in it

A stretch is maximal when neither the character before it nor the one after it can be added. Their starts and their ends
rise together, so what is found at a place follows from them: the reach of the last one that starts there or before.

Lengths and places in the text are in characters. Parts are searched by bytes, which sort as their characters do.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from corpusmill.trace.index import Part
from corpusmill.types import Progress, silent

_NARROW = 64  # bytes compared at first; most stretches are shorter
_WIDER = 16  # times as many where they were not enough
_TOLD = 4096  # stretches between two words on progress


@dataclass(frozen=True, slots=True)
class Stretch:
    """Characters `start` to `end` of a text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Novelty:
    """Of the runs of `n` characters of a text, each place counted, how many are nowhere in the training text."""

    n: int
    novel: int
    of: int
    share: float  # from 0, all of them are there, to 1, none is


def maximal(parts: Sequence[Part], text: str, progress: Progress = silent) -> list[Stretch]:
    """Every maximal stretch of a text that is in one of the parts, from left to right."""
    octets = text.encode("utf-8", "surrogatepass")  # a lone surrogate, which a terminal can hand over, is nowhere
    edges = [*np.flatnonzero((np.frombuffer(octets, np.uint8) & 0xC0) != 0x80).tolist(), len(octets)]  # noqa: PLR2004 - RFC 3629, 3

    @cache
    def reach(start: int) -> int:
        """Where the longest stretch from `start` ends."""
        length = max((_longest(part, octets, edges[start]) for part in parts), default=0)
        return bisect_right(edges, edges[start] + length) - 1

    found: list[Stretch] = []
    for stretch in _stretches(reach, len(text)):
        found.append(stretch)
        if not len(found) % _TOLD:
            progress("trace", stretch.end, len(text), "searching")
    return found


def cover(found: Iterable[Stretch], minimum: int) -> list[Stretch]:
    """Stretches of at least `minimum` characters that do not overlap, the longest first.

    The longest of all is taken, the leftmost of equals; then the longest in what is left of it and in what is right of
    it, others cut where they run into it; and so on.
    """
    starts, ends = (np.array([getattr(s, side) for s in found], np.int64) for side in ("start", "end"))
    taken, free = [], [(0, int(ends[-1]) if len(ends) else 0)]
    while free:
        left, right = free.pop()
        first, last = np.searchsorted(ends, left, "right"), np.searchsorted(starts, right, "left")
        lengths = np.minimum(ends[first:last], right) - np.maximum(starts[first:last], left)
        if not len(lengths) or lengths.max() < minimum:
            continue
        best = int(lengths.argmax())
        start = max(int(starts[first + best]), left)
        end = start + int(lengths[best])
        taken.append(Stretch(start, end))
        free += [(left, start), (end, right)]
    return sorted(taken, key=lambda s: (s.start - s.end, s.start))


def novelty(found: Iterable[Stretch], length: int, sizes: Iterable[int]) -> tuple[Novelty, ...]:
    """How new the runs of each size are in a text of `length` characters; sizes beyond it are left out."""
    starts, ends = (np.array([0, *(getattr(s, side) for s in found)], np.int64) for side in ("start", "end"))
    places = np.arange(length)
    reached = ends[np.searchsorted(starts, places, "right") - 1] - places
    return tuple(_novelty(n, reached[: length - n + 1]) for n in sizes if n <= length)


def pooled(texts: Iterable[Iterable[Novelty]]) -> tuple[Novelty, ...]:
    """The novelty of several texts together, each run counted once for each of its places."""
    sums: dict[int, tuple[int, int]] = {}
    for one in (one for of_text in texts for one in of_text):
        novel, of = sums.get(one.n, (0, 0))
        sums[one.n] = novel + one.novel, of + one.of
    return tuple(Novelty(n, novel, of, novel / of) for n, (novel, of) in sorted(sums.items()))


def where(parts: Sequence[Part], words: str) -> tuple[int, int, int]:
    """How often the parts have these words, the number of the first that does, and the first place in it.

    Raises ValueError where they are nowhere.
    """
    octets, times, first = words.encode(), 0, None
    for number, part in enumerate(parts):
        low, high = (side(part.order, octets, key=_reader(part, len(octets))) for side in (bisect_left, bisect_right))
        if high > low:
            times += high - low
            first = first or (number, part.order.least(low, high))
    if not first:
        raise ValueError(f"{words!r} is in none of the parts")
    return times, *first


def _novelty(n: int, reached: NDArray[np.int64]) -> Novelty:
    """`reached` is how far from each place the text goes on as somewhere in the training text."""
    novel = int(np.count_nonzero(reached < n))
    return Novelty(n, novel, len(reached), novel / len(reached))


def _stretches(reach: Callable[[int], int], length: int) -> Iterator[Stretch]:
    start = end = 0
    while end < length:
        end = reach(start)
        if end > start:
            yield Stretch(start, end)
        end = max(end, start + 1)  # a character that is nowhere is passed over
        start = _next(reach, start, end)


def _next(reach: Callable[[int], int], start: int, end: int) -> int:
    """The first place after `start` from where a stretch goes beyond `end`, `end` at the latest.

    Which places do not is settled by doubling steps: from one that does, so do all that follow.
    """
    step = 1
    while start + step < end and reach(start + step) <= end:
        start, step = start + step, 2 * step
    return bisect_right(range(end), end, start + 1, min(start + step, end), key=reach)


def _longest(part: Part, octets: bytes, start: int) -> int:
    """How many bytes from `start` on are in a part, beginning with a character."""
    width = _NARROW
    while (length := _nearest(part, octets[start : start + width])) == width:
        width *= _WIDER
    return length


def _nearest(part: Part, wanted: bytes) -> int:
    """How many bytes of `wanted` its neighbours in order have."""
    reader = _reader(part, len(wanted))
    at = bisect_left(part.order, wanted, key=reader)
    beside = range(max(at - 1, 0), min(at + 1, len(part.order)))
    return max((_common(wanted, reader(part.order[index])) for index in beside), default=0)


def _reader(part: Part, size: int) -> Callable[[int], bytes]:
    text = part.text
    return lambda place: text[place : place + size]


def _common(one: bytes, other: bytes) -> int:
    """How many bytes two begin with alike."""
    size = min(len(one), len(other))
    differ = int.from_bytes(one[:size]) ^ int.from_bytes(other[:size])
    return size - (differ.bit_length() + 7) // 8
