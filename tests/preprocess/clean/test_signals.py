import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocess.clean.signals import SIGNALS, measure


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("words", "three old mills", 3),
        ("lines", "a\n\n \nb", 2),
        ("mean_word_length", "a bcd", 2),
        ("distinct_words", "the mill the mill", 0.5),
        ("words_with_letters", "a 1 b2 --", 0.5),
        ("alphabetic", "aé1 ", 0.5),
        ("digits", "a1٣ ", 0.5),
        ("uppercase", "AÉa1", 0.5),
        ("whitespace", "a \n\u00a0", 0.75),
        ("symbols", "a-+ ", 0.5),
        ("top_character", "aab  ", 0.666667),
        ("entropy", "abab", 1),
        ("entropy", "aaaa", 0),
        ("entropy", "abcdéfgh", 3),
        ("longest_line", "a\n bcd \n", 3),
        ("short_lines", "a\n" + "b" * 31, 0.5),
        ("bullets", "• a\n* b\n- c\nd", 0.75),
        ("ellipses", "a...\nb…\nc.\nd", 0.5),
        ("ends_in_punctuation", 'a.\nb?"\n是。\nd', 0.75),
        ("duplicate_lines", "aa\nbb\n aa \naa", 0.5),
        ("duplicate_grams", "a b c d e f g h", 0),
        ("duplicate_grams", "a b c d e a b c d e", 0.5),
        ("duplicate_grams", "a a a a a a", 0.833333),
        ("top_pair", "a b c a b d", 0.666667),
        ("top_pair", "a b c d", 0),
        ("top_pair", "a a a a", 1),
    ],
)
def test_a_signal_is_what_it_says(name, text, value):
    assert measure(text, [name]) == {name: value}


def test_only_what_is_asked_for_is_measured_in_that_order():
    assert list(measure("a", ["words", "alphabetic"])) == ["words", "alphabetic"]
    assert measure("a", []) == {}


def test_a_text_that_repeats_itself_is_small_when_packed():
    assert measure("mill and wheel " * 100, ["compressed"])["compressed"] < 0.05
    assert measure("q", ["compressed"])["compressed"] > 1


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\ud800"])
def test_every_signal_is_defined_where_there_is_nothing(text):
    values = measure(text, list(SIGNALS))
    assert {name for name, value in values.items() if value} <= {
        "whitespace",
        "compressed",
        "entropy",
    } or text == "\ud800"
    assert all(map(math.isfinite, values.values()))


@given(st.text(st.characters() | st.sampled_from("ab \n.")))
def test_every_signal_is_finite_and_a_share_is_one(text):
    values = measure(text, list(SIGNALS))
    assert all(type(value) is float and math.isfinite(value) and value >= 0 for value in values.values())
    numbers = {"words", "lines", "mean_word_length", "entropy", "compressed", "longest_line"}
    assert all(value <= 1 for name, value in values.items() if name not in numbers)
    assert values == measure(text, list(SIGNALS))


@given(st.lists(st.sampled_from("ab"), max_size=30))
def test_runs_that_stood_before_are_found_as_a_plain_search_finds_them(words):
    again = {
        index + offset
        for index in range(len(words) - 4)
        if any(words[at : at + 5] == words[index : index + 5] for at in range(index))
        for offset in range(5)
    }
    expected = round(len(again) / len(words), 6) if words else 0
    assert measure(" ".join(words), ["duplicate_grams"])["duplicate_grams"] == expected
