import pytest

from corpusmill.errors import SpecError
from preprocess.clean.rules import Rule, resolve


@pytest.mark.parametrize(
    ("rule", "value", "refusal"),
    [
        ("alphabetic >= 0.6", 0.6, ""),
        ("alphabetic >= 0.6", 0.41, "alphabetic: 0.41 is below 0.6"),
        ("alphabetic>=0.6", 0.599999, "alphabetic: 0.599999 is below 0.6"),
        ("duplicate_lines <= 0.3", 0.3, ""),
        (" duplicate_lines  <=  0.30 ", 1.0, "duplicate_lines: 1 is above 0.3"),
        ("words <= 100000", 1234567.0, "words: 1234567 is above 100000"),
        ("words >= 1", 0.0, "words: 0 is below 1"),
    ],
)
def test_a_document_is_kept_or_left_out_with_a_reason(rule, value, refusal):
    assert resolve(rule, "mill.toml").refusal(value) == refusal


def test_a_rule_says_what_it_is():
    assert resolve("words >= 20", "mill.toml") == Rule("words", ">=", 20)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("alphabetical >= 0.6", "no signal is named 'alphabetical': did you mean alphabetic?"),
        ("alphabetic", "'alphabetic' is no rule: write it as alphabetic >= 0.6"),
        ("alphabetic > 0.6", "is no rule"),
        ("alphabetic = 0.6", "is no rule"),
        ("alphabetic >= -1", "is no rule"),
        ("alphabetic >= nan", "is no rule"),
        ("alphabetic >= 1e9", "is no rule"),
        ("0.3 >= alphabetic", "no signal is named '0'"),
        ("words >= " + "9" * 5000, "is no rule"),
        ("", "'' is no rule"),
        (">= 0.6", "is no rule"),
    ],
)
def test_a_wrong_rule_is_refused(rule, said):
    with pytest.raises(SpecError) as caught:
        resolve(rule, "mill.toml")
    assert str(caught.value).startswith("mill.toml: clean.keep: ")
    assert said in str(caught.value)
