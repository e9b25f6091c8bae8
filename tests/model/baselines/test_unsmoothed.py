import math
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.baselines.backwards import Sorted
from model.baselines.unsmoothed import scores, write

TEXTS = st.lists(st.integers(0, 2), min_size=1, max_size=50)


def followers(train, order) -> dict:
    """As the essay has it: what came after each run of ids, and how often."""
    found = defaultdict(Counter)
    for place in range(order, len(train)):
        found[tuple(train[place - order : place])][train[place]] += 1
    return found


@settings(max_examples=100, deadline=None)
@given(TEXTS, TEXTS, st.integers(1, 5), st.integers(0, 6))
def test_an_id_costs_how_seldom_it_followed(train, text, order, reset):
    both = Sorted.of(np.array(train, np.uint8), np.array(text, np.uint8), order + 1)

    (found,) = scores(both, (order,), reset=reset)

    for place, word in enumerate(text):
        begun = (place - 1) // reset * reset if reset and place else 0
        context = tuple(text[max(begun, place - order) : place])
        after = followers(train, len(context)).get(context, Counter())
        expected = -math.log(after[word] / after.total()) if after[word] else math.inf
        assert found.nats[place] == pytest.approx(expected)
    assert found.order == order


@settings(max_examples=50, deadline=None)
@given(TEXTS, st.integers(1, 5), st.integers(0, 3))
def test_it_writes_only_what_has_followed(train, order, seed):
    written = write(np.array(train, np.uint8), order, 60, seed).tolist()

    after, ending = followers(train, order), tuple(train[-order:])
    assert written[: min(order, len(train))] == train[:order]
    place = order
    while place < len(written):
        context = tuple(written[place - order : place])
        if written[place] in after[context]:
            place += 1
            continue
        assert len(train) < order or context == ending  # it has come to the end, and begins anew
        assert written[place : place + order] == train[:order][: len(written) - place] or len(train) < order
        place += order


def test_the_same_seed_writes_the_same():
    train = np.random.default_rng(1).integers(0, 5, 2000).astype(np.uint8)

    assert (write(train, 3, 200, 7) == write(train, 3, 200, 7)).all()
    assert (write(train, 3, 200, 7) != write(train, 3, 200, 8)).any()


def test_each_follower_is_drawn_as_often_as_it_came():
    train = np.array([0, 1, 0, 1, 0, 1, 0, 2] * 50, np.uint8)

    written = write(train, 1, 8000, 0)

    after = written[1:][written[:-1] == 0]
    assert (after == 1).mean() == pytest.approx(0.75, abs=0.02)
