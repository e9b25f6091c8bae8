from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusmill.errors import BuildError, SpecError
from corpusmill.spec import options
from corpusmill.store.ids import document_id
from corpusmill.types import SPLITS, Document
from preprocess.split import SplitOptions, assign, nanogpt

DEFAULT = SplitOptions().fractions
FRACTIONS = st.sampled_from([DEFAULT, (0.8, 0.2, 0.0), (0.01, 0.01, 0.98), (0.98, 0.01, 0.01)])


def documents(count: int, group: str = "", first: int = 0) -> list[Document]:
    ids = (document_id("mill", n) for n in range(first, first + count))
    return [Document(id=id_, text="corn", source="s", raw_sha256="r", group=group) for id_ in ids]


def test_splits_have_about_their_fractions():
    sizes = Counter(assign(documents(20_000), DEFAULT, "mill").values())
    assert [round(sizes[split] / 20_000, 2) for split in SPLITS] == [0.9, 0.05, 0.05]


def test_a_group_stays_together():
    together = [d for n in range(50) for d in documents(20, f"book {n}", 20 * n)]
    assigned = assign(together, DEFAULT, "mill")
    assert all(len({assigned[d.id] for d in together if d.group == f"book {n}"}) == 1 for n in range(50))


@given(st.integers(2, 40), FRACTIONS)
def test_no_split_that_is_needed_is_empty(count, fractions):
    found = set(assign(documents(count), fractions, "mill").values())
    needed = {"train", "validation"} | ({"test"} if count >= 3 and fractions[2] else set())
    assert needed <= found
    assert "test" in needed or count == 2 or "test" not in found


@given(st.integers(200, 300), st.integers(1, 100), FRACTIONS)
def test_adding_documents_moves_none_of_the_others(count, more, fractions):
    before = assign(documents(count), fractions, "mill")
    after = assign(documents(count + more), fractions, "mill")
    moved = [id_ for id_ in before if before[id_] != after[id_]]
    assert len(moved) <= 2  # at most those that an empty split had borrowed


def test_one_document_cannot_be_split():
    with pytest.raises(BuildError, match="mill: one document cannot be both"):
        assign(documents(1), DEFAULT, "mill")


def test_one_group_cannot_be_split():
    with pytest.raises(BuildError, match="mill: one document"):
        assign(documents(9, "a book"), DEFAULT, "mill")


@given(st.text(min_size=2))
def test_nanogpt_cuts_after_nine_tenths_of_the_characters(text):
    pieces = nanogpt(text)
    assert pieces["train"] + pieces["validation"] == text
    assert len(pieces["train"]) == int(len(text) * 0.9)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"scheme": "legacy:nanogtp"}, "no scheme is named 'legacy:nanogtp'; did you mean legacy:nanogpt?"),
        ({"scheme": "?"}, "no scheme is named '?'; schemes: document, legacy:nanogpt"),
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
