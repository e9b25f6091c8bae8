import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from preprocess.decide.union import join, singletons

PAIRS = st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)))


def joined(pairs) -> list[int]:
    lowest = singletons(20)
    join(lowest, np.array([a for a, _ in pairs], np.int64), np.array([b for _, b in pairs], np.int64))
    return lowest.tolist()


def one_by_one(pairs) -> list[int]:
    lowest = list(range(20))
    for a, b in pairs:
        one, other = sorted((lowest[a], lowest[b]))
        lowest = [one if row == other else row for row in lowest]
    return lowest


@given(PAIRS, st.randoms())
def test_each_row_gets_the_lowest_of_its_set_in_any_order_of_pairs(pairs, random):
    assert joined(pairs) == one_by_one(pairs)
    assert joined(random.sample(pairs, len(pairs))) == joined(pairs)


def test_what_is_joined_bit_by_bit_is_what_is_joined_at_once():
    lowest = singletons(20)
    for pair in [(5, 9), (9, 12), (3, 12)]:
        join(lowest, *(np.array([row]) for row in pair))
    assert lowest.tolist() == joined([(5, 9), (9, 12), (3, 12)])


def test_a_chain_of_any_length_is_one_set():
    lowest = singletons(100_000)
    rows = np.random.default_rng(1).permutation(100_000)
    join(lowest, rows[1:], rows[:-1])
    assert not lowest.any()
