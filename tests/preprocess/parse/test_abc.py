import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusmill.errors import ParseError
from corpusmill.types import Document
from preprocess.parse.abc import Options, parse
from tests.preprocess.snapshots import raw_file

TUNES = """X: 1
T:The Wheel % as Ada called it
T:also The Old Wheel
% noted at the mill
S:Ada
M:6/8
K:G
"G"G2B dBG|[M:3/4]"D"A3|:"G"G3:|
K:D

|:d3 d3:|

X:2
K:Am
A4|
"""


def read(text: str | bytes = TUNES, **options):
    body = text.encode() if isinstance(text, str) else text
    return list(parse(raw_file("https://mill.example/tunes.abc"), body, Options(kind="abc", **options)))


def test_a_tune_begins_with_its_number_and_a_comment_is_a_drop():
    comment, first, second = read()
    assert comment.reason == "comment: line 4"
    assert first.text == TUNES.partition("\n\nX:2")[0].replace("% noted at the mill\n", "")
    assert second.text == "X:2\nK:Am\nA4|"
    assert first.title == "The Wheel"
    assert first.meta == {"tune": 1, "number": "1", "key": "G", "meter": "6/8", "source": "Ada", "encoding": "utf-8"}
    assert second.meta == {"tune": 2, "number": "2", "key": "Am", "encoding": "utf-8"}


def test_comments_are_kept_where_declared():
    first, _ = read(comments=True)
    assert "% noted at the mill" in first.text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("X:1\nT:a\nM:4/4\nabc|\n", "no tune: X:1 has no key (K:)"),
        ("X:1\nK:\nabc|\n", "no tune: X:1 has no key (K:)"),
        ("X:1\nT:a\nK:G\n", "no tune: X:1 has no music"),
        ("X:1\nT:a\nK:G\n\nP:A\n", "no tune: X:1 has no music"),
        ("Tunes\n\nX:1\nK:G\nabc|\n", "header: 5 characters before the first tune"),
    ],
)
def test_what_is_no_tune_is_a_drop(text, reason):
    assert [r.reason for r in read(text) if not isinstance(r, Document)] == [reason]


def test_line_ends_make_no_difference_and_two_tunes_of_one_number_are_two():
    unix, dos = read("X:1\nK:G\na|\nX:1\nK:G\nb|\n"), read("X:1\r\nK:G\r\na|\r\nX:1\r\nK:G\r\nb|\r\n")
    assert [d.text for d in unix] == [d.text for d in dos] == ["X:1\nK:G\na|", "X:1\nK:G\nb|"]
    assert len({d.id for d in unix}) == 2


@pytest.mark.parametrize(
    ("body", "message"), [(b"", "empty: "), (b"MThd\0", "binary: "), (b"Not Found", "not ABC: no line begins with X:")]
)
def test_a_file_without_tunes_is_refused(body, message):
    with pytest.raises(ParseError, match=f"^{message}"):
        read(body)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["X:", "K:G", "%", "a|", "\n", "T:", "\r", " ", "\xff"]), max_size=30))
def test_any_bytes_are_tunes_or_a_parse_error(parts):
    try:
        results = read("".join(parts).encode("latin-1"))
    except ParseError as error:
        assert ": " in error.message
    else:
        assert len({r.id for r in results}) == len(results)
