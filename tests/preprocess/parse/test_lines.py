import pytest

from corpusmill.errors import ParseError
from corpusmill.types import Document
from preprocess.parse.lines import Options, parse
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
    assert document.meta == {"encoding": "cp437", "paragraph": 1}


@pytest.mark.parametrize("body", [b"", b"\n\n \n", b"a\0b"])
def test_a_file_without_text_is_refused(body):
    with pytest.raises(ParseError):
        list(parse(raw_file("file:a"), body, Options(kind="lines")))
