import random

import pytest

from corpusmill.errors import ParseError
from preprocess.parse.text import Options, cut, parse
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


def shapes():
    chance = random.Random(1)
    words = ["grain", "wheel", "mühle", "the", "stone", "weir"]
    line = lambda: " ".join(chance.choices(words, k=chance.randint(1, 15)))  # noqa: E731 - a row of a table
    long = " ".join(chance.choices(words, k=3_000))
    return {
        "paragraphs": "\n\n".join("\n".join(line() for _ in range(chance.randint(1, 90))) for _ in range(400)),
        "lines": "\n" + "\n".join(line() for _ in range(16_000)),
        "long lines": "\n".join(long for _ in range(50)),
        "long paragraphs": "\n \n\n".join("\n".join(line() for _ in range(3_000)) for _ in range(5)),
    }


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["", "iso-8859-15"])
@pytest.mark.parametrize("shape", shapes())
def test_a_file_in_pieces_gives_what_the_whole_gives(shape, encoding, end):
    options, file = Options(kind="text", encoding=encoding), raw_file("file:a")
    whole = shapes()[shape].replace("\n", end).encode(encoding or "utf-8")
    pieces, rest, before = [], whole, 0
    while len(rest) > 300_000:
        length, records = cut(rest[:300_000], options)
        pieces += parse(file, rest[:length], options, before=before)
        rest, before = rest[length:], before + records
    assert before > 20
    assert [*pieces, *parse(file, rest, options, before=before)] == list(parse(file, whole, options))


@pytest.mark.parametrize(
    ("body", "options"),
    [
        (b"x" * 9_000, OPTIONS),
        (PARAGRAPHS.encode("utf-16"), OPTIONS),
        (PARAGRAPHS.encode("utf-32-be"), Options(kind="text", encoding="utf-32-be")),
        (b"\0\xff" * 9_000, OPTIONS),
        (b"", OPTIONS),
    ],
)
def test_what_has_no_line_ends_is_not_cut(body, options):
    assert cut(body, options) == (0, 0)


def test_a_piece_that_cannot_be_read_is_left_to_reading_it():
    assert cut(b"\0 a mill\nand", OPTIONS) == (8, 1)
    assert list(parse(raw_file("file:a"), b"\n", OPTIONS, before=3)) == []
