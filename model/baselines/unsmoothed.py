"""Goldberg's unsmoothed model: what comes next is what came next, as often, after the same last characters.

    scores(both, (4, 10), reset=0)                  # how many characters it could predict at all, and at what price
    decoded = vocabulary.decode(write(train, order=10, length=400, seed=1))

Goldberg 2015, "The unreasonable effectiveness of Character-level Language Models": the relative frequencies of the
training text given `order` characters, nothing else; its answer to Karpathy's post of that name. It writes well, for a
long enough order since it recites, and gives no chance to what it has not seen. So a text has no score under it unless
every character could be foreseen: told are the share of those that could, and what these cost.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.baselines.backwards import Rows, Sorted, heard
from preprocess.vocab import Ids

ORDERS = (4, 7, 10, 20)  # of the essay's samples, and the longest of its code


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a model of one order makes of a text."""

    order: int  # characters that it looks back on
    nats: NDArray[np.float64]  # -ln p of every id, infinite where it has never followed; [m]


def scores(both: Sorted, orders: Sequence[int] = ORDERS, *, reset: int = 0) -> list[Foreseen]:
    """-ln p of every id of a text for each order; an id with fewer before it is predicted from those.

    `both` is sorted at least one deeper than the highest order.
    """
    available, chances = heard(len(both.text), reset), [np.zeros(len(both.text)) for _ in orders]
    contexts, last = np.full(len(both.train), len(both.train), np.int32), both.places == len(both.train) - 1
    for length in range(1, max(orders) + 2):
        numbers, counts = _counted(both, length)
        for order, found in zip(orders, chances, strict=True):
            those = available == length - 1 if length <= order else available >= length - 1
            if length <= order + 1:
                asked = np.flatnonzero(those & (both.matched >= length))
                found[asked] = counts[numbers[both.rows[asked]]] / contexts[both.rows[asked - 1]]
        counts[numbers[last]] -= 1  # nothing follows the end
        contexts = counts[numbers]
    with np.errstate(divide="ignore"):
        return [Foreseen(order, -np.log(found)) for order, found in zip(orders, chances, strict=True)]


def _counted(both: Sorted, length: int) -> tuple[Rows, Rows]:
    """Row -> number of its n-gram, [n]; how often each occurs."""
    first = np.flatnonzero(both.starts(length))
    counts = np.diff(first, append=len(both.train)).astype(np.int32)
    return np.repeat(np.arange(len(first), dtype=np.int32), counts), counts


def write(train: Ids, order: int, length: int, seed: int) -> Ids:
    """Ids drawn from the model, [length]; the same seed gives the same.

    It begins as the training text does, with its first `order` ids, and does so again where it has come to the end of
    the training text and nothing else ever followed.
    """
    both = Sorted.of(train, train[:0], order)
    numbers, counts = _counted(both, order)
    ends, rank = np.cumsum(counts), np.empty(len(train), np.int32)
    rank[both.places] = np.arange(len(train), dtype=np.int32)
    draw, written, place = np.random.default_rng(seed), np.empty(length, train.dtype), -1
    for index in range(length):
        if place < min(order, len(train)) - 1:
            place += 1
        else:
            end, count = (int(array[numbers[rank[place]]]) for array in (ends, counts))
            place = _next(both.places[end - count : end], len(train) - 1, draw)
        written[index] = train[place]
    return written


def _next(alike: Rows, last: int, draw: np.random.Generator) -> int:
    """The place after one of those that look the same back; 0 where there is none but the text's last."""
    if len(alike) == 1 and alike[0] == last:
        return 0
    while (place := int(draw.choice(alike))) == last:
        pass
    return place + 1
