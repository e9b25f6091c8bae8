"""How much of the held-out text is in the training text too, to the letter: what a model may know by heart.

    measure(validation_texts, training_texts)
    -> {"window": 64, "windows": 5000, "found": 12, "share": 0.0024, ...}

The held-out texts are cut into windows of 64 characters, one after the other, and each is looked for at every place of
the training texts. White space counts as one space, so that a text with other line ends is still the same. A window is
found when it is there letter by letter: hashes only say where to look.

The share says how far a validation loss may be that of recall. It counts whatever recurs: a licence at the head of each
file, a refrain, a table of zeros, a quotation. Two pieces of prose written apart share next to no window of 64, so in
prose 0.01 is a quotation or two, and 0.1 are copies. It does not see a text in which every few dozen characters differ,
nor one that was translated, and it is that of the samples it is given: what lies in neither is not looked for.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Points = NDArray[np.uint32]  # code points, or hashes of windows
Places = NDArray[np.int64]

WINDOW = 64  # characters: about ten words, longer than set phrases are
_BASE = 0x9E3779B1  # odd, its bits in disorder (2**32 over the golden ratio): what windows are polynomials in
_SHIFT = 10  # 22 bits of a hash are looked up first: 4 MB of marks, of which a sample of 4 MB sets a 64th
_PIECE = 1 << 15  # characters hashed at a time: tables of them and the marks stay in a processor's cache
_BLOCK = 1 << 12  # windows compared at a time
_BETWEEN = "\n"  # no window has one, so none is found across two texts


def measure(held: Sequence[str], train: Iterable[str], *, window: int = WINDOW) -> dict[str, Any]:
    """How much of the held-out texts is in the training texts, as plain JSON.

    ``held_documents``, ``held_characters`` and ``train_characters`` say what was compared, white space as one space;
    ``documents_short`` how many held-out texts have no whole window. Of ``windows`` in the others ``found`` are in the
    training texts, a ``share`` from 0 to 1 (0 of none). ``documents_touched`` are the texts with a window found,
    ``documents_most`` those with more than half of theirs found, ``share_most`` their share of the texts with windows.

    Memory: about a dozen times the held-out texts and 8 MB; of the training texts one at a time.
    """
    texts = [_evened(text) for text in held]
    places: dict[str, int] = {}
    cut = [[places.setdefault(part, len(places)) for part in _windows(text, window)] for text in texts]
    there, characters = _look(list(places), train, window)
    found = [sum(there[place] for place in parts) for parts in cut]
    counts = [len(parts) for parts in cut]
    measured = sum(count > 0 for count in counts)
    most = sum(2 * hits > count for hits, count in zip(found, counts, strict=True))
    return {
        "window": window,
        "held_documents": len(texts),
        "held_characters": sum(map(len, texts)),
        "train_characters": characters,
        "windows": sum(counts),
        "found": sum(found),
        "share": _share(sum(found), sum(counts)),
        "documents_short": len(texts) - measured,
        "documents_touched": sum(hits > 0 for hits in found),
        "documents_most": most,
        "share_most": _share(most, measured),
    }


def _evened(text: str) -> str:
    return " ".join(text.split())


def _windows(text: str, window: int) -> Iterator[str]:
    return (text[start : start + window] for start in range(0, len(text) - window + 1, window))


def _share(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 0.0


def _look(windows: Sequence[str], train: Iterable[str], window: int) -> tuple[list[bool], int]:
    """Which of the windows, all different, are in the training texts; and how many characters were looked through."""
    looker = _Looker(windows, window)
    waiting: list[str] = []
    size = characters = 0
    for text in map(_evened, train):
        waiting.append(text)
        size += len(text)
        characters += len(text)
        if size >= _PIECE:  # short texts are looked through together
            looker.look(_BETWEEN.join(waiting))
            waiting, size = [], 0
    looker.look(_BETWEEN.join(waiting))
    return looker.found.tolist(), characters


class _Looker:
    """Windows to look for, sorted by hash, and which of them were found."""

    def __init__(self, windows: Sequence[str], window: int) -> None:
        self.window = window
        self.powers, self.inverse = (_powers(base, _PIECE + window) for base in (_BASE, pow(_BASE, -1, 1 << 32)))
        self.points = _points("".join(windows)).reshape(-1, window)
        hashes = self._hash_rows()
        self.order = np.argsort(hashes, kind="stable")
        self.hashes = hashes[self.order]
        self.marks = np.zeros(1 << 32 >> _SHIFT, np.bool)
        self.marks[self.hashes >> np.uint32(_SHIFT)] = True
        counts = np.unique_counts(self.hashes).counts
        self.alike = int(counts.max()) if len(counts) else 0  # windows of one hash: now and then two
        self.found = np.zeros(len(windows), np.bool)

    def look(self, text: str) -> None:
        """Mark the windows that a text has, wherever they start."""
        for start in range(0, len(text) - self.window + 1, _PIECE):
            points = _points(text[start : start + _PIECE + self.window - 1])
            hashes = self._hash(points)
            places = np.flatnonzero(self.marks.take(hashes >> np.uint32(_SHIFT), mode="wrap"))
            first = np.searchsorted(self.hashes, hashes[places])
            for rank in range(self.alike):
                at = np.minimum(first + rank, len(self.hashes) - 1)
                same = self.hashes[at] == hashes[places]
                self._compare(points, places[same], self.order[at[same]])

    def _compare(self, points: Points, places: Places, which: Places) -> None:
        """Mark those of the windows that are at these places letter by letter."""
        missing = ~self.found[which]
        places, which = places[missing], which[missing]
        here = sliding_window_view(points, self.window)
        for start in range(0, len(places), _BLOCK):
            part = slice(start, start + _BLOCK)
            equal = (here[places[part]] == self.points[which[part]]).all(axis=1)
            self.found[which[part][equal]] = True

    def _hash(self, points: Points) -> Points:
        """The hash of each window of consecutive code points: the sum of its terms, moved back to the beginning."""
        sums = np.zeros(len(points) + 1, np.uint32)
        np.cumsum(points * self.powers[: len(points)], dtype=np.uint32, out=sums[1:])
        hashes: Points = sums[self.window :] - sums[: -self.window]
        hashes *= self.inverse[: len(hashes)]
        return hashes

    def _hash_rows(self) -> Points:
        hashes: Points = (self.points * self.powers[: self.window]).sum(axis=1, dtype=np.uint32)
        return hashes


def _points(text: str) -> Points:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def _powers(base: int, count: int) -> Points:
    factors = np.full(count, base, np.uint32)
    factors[0] = 1
    return np.cumprod(factors, dtype=np.uint32)
