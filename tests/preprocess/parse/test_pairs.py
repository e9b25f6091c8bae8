import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusmill.errors import ParseError
from corpusmill.types import Document
from preprocess.parse.pairs import Options, parse
from tests.preprocess.snapshots import raw_file


def read(text: str | bytes, **options):
    body = text.encode() if isinstance(text, str) else text
    return list(parse(raw_file("https://mill.example/fra.txt"), body, Options(kind="pairs", **options)))


def test_a_pair_is_a_document_and_translations_of_one_sentence_stay_together():
    first, second, third = read("Turn.\tTourne.\r\nTurn.\tTournez.\n\nOpen.\tOuvert.\tCC-BY by ada\n")
    assert [d.text for d in (first, second, third)] == ["Turn.\tTourne.", "Turn.\tTournez.", "Open.\tOuvert."]
    assert [d.group for d in (first, second, third)] == ["Turn.", "Turn.", "Open."]
    assert third.meta == {"line": 4, "attribution": "CC-BY by ada", "encoding": "utf-8"}
    assert len({d.id for d in (first, second, third)}) == 3


@pytest.mark.parametrize(("option", "text", "spaces"), [("plain", "Va !", 1), ("keep", "Va\u202f!", None)])
def test_narrow_spaces_become_plain_and_are_counted_unless_declared_otherwise(option, text, spaces):
    (pair,) = read("Go.\tVa\u202f!", spaces=option)
    assert (pair.text, pair.meta.get("spaces")) == (f"Go.\t{text}", spaces)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Turn.", "no pair: line 1 has 1 columns"),
        ("a\tb\tc\td", "no pair: line 1 has 4 columns"),
        ("\tTourne.", "no pair: a side of line 1 is empty"),
        ("Turn.\t\u202f\tx", "no pair: a side of line 1 is empty"),
    ],
)
def test_a_line_that_is_no_pair_is_a_drop(line, reason):
    result, _ = read(f"{line}\na\tb")
    assert result.reason == reason


@pytest.mark.parametrize(
    ("body", "message"),
    [(b"", "empty: "), (b"a\tb\0", "binary: "), (b"<html>\n", "no pairs: "), (b"a\nb\n", "no pairs: ")],
)
def test_a_file_without_pairs_is_refused(body, message):
    with pytest.raises(ParseError, match=f"^{message}"):
        read(body)


@settings(deadline=None)
@given(st.text(st.sampled_from("ab\t\n\r \u202f\u2028é"), max_size=60))
def test_every_line_is_a_pair_or_a_drop(text):
    try:
        results = read(text)
    except ParseError as error:
        assert ": " in error.message
    else:
        assert all(d.text.count("\t") == 1 for d in results if isinstance(d, Document))
        assert len({r.id for r in results}) == len(results)
