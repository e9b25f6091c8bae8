from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusmill import spec
from corpusmill.errors import SpecError
from corpusmill.types import Document, Drop
from preprocess.clean.rare import RareOptions, apply, rare
from tests.preprocess.clean.test_steps import document

COUNTS = {"a": 100, "b": 5, "é": 4, "☃": 1, "\ufffd": 1}


def options(then="replace", **more):
    return RareOptions(fewer_than=5, then=then, **more)


@pytest.mark.parametrize(
    ("given_options", "found"),
    [
        (options(), {"é", "☃"}),
        (options("remove"), {"é", "☃", "\ufffd"}),
        (options(replacement="☃"), {"é", "\ufffd"}),
        (RareOptions(fewer_than=101), {"a", "b", "é", "☃"}),
    ],
)
def test_what_occurs_too_seldom_is_rare_but_never_what_replaces_it(given_options, found):
    assert rare(COUNTS, given_options) == found


@pytest.mark.parametrize(
    ("then", "text", "result", "count"),
    [
        ("replace", "aé☃a☃", "a\ufffd\ufffda\ufffd", 3),
        ("remove", "aé☃a☃", "aa", 3),
        ("replace", "ab", "ab", 0),
        ("replace", "ö", "ö", 0),
        ("remove", "é ☃", "rare characters: 3, and nothing else", 0),
        ("drop", "aé☃", "rare characters: U+00E9, U+2603", 0),
    ],
)
def test_rare_characters_are_replaced_removed_or_a_reason(then, text, result, count):
    after = apply(replace(document(text), meta={"kept": 1}), frozenset("é☃"), options(then))
    if isinstance(after, Drop):
        assert (after.step, after.reason) == ("rare", result)
    else:
        assert (after.text, after.meta) == (result, {"kept": 1} | ({"rare_characters": count} if count else {}))


def test_a_document_without_them_is_left_as_it_is():
    plain = document("ab")
    assert apply(plain, frozenset("é"), options()) is plain
    assert apply(plain, frozenset(), options()) is plain
    assert apply(plain, frozenset("b"), options()).text == "a\ufffd"


@given(st.lists(st.text(), min_size=1), st.integers(2, 4), st.sampled_from(["replace", "remove"]))
def test_what_is_left_is_nowhere_rare(texts, fewer, then):
    chosen = RareOptions(fewer_than=fewer, then=then)
    counts = Counter("".join(texts))
    results = [apply(document(text), rare(counts, chosen), chosen) for text in texts]
    left = Counter("".join(result.text for result in results if isinstance(result, Document)))
    assert all(counts[character] >= fewer for character in left if character != "\ufffd")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"fewer_than": 1, "then": "drop"}, "fewer_than is 2 or more"),
        ({"fewer_than": 5, "replacement": ""}, "replacement is one character"),
        ({"fewer_than": 5, "replacement": "ab"}, "replacement is one character"),
        ({"fewer_than": 5, "then": "hide"}, "clean.rare.then"),
        ({"fewer": 5}, "unknown key 'clean.rare.fewer'"),
    ],
)
def test_a_wrong_option_is_refused_by_name(table, said):
    with pytest.raises(SpecError, match=said):
        spec.options(RareOptions, table, "mill.toml", "clean.rare")
