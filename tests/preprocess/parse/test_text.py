import pytest

from corpusmill.errors import ParseError
from preprocess.parse.text import Options, parse
from tests.preprocess.snapshots import raw_file

OPTIONS = Options(kind="text")
PROSE = "The wheel turns and the stone grinds. " * 8
PARAGRAPHS = "\n\n".join([PROSE] * 200)


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_what_ends_a_line_makes_no_difference(end):
    written = (PARAGRAPHS.replace("\n", e).encode() for e in ("\n", end))
    unix, other = ([d.text for d in parse(raw_file("file:a"), body, OPTIONS)] for body in written)
    assert other == unix


def test_a_passage_knows_its_file_its_place_and_how_it_was_read():
    first, *_ = parse(raw_file("file:my mill.txt"), b"\xef\xbb\xbf" + PROSE.encode() + b"\r\n\r\nmore", OPTIONS)
    assert (first.title, first.meta) == ("my mill.txt", {"passage": 1, "encoding": "utf-8"})


@pytest.mark.parametrize(("body", "reason"), [(b"", "empty"), (b" \n", "empty"), (b"GIF89a\0", "binary")])
def test_a_file_without_text_is_refused(body, reason):
    with pytest.raises(ParseError, match=f"^{reason}: "):
        list(parse(raw_file("file:a"), body, OPTIONS))
