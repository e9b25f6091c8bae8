import pytest

from corpusmill.errors import ParseError
from corpusmill.types import Document
from preprocess.parse.lines import Options, cut, parse
from tests.preprocess.snapshots import raw_file

NAMES = b"# from a parish book\nAda\n\nBert\r\n# the end\nCy\n \n"


@pytest.mark.parametrize(
    ("options", "texts", "drops"),
    [
        ({}, ["# from a parish book\nAda", "Bert\n# the end\nCy"], 0),
        ({"comment": "#"}, ["Ada", "Bert\nCy"], 2),
        ({"unit": "line"}, ["# from a parish book", "Ada", "Bert", "# the end", "Cy"], 0),
        ({"unit": "line", "comment": "#"}, ["Ada", "Bert", "Cy"], 2),
    ],
)
def test_a_document_is_a_paragraph_or_a_line_and_a_comment_is_a_drop(options, texts, drops):
    results = list(parse(raw_file("file:names.txt"), NAMES, Options(kind="lines", **options)))
    assert [r.text for r in results if isinstance(r, Document)] == texts
    assert [r.reason for r in results if not isinstance(r, Document)] == ["comment"] * drops
    assert len({r.id for r in results}) == len(results)


def test_a_declared_encoding_is_used_and_recorded():
    (document,) = parse(raw_file("file:a"), "25°".encode("cp437"), Options(kind="lines", encoding="cp437"))
    assert document.text == "25°"
    assert document.meta == {"encoding": "cp437", "line": 1}


@pytest.mark.parametrize("body", [b"", b"\n\n \n", b"a\0b"])
def test_a_file_without_text_is_refused(body):
    with pytest.raises(ParseError):
        list(parse(raw_file("file:a"), body, Options(kind="lines")))


@pytest.mark.parametrize(
    ("options", "body", "found"),
    [
        ({}, b"Ada\nBert\n\nCy\nDan", (10, 3)),
        ({}, b"Ada\r\nBert\r\n\r\nCy", (13, 3)),
        ({}, b"Ada\rBert\r\rCy", (10, 3)),
        ({}, b"Ada\nBert\n", (0, 0)),
        ({"unit": "line"}, b"Ada\n\nBe", (5, 2)),
        ({"unit": "line"}, b"Ada\rBert\r", (4, 1)),
        ({"unit": "line"}, b"Ada", (0, 0)),
        ({"unit": "line"}, "Ada\nBe".encode("utf-16"), (0, 0)),
        ({"unit": "line", "encoding": "utf-16-le"}, b"A\0\n\0", (0, 0)),
        ({"unit": "line", "encoding": "utf-7"}, b"A\nB", (0, 0)),
        ({"unit": "line", "encoding": "cp437"}, b"A\nB", (2, 1)),
    ],
)
def test_a_long_text_is_cut_where_a_unit_ends(options, body, found):
    assert cut(body, Options(kind="lines", **options)) == found


@pytest.mark.parametrize("options", [{}, {"unit": "line"}, {"unit": "line", "comment": "#"}, {"comment": "#"}])
@pytest.mark.parametrize("seen", range(10, 40, 3))
def test_pieces_give_what_the_whole_gives(options, seen):
    body, options = NAMES * 2 + b"\n\nDan\n", Options(kind="lines", **options)
    end, before = cut(body[:seen], options)
    pieces = (
        [*parse(raw_file("u"), body[:end], options), *parse(raw_file("u"), body[end:], options, before)] if end else []
    )
    assert not end or sorted(r.id for r in pieces) == sorted(r.id for r in parse(raw_file("u"), body, options))
