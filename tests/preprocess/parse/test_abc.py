import pytest

from corpusmill import archive
from corpusmill.errors import ParseError
from corpusmill.types import Document
from preprocess.parse import abc
from preprocess.parse.abc import Options, cut, parse
from tests import needs
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


def read(text: str | bytes = TUNES, url="https://mill.example/tunes.abc", **options):
    body = text.encode() if isinstance(text, str) else text
    return list(parse(raw_file(url), body, Options(kind="abc", **options)))


def test_a_tune_begins_with_its_number_and_a_comment_is_a_drop():
    comment, first, second = read()
    assert comment.reason == "comment: X:1, lines: 1"
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
        ("X:1\nabc|\nK:G\n", "no tune: X:1 has no music"),
        ("X:1\nK:G\na|\n\nSung on the dam.\n\n", "remark: X:1, characters between empty lines: 16"),
        ("X:1\n%%scale 0.7\nK:G\n% quick\na|\n", "comment: X:1, lines: 2"),
        ("%abc-2.1\nC:Trad\n\nX:1\nK:G\na|\n", "header: 15 characters before the first tune"),
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


def test_a_header_ends_with_the_key_and_a_field_may_go_on():
    (tune,) = read(
        "X:1\nT:The Wheel\n+:of the Mill % quick\n+:\nS:5 \\% less\nS:Ada\n+:and Bo\nK:G\nM:6/8\na|[M:3/4]a|\n"
    )
    assert (tune.title, tune.meta["source"]) == ("The Wheel of the Mill", "5 \\% less")
    assert "meter" not in tune.meta


def test_remarks_leave_a_tune_whole():
    tune = read("X:1\nK:G\na|\n\nSung on the dam.\n \nW:round\n\nand round\n\n|:b:|\n")[-1]
    assert tune.text == "X:1\nK:G\na|\n\nW:round\n\n|:b:|"


def test_tunes_without_end_are_counted_not_read(monkeypatch):
    monkeypatch.setattr(abc, "MOST_TUNES", 2)
    monkeypatch.setattr(abc, "LONGEST_TUNE", 20)
    one, long, rest = read("X:1\nK:G\na|\nX:2\nK:G\n" + "a|" * 20 + "\nX:3\nK:G\na|\nX:4\nK:G\na|\n")
    assert isinstance(one, Document)
    assert long.reason == "too long: a tune of 49 characters"
    assert rest.reason == "too many tunes: 22 characters after 2"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("first", ["", "\ufeff", "%abc\n\n", "\n"])
def test_pieces_give_what_the_whole_gives(first, end):
    body = (first + TUNES * 3).replace("\n", end).encode()
    options, file = Options(kind="abc"), raw_file("https://mill.example/tunes.abc")
    whole = list(parse(file, body, options))
    for size in range(len(body)):
        at, tunes = cut(body[:size], options)
        if not at:
            assert tunes == 0
            continue
        pieces = [*parse(file, body[:at], options), *parse(file, body[at:], options, before=tunes)]
        assert pieces == whole


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32-be", "cp500"])
def test_what_is_not_written_with_ascii_is_not_cut(encoding):
    assert cut(TUNES.encode("utf-8"), Options(kind="abc", encoding=encoding)) == (0, 0)
    assert cut(TUNES.encode("utf-16"), Options(kind="abc")) == (0, 0)


def test_all_the_tunes_of_a_real_collection_are_read():
    path = needs.shared("web") / "codeload.github.com/jukedeck/nottingham-dataset/tar.gz/refs/heads/master"
    with path.open("rb") as stream:
        files = list(archive.members(stream, wanted=lambda name: name.endswith(".abc")))
    found = [result for name, body in files for result in read(body, url=f"https://mill.example/{name}")]
    tunes = [result for result in found if isinstance(result, Document)]
    assert len(tunes) == 1037
    assert all(tune.title and tune.meta["meter"] and tune.meta["key"] for tune in tunes)
    assert {drop.reason.partition(":")[0] for drop in found if not isinstance(drop, Document)} == {"comment"}
