from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusmill.errors import BuildError, SpecError
from corpusmill.spec import options
from corpusmill.types import SPLITS
from preprocess.decide.split import SplitOptions, assign, group_hash

DEFAULT = SplitOptions().fractions
FRACTIONS = st.sampled_from([DEFAULT, (0.8, 0.2, 0.0), (0.01, 0.01, 0.98), (0.98, 0.01, 0.01)])


def groups(count: int, each: int = 1, first: int = 0) -> np.ndarray:
    """The groups of documents, `each` of them in one."""
    return np.array([group_hash(f"book {n}") for n in range(first, first + count) for _ in range(each)], np.uint64)


def test_splits_have_about_their_fractions():
    sizes = Counter(assign(groups(20_000), DEFAULT, "mill").tolist())
    assert [round(sizes[split] / 20_000, 2) for split in range(len(SPLITS))] == [0.9, 0.05, 0.05]


def test_a_group_stays_together_wherever_its_documents_lie():
    together = groups(50, each=20)
    order = np.random.default_rng(1).permutation(len(together))
    assigned = assign(together[order], DEFAULT, "mill")
    for group in set(together.tolist()):
        assert len(set(assigned[together[order] == np.uint64(group)].tolist())) == 1
    assert assigned.tolist() == assign(together, DEFAULT, "mill")[order].tolist()


def test_a_groups_place_is_its_hash():
    assert group_hash("mill") == 0xC74B2E87E08BCE29
    hashed = groups(1000)
    at = hashed / 2.0**64
    assert assign(hashed, (0.5, 0.25, 0.25), "mill").tolist() == [0 if p < 0.5 else 1 if p < 0.75 else 2 for p in at]


@given(st.integers(2, 40), FRACTIONS)
def test_no_split_that_is_needed_is_empty(count, fractions):
    found = {SPLITS[place] for place in assign(groups(count), fractions, "mill").tolist()}
    needed = {"train", "validation"} | ({"test"} if count >= 3 and fractions[2] else set())
    assert needed <= found
    assert "test" in needed or count == 2 or "test" not in found


@given(st.integers(200, 300), st.integers(1, 100), FRACTIONS)
def test_adding_documents_moves_none_of_the_others(count, more, fractions):
    before = assign(groups(count), fractions, "mill")
    after = assign(groups(count + more), fractions, "mill")
    assert (before != after[:count]).sum() <= 2  # at most those that an empty split had borrowed


@pytest.mark.parametrize("alone", [groups(1), groups(1, each=9)])
def test_one_document_or_group_cannot_be_split(alone):
    with pytest.raises(BuildError, match="mill: one document cannot be both"):
        assign(alone, DEFAULT, "mill")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"scheme": "legacy:nanogtp"}, "no scheme is named 'legacy:nanogtp'; did you mean legacy:nanogpt"),
        ({"scheme": "?"}, "no scheme is named '?'; schemes: document, legacy:char-rnn, legacy:nanogpt"),
        ({"scheme": "legacy:char-rnn:0x50"}, "no scheme is named 'legacy:char-rnn:0x50'"),
        ({"fractions": [0.5, 0.5, 0.5]}, "fractions must add up to 1"),
        ({"fractions": [1.0, 0.0, 0.0]}, "split.fractions[1]: Expected `float` > 0.0"),
        ({"fractions": [0.9, 0.1]}, "split.fractions: Expected `array` of length 3"),
        ({"seed": 1}, "unknown key 'split.seed'"),
    ],
)
def test_a_wrong_split_is_refused(table, said):
    with pytest.raises(SpecError) as caught:
        options(SplitOptions, table, "mill.toml", "split")
    assert said in str(caught.value)


def test_char_rnn_can_be_asked_for_with_other_batches():
    assert options(SplitOptions, {"scheme": "legacy:char-rnn:100x50"}, "mill.toml", "split").scheme.endswith("100x50")
