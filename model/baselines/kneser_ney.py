"""Modified Kneser-Ney, interpolated: the strongest of the classical n-gram models, over ids.

    both = Sorted.of(train, text, deepest=20)
    nats(both, size=len(vocabulary), order=20)          # -ln p of every id of the text
    list(of_orders(both, len(vocabulary), [6, 8, 20]))  # the same for each of these

Chen and Goodman 1998 (An empirical study of smoothing techniques for language modeling, Harvard
TR-10-98). With a(hw) the count of an n-gram, h' the context h without its first id, and D = 0, D1, D2, D3+ for counts
of 0, 1, 2, and 3 or more:

    p(w | h) = (a(hw) - D(a(hw))) / a(h·) + (sum over v of D(a(hv))) / a(h·) * p(w | h')
    a(h·) = sum over v of a(hv)
    D1 = 1 - 2 Y n2/n1,   D2 = 2 - 3 Y n3/n2,   D3+ = 3 - 4 Y n4/n3,   Y = n1 / (n1 + 2 n2),   ni n-grams have a = i

At the highest order a is how often the n-gram occurs; below, how many different ids stand before it, the beginning of
the text being one more. Below order 1 every id is as likely: 1 / size. Each order has discounts of its own. A context
that the training text does not have, or only at its very end, says nothing: p(w | h) = p(w | h'). So for every context
the probabilities of all ids add up to 1.

Where no n-gram of an order has one of the counts 1 to 4, or a discount is not above 0, all three are 0.5, 1 and 1.5, as
in KenLM with --discount_fallback. At order 1 that is the rule: few characters are so rare.

The orders are gone through once, from 1 up, and only what the text asks for is worked out, so memory does not grow with
the order: at most 80 bytes for each id of the training text and 80 for each of the text, `Sorted` included. Time grows
with order times length, and with the logarithm of it that sorting takes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpusmill.types import Progress, silent
from model.baselines.backwards import Rows, Sorted, heard

ORDER = 20
FALLBACK = (0.5, 1.0, 1.5)
_MANY = 3  # counts from here on have one discount

Nats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Level:
    """The n-grams of one order, numbered in the order of their rows, and the contexts before their last ids."""

    counts: NDArray[np.int32]  # of each n-gram, as its order counts
    discounts: NDArray[np.float64]  # [4], by count
    totals: NDArray[np.float64]  # of each context: what its n-grams count together
    held_back: NDArray[np.float64]  # of each context: what is discounted from them together


def nats(both: Sorted, size: int, order: int = ORDER, *, reset: int = 0, progress: Progress = silent) -> Nats:
    """-ln p of every id of the text given those before it, [m]; `size` is the vocabulary's, unknown included.

    The first id is predicted from nothing, each later one from the `order` - 1 before it or as many as there are; with
    `reset` N the context begins anew every N ids.
    """
    (found,) = of_orders(both, size, [order], reset=reset, progress=progress)
    return found


def of_orders(
    both: Sorted, size: int, orders: Sequence[int], *, reset: int = 0, progress: Progress = silent
) -> Iterator[Nats]:
    """The same for several orders, given from low to high, in little more than the time of the highest."""
    chances, available, last = np.full(len(both.text), 1 / size), heard(len(both.text), reset), orders[-1]
    live = np.arange(len(chances))  # places of the text whose context is known to the training text so far
    before = both.before()
    contexts, starts = np.zeros(len(both.train), np.int32), both.starts(1)  # row -> number of its context; of no ids
    for length in range(1, last + 1):
        progress("n-grams", length - 1, last, f"order {length} of {last}, {len(both.train):,} characters counted")
        numbers = _numbered(starts)
        live = live[(available[live] >= length - 1) & (both.matched[live - 1] >= length - 1)] if length > 1 else live
        if length in orders:
            highest, found = _level(both, length, starts, None, contexts, before), chances.copy()
            _mix(both, length, highest, numbers, live, contexts, found)
            yield -np.log(found).astype(np.float32)
        if length < last:
            longer = both.starts(length + 1)
            level = _level(both, length, starts, longer, contexts, before)
            live = _mix(both, length, level, numbers, live, contexts, chances)
            contexts, starts = numbers, longer
    progress("n-grams", last, last, f"order {last}, {len(both.text):,} characters scored")


def discounts(counts: NDArray[Any]) -> NDArray[np.float64]:
    """D for the counts 0, 1, 2, and 3 and more, estimated from what n-grams were counted."""
    n = np.bincount(np.minimum(counts, 5), minlength=6).astype(np.float64)
    if n[1:5].all():
        share = n[1] / (n[1] + 2 * n[2])
        found = [0.0, *(i - (i + 1) * share * n[i + 1] / n[i] for i in (1, 2, 3))]
        if min(found[1:]) > 0:
            return np.array(found)
    return np.array([0.0, *FALLBACK])


def _level(
    both: Sorted,
    length: int,
    starts: NDArray[np.bool_],
    longer: NDArray[np.bool_] | None,
    contexts: Rows,
    before: Rows,
) -> _Level:
    """Count the n-grams of a length, and what they add up to for each context of one id less."""
    first = np.flatnonzero(starts)
    ends = np.append(first[1:], len(starts))
    if longer is None:
        counts = (ends - first).astype(np.int32)
    else:
        within = np.cumsum(longer, dtype=np.int32)  # n-grams of one more up to each row
        counts = within[ends - 1] - within[first] + 1
    counts[both.places[first] < length - 1] = 0  # too near the beginning to be an n-gram
    held = discounts(counts)
    of = contexts[before[first]] if length > 1 else np.zeros(len(first), np.int32)
    many = int(contexts[-1]) + 1
    totals, held_back = (np.bincount(of, part, many) for part in (counts, held[np.minimum(counts, _MANY)]))
    return _Level(counts, held, totals.astype(np.float64, copy=False), held_back.astype(np.float64, copy=False))


def _mix(
    both: Sorted,
    length: int,
    level: _Level,
    numbers: Rows,
    live: NDArray[np.int64],
    contexts: Rows,
    chances: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Turn p(w | h') into p(w | h), where the context h says something; returns these places of the text."""
    asked = contexts[both.rows[live - 1]]
    live, asked = live[level.totals[asked] > 0], asked[level.totals[asked] > 0]
    counts = np.where(both.matched[live] >= length, level.counts[numbers[both.rows[live]]], 0)
    kept: NDArray[np.float64] = counts - level.discounts[np.minimum(counts, _MANY)]
    chances[live] = (kept + level.held_back[asked] * chances[live]) / level.totals[asked]
    return live


def _numbered(starts: NDArray[np.bool_]) -> Rows:
    """Row -> number of the n-gram that it belongs to."""
    found = np.cumsum(starts, dtype=np.int32)
    found -= 1
    return found
