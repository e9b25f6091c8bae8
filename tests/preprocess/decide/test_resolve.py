from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusmill.errors import BuildError
from corpusmill.types import SPLITS, Drop
from preprocess.decide.resolve import resolve
from preprocess.recipe import check
from tests.preprocess.snapshots import corpus
from tests.preprocess.tables import document, joined

PROSE = [" ".join(f"{word}{n}" for word in ("the", "mill", "turns", "and", "grinds")) * 9 for n in range(9)]
NEAR = {"threshold": 0.8, "permutations": 32, "shingle": 2}
CLEANS = [
    {},
    {"dedup": False},
    {"near": NEAR},
    {"near": NEAR | {"keep": "all"}},
    {"dedup": False, "near": NEAR},
    {"dedup": False, "near": NEAR | {"keep": "all"}},
]
LEFT_OUT = [Drop(id=f"{n:032x}", step="parse", reason="retweet", source="file:b") for n in (900, 901)]


def resolved(folder, clean, *partitions, signals=0):
    recipe = check(corpus(clean=clean))
    parsed = joined(folder, *partitions, signals=signals, near_=recipe.clean.near)
    return resolve(parsed, recipe, "mill")


def shown(found):
    """What was decided, without the numbers of rows."""
    splits = {
        found.table.identity(int(row)): SPLITS[split] for row, split in zip(found.kept, found.splits, strict=True)
    }
    return splits, Counter((d.id, d.step, d.reason, d.source) for d in found.drops)


def some(copies: int = 3):
    """Documents of which three are the same to the letter, and three nearly."""
    texts = [text + " " * (n % 2) for text in PROSE for n in range(copies)]
    return [document(31 * n % 1009, text) for n, text in enumerate(texts)]


@pytest.mark.parametrize("clean", CLEANS, ids=str)
@settings(max_examples=8)
@given(random=st.randoms())
def test_every_document_is_decided_on_once_in_any_order(tmp_path_factory, clean, random):
    shuffled = random.sample(documents := some(), len(some()))
    folder = tmp_path_factory.mktemp("partitions")
    one = resolved(folder, clean, documents, LEFT_OUT)
    other = resolved(folder, clean, LEFT_OUT[:1], shuffled[:5], shuffled[5:], LEFT_OUT[1:])
    assert shown(one) == shown(other)
    assert one.parsed == len(documents) + len(LEFT_OUT) == len(one.kept) + len(one.drops)


@pytest.mark.parametrize(
    ("clean", "kept"),
    [({}, 18), ({"dedup": False}, 27), ({"near": NEAR}, 9), ({"dedup": False, "near": NEAR}, 9)],
    ids=str,
)
def test_copies_are_dropped_as_declared(tmp_path, clean, kept):
    assert len(resolved(tmp_path, clean, some()).kept) == kept


@pytest.mark.parametrize(
    ("clean", "together"),
    [
        ({"dedup": False}, str),
        ({"near": NEAR | {"keep": "all"}}, str.strip),
        ({"dedup": False, "near": NEAR | {"keep": "all"}}, str.strip),
    ],
    ids=str,
)
def test_copies_that_stay_are_in_one_split(tmp_path, clean, together):
    documents = some(copies=9)
    found, _ = shown(resolved(tmp_path, clean, documents))
    splits = {}
    for each in documents:
        if each.id in found:
            splits.setdefault(together(each.text), set()).add(found[each.id])
    assert all(len(of_one) == 1 for of_one in splits.values())
    assert len(set(found.values())) == 3


def test_a_link_by_text_joins_groups_when_near_duplicates_have_gone(tmp_path):
    documents = [document(n, PROSE[n % 3], group=f"book {n}") for n in range(30)]
    documents += [document(100 + n, PROSE[5] + f" {n}") for n in range(3)]
    found = resolved(tmp_path, {"dedup": False, "near": NEAR | {"threshold": 1.0}}, documents)
    assert len(found.kept) == 6
    assert len(found.drops) == 27


@pytest.mark.parametrize(
    ("rules", "kept", "reason"),
    [
        (["alphabetic >= 0.5"], [2, 3], "alphabetic: 0.25 is below 0.5"),
        (["alphabetic <= 0.5"], [0, 1, 2], "alphabetic: 0.75 is above 0.5"),
        (["alphabetic >= 0.1", "alphabetic <= 0.6"], [1, 2], "alphabetic: 0 is below 0.1"),
    ],
)
def test_what_breaks_a_rule_is_dropped_with_the_reason(tmp_path, rules, kept, reason):
    documents = [
        document(n, f"corn {n}", signals={"alphabetic": value}) for n, value in enumerate((0, 0.25, 0.5, 0.75))
    ]
    found = resolved(tmp_path, {"keep": rules}, documents, signals=1)
    assert [int(found.table.identity(int(row)), 16) for row in found.kept] == kept
    assert {d.step for d in found.drops} == {"keep"}
    assert reason in {d.reason for d in found.drops}


def test_a_document_that_breaks_a_rule_is_no_keeper_of_its_twins(tmp_path):
    documents = [document(n, "corn" if n < 3 else f"stone {n}", signals={"alphabetic": 0.2 + n / 4}) for n in range(5)]
    found = resolved(tmp_path, {"keep": ["alphabetic >= 0.3"]}, documents, signals=1)
    assert {d.id[-1]: d.reason.partition(":")[0] for d in found.drops} == {"0": "alphabetic", "2": "same text"}


def test_when_nothing_is_left_the_reasons_are_named(tmp_path):
    documents = [document(1, "corn", signals={"alphabetic": 0.1})]
    with pytest.raises(BuildError, match=r"mill: all 3 documents were left out \(alphabetic, retweet\): give other"):
        resolved(tmp_path, {"keep": ["alphabetic >= 0.3"]}, documents, LEFT_OUT, signals=1)
