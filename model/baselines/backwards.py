"""The places of a training text sorted by what stands there, read backwards, and where another text falls among them.

    both = Sorted.of(train, text, deepest=20)
    both.starts(3)              # where in this order another trigram begins than in the row above

A *place* is an index into a text; its *k-gram* is the k ids that end there; a *row* is an index into the sorted places.
Places whose k-grams are equal have neighbouring rows, for every k at once, so counting n-grams of any order is counting
rows between two starts, and the k-grams that end in a (k-1)-gram are the starts within its rows. The suffixes of the
reversed text are sorted by libdivsufsort (`pydivsufsort`).

Beside the ids this keeps 5 bytes for each of the training text and 9 for each of the other; sorting takes 8 more for
each of both (13 or 25 with ids that take 2 or 4 bytes). It knows no characters and no models.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocess.vocab import Ids

DEEPEST = 254  # of the lengths that are told apart; they are kept in a byte

Rows = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Sorted:
    """A training text in that order, and for each place of another text its nearest row."""

    train: Ids  # [n]
    places: Rows  # [n], row -> place
    shared: NDArray[np.uint8]  # [n], ids that a row has in common with the row above, at most `deepest`
    text: Ids  # [m]
    rows: Rows  # [m], place of the text -> the row that has the most in common with it
    matched: NDArray[np.uint8]  # [m], how many ids that is, at most `deepest`

    @classmethod
    def of(cls, train: Ids, text: Ids, deepest: int) -> "Sorted":
        """Sort a training text, which has at least one id, with the text that is to be looked up in it."""
        assert len(train), "there is nothing to look up in"
        assert 0 < deepest <= DEEPEST, "a length is kept in a byte"
        order = _order(train, text)
        of_train = order <= len(train) - 1  # the training text comes first, then an end mark, then the other
        places = (len(train) - 1 - order[of_train]).astype(np.int32)
        shared = np.zeros(len(train), np.uint8)
        shared[1:] = _common(train, places[1:], train, places[:-1], deepest)
        above = np.empty(len(text), np.int32)  # the last row before the text's place
        looked_up = np.flatnonzero(order > len(train))
        above[len(train) + len(text) - order[looked_up]] = looked_up - np.arange(len(looked_up)) - 2
        rows, matched = _nearest(train, places, text, above, deepest)
        return cls(train, places, shared, text, rows, matched)

    def starts(self, length: int) -> NDArray[np.bool_]:
        """Of each row whether another `length`-gram begins there than in the row above, [n].

        A place with too little before it has none, and then a row's start for itself alone.
        """
        found: NDArray[np.bool_] = self.shared < length
        found[0] = True
        return found

    def before(self) -> Rows:
        """Row -> the row of the place before, [n]; of the first place, which has none, some row or other."""
        rank = np.empty(len(self.places), np.int32)
        rank[self.places] = np.arange(len(rank), dtype=np.int32)
        found: Rows = rank[self.places - 1]
        return found


def heard(count: int, reset: int) -> NDArray[np.int64]:
    """How many ids before it each of `count` may be predicted from, [count]: all, or the last 1 to `reset` of them.

    The context begins anew before 0, reset, 2 reset … are read, as in scoring with a network.
    """
    places = np.arange(count)
    return places - np.maximum(places - 1, 0) // reset * reset if reset else places


def _order(train: Ids, text: Ids) -> NDArray[np.int32]:
    """The suffixes of the reversed training text, an end mark, and the reversed text, sorted: where each begins."""
    from pydivsufsort import divsufsort

    highest = max(int(part.max(initial=0)) for part in (train, text))
    symbols = np.zeros(len(train) + 1 + len(text), f">u{_width(highest + 1)}")  # 0 is the end mark
    symbols[: len(train)] = train[::-1]
    symbols[: len(train)] += 1
    symbols[len(train) + 1 :] = text[::-1]
    symbols[len(train) + 1 :] += 1
    order: NDArray[np.int32] = divsufsort(symbols.view(np.uint8))
    width = symbols.itemsize  # big-endian bytes sort as the numbers do
    return order if width == 1 else order[order % width == 0] // width


def _width(highest: int) -> int:
    """Bytes that numbers up to this need: 1, 2 or 4."""
    return np.min_scalar_type(highest).itemsize


def _nearest(train: Ids, places: Rows, text: Ids, above: Rows, deepest: int) -> tuple[Rows, NDArray[np.uint8]]:
    """Of the rows around each place of a text the one that has more in common with it, and how much that is."""
    here, edged = np.arange(len(text), dtype=np.int32), np.concatenate([places, np.array([-1], np.int32)])
    over = _common(text, here, train, edged[above], deepest)  # edged[-1] and edged[n] are no place
    under = _common(text, here, train, edged[above + 1], deepest)
    return np.where(over >= under, above, above + 1).astype(np.int32), np.maximum(over, under)


def _common(one: Ids, here: Rows, other: Ids, there: Rows, deepest: int) -> NDArray[np.uint8]:
    """How many ids two texts have in common going back from pairs of places, at most `deepest`; -1 is no place."""
    found = np.zeros(len(here), np.uint8)
    live: NDArray[Any] = np.arange(len(here), dtype=np.int32)
    for depth in range(deepest):
        left, right = here[live] - depth, there[live] - depth
        live = live[(one[left] == other[right]) & (left >= 0) & (right >= 0)]
        if not len(live):
            break
        found[live] += 1
    return found
