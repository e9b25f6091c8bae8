import pytest

from corpusmill.errors import ParseError
from preprocess.parse.pairs import Options, cut, parse
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


@pytest.mark.parametrize("seen", [3, 8, 20, 30])
def test_pieces_give_what_the_whole_gives(seen):
    body, options, file = b"a\tb\nno pair\r\nc\td\n\ne\tf", Options(kind="pairs"), raw_file("u")
    end, before = cut(body[:seen], options)
    pieces = [*parse(file, body[:end], options), *parse(file, body[end:], options, before)] if end else []
    assert not end or pieces == list(parse(file, body, options))


def test_a_file_that_shows_no_pair_for_long_is_given_up():
    with pytest.raises(ParseError, match=r"^no pairs: "):
        read("a\n" * 10_001 + "a\tb")
