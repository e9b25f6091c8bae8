import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.baselines.backwards import Sorted
from model.baselines.kneser_ney import FALLBACK, discounts, nats, of_orders

TEXTS = st.lists(st.integers(0, 3), min_size=1, max_size=60)


class Plain:
    """The same from the formulas, one n-gram at a time."""

    def __init__(self, train: list[int], size: int, order: int) -> None:
        self.size, self.counts, self.discounts = size, [], []
        for n in range(1, order + 1):
            grams = [(tuple(train[i : i + n]), train[i - 1] if i else None) for i in range(len(train) - n + 1)]
            counts = Counter(gram for gram, _ in (grams if n == order else set(grams)))
            self.counts.append(counts)
            self.discounts.append(self.estimated(list(counts.values())))

    def estimated(self, counts: list[int]) -> list[float]:
        n1, n2, n3, n4 = (counts.count(i) for i in (1, 2, 3, 4))
        if n1 and n2 and n3 and n4:
            y = n1 / (n1 + 2 * n2)
            found = [0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3]
            if min(found[1:]) > 0:
                return found
        return [0, 0.5, 1, 1.5]

    def chance(self, word: int, context: tuple[int, ...]) -> float:
        lower = self.chance(word, context[1:]) if context else 1 / self.size
        counts, held = self.counts[len(context)], self.discounts[len(context)]
        after = [count for gram, count in counts.items() if gram[:-1] == context]
        if not after:
            return lower
        count = counts[*context, word]
        back = sum(held[min(c, 3)] for c in after)
        return (count - held[min(count, 3)] + back * lower) / sum(after)


def ids(values) -> np.ndarray:
    return np.array(values, np.uint8)


def costs(train, text, size, order, reset=0):
    return nats(Sorted.of(ids(train), ids(text), order), size, order, reset=reset)


@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS, st.integers(1, 6), st.integers(0, 7))
def test_every_id_costs_what_the_formulas_say(train, text, order, reset):
    plain, found = Plain(train, 4, order), costs(train, text, 4, order, reset)

    for place, word in enumerate(text):
        begun = (place - 1) // reset * reset if reset and place else 0
        context = tuple(text[max(begun, place - order + 1) : place])
        assert found[place] == pytest.approx(-math.log(plain.chance(word, context)), abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(TEXTS, TEXTS, st.integers(1, 8))
def test_the_chances_of_all_ids_add_up_to_one_whatever_was_before(train, context, order):
    chances = [math.exp(-costs(train, [*context, word], 5, order)[-1]) for word in range(5)]

    assert sum(chances) == pytest.approx(1, abs=1e-5)
    assert min(chances) > 0


@pytest.mark.parametrize("order", [1, 2, 5, 20, 60])
@pytest.mark.parametrize("train", [[0], [1, 1, 1], [0, 1] * 40, [0, 1, 2, 3]])
def test_texts_too_short_or_too_regular_to_count_are_scored(train, order):
    found = costs(train, [0, 1, 2, 3, 0, 1], 4, order)

    assert found.dtype == np.float32
    assert np.isfinite(found).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_ids_of_any_width_cost_the_same(dtype):
    draw = np.random.default_rng(3)
    train, text = draw.integers(0, 6, 500).astype(dtype), draw.integers(0, 6, 80).astype(dtype)
    shift = {np.uint8: 249, np.uint16: 60_000, np.uint32: 70_000}[dtype]

    found = nats(Sorted.of(train + dtype(shift), text + dtype(shift), 5), 6, 5)

    assert found == pytest.approx(costs(train, text, 6, 5))


def test_nothing_costs_nothing():
    assert costs([1, 2], [], 3, 4).shape == (0,)


def test_discounts_are_estimated_from_how_many_have_each_count():
    assert discounts(np.repeat([1, 2, 3, 4, 9], [40, 20, 10, 5, 8])) == pytest.approx([0, 0.5, 1.25, 2.0])


@pytest.mark.parametrize("counts", [[], [1, 1, 2, 3], [1, 2, 3, 3, 3, 3, 4]])
def test_where_they_cannot_be_estimated_they_are_kenlms(counts):
    assert tuple(discounts(np.array(counts, np.int32))[1:]) == FALLBACK


def test_what_recurs_is_foreseen_and_progress_is_told():
    train, told = list(b"the wind and the sea and the wind and the ship. ") * 5, []
    both = Sorted.of(ids(train), ids(list(b"the wind and the sea")), 20)

    found = nats(both, 256, 20, progress=lambda *said: told.append(said))

    assert found[8:].mean() < 0.3
    assert [said[:3] for said in told] == [("n-grams", done, 20) for done in range(21)]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=40), st.lists(st.integers(0, 3), max_size=30))
def test_several_orders_in_one_pass_cost_what_each_costs_alone(train, text):
    both = Sorted.of(ids(train), ids(text), 7)

    found = list(of_orders(both, 4, [1, 2, 5, 7], reset=9))

    for order, those in zip([1, 2, 5, 7], found, strict=True):
        assert those == pytest.approx(nats(both, 4, order, reset=9), abs=0)
