from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.baselines.backwards import Sorted, heard

TEXTS = st.lists(st.integers(0, 2), max_size=40)


def back(text, place, length):
    """The ids that end at a place, from the last back, at most so many."""
    return text[max(0, place + 1 - length) : place + 1][::-1]


def common(one, other):
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


@settings(max_examples=200, deadline=None)
@given(TEXTS.filter(bool), TEXTS, st.integers(1, 8))
def test_places_are_sorted_by_what_ends_there_and_others_fall_where_they_fit_best(train, text, deepest):
    both = Sorted.of(np.array(train, np.uint8), np.array(text, np.uint8), deepest)
    whole = [back(train, place, len(train)) for place in both.places]

    assert sorted(both.places.tolist()) == list(range(len(train)))
    assert whole == sorted(whole)
    assert both.shared.tolist() == [0, *(min(common(*pair), deepest) for pair in pairwise(whole))]
    for place in range(len(text)):
        asked = back(text, place, len(text))
        most = max(min(common(asked, row), deepest) for row in whole)
        assert both.matched[place] == most
        assert not most or min(common(asked, whole[both.rows[place]]), deepest) == most


@settings(max_examples=100, deadline=None)
@given(TEXTS.filter(bool), st.integers(0, 8))
def test_rows_between_two_starts_have_the_same_ngram(train, length):
    both = Sorted.of(np.array(train, np.uint8), np.array([], np.uint8), 8)
    grams = [
        tuple(back(train, place, length)) if place + 1 >= length else ("short", place) for place in both.places.tolist()
    ]
    begins = both.starts(length).tolist()

    assert begins == [row == 0 or grams[row] != grams[row - 1] for row in range(len(grams))]
    assert sum(begins) == len(set(grams))


def test_the_row_of_the_place_before_is_known():
    both = Sorted.of(np.array([2, 0, 1, 0, 2], np.uint8), np.array([], np.uint8), 3)

    before = both.places[both.before()]

    assert [(p, b) for p, b in zip(both.places.tolist(), before.tolist(), strict=True) if p] == [
        (place, place - 1) for place in both.places.tolist() if place
    ]


@pytest.mark.parametrize(
    ("reset", "expected"),
    [(0, [0, 1, 2, 3, 4, 5, 6]), (1, [0, 1, 1, 1, 1, 1, 1]), (3, [0, 1, 2, 3, 1, 2, 3]), (9, [0, 1, 2, 3, 4, 5, 6])],
)
def test_a_context_begins_anew_as_a_hidden_state_does(reset, expected):
    assert heard(7, reset).tolist() == expected
