"""Parsers by looking: each kind of material gives the [parse] that reads it, and a golden pair of it."""

import json

import pytest

from corpusmill.errors import ParseError
from preprocess import propose

PROSE = "\n\n".join(f"The {n} mills grind slowly, and {n} stones turn; who counts to {n * n}?" for n in range(40))
PAGE = f"<!doctype html><html><body><nav>Home</nav><article><p>{PROSE}</p></article></body></html>"
TUNE = "X:1\nT:The Mill\nM:4/4\nL:1/8\nK:D\nDEFG ABcd|\n\nX:2\nT:The Stone\nM:3/4\nK:G\nGAB|\n"
RECIPE = {
    "@context": "https://schema.org",
    "@type": "Recipe",
    "name": "Bread",
    "recipeIngredient": ["500 g flour", "water"],
}
LINKED = json.dumps({**RECIPE, "recipeInstructions": "Mix and bake it."})
RECIPE_PAGE = f'<html><head><script type="application/ld+json">{LINKED}</script></head><body>x</body></html>'
WIKI = (
    '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.10/"><page><title>Mill</title><ns>0</ns><id>1</id><revision>'
    "<id>2</id><text>A '''mill''' grinds grain into flour, by water or by wind.</text></revision></page></mediawiki>"
)
EBOOK = "THE PROJECT GUTENBERG EBOOK MILLS ***"
BOOK = f"Title: Mills\n\n*** START OF {EBOOK}\n\n{PROSE}\n\n*** END OF {EBOOK}\n"


@pytest.mark.parametrize(
    ("name", "body", "table"),
    [
        ("poem.txt", PROSE, {"kind": "lines", "unit": "paragraph"}),
        ("names.txt", "\n".join(["Ann", "Bob", "Cid"] * 20), {"kind": "lines", "unit": "line"}),
        ("pairs.txt", "\n".join(f"Go {n}.\tVa {n}.\tCC-BY" for n in range(30)), {"kind": "pairs"}),
        ("mill.py", "def grind():\n    return 'flour'\n", {"kind": "code"}),
        ("mill.tex", "\\documentclass{article}\n\\begin{document}\nA mill.\n\\end{document}\n", {"kind": "latex"}),
        ("page.html", PAGE, {"kind": "html"}),
        ("bread.html", RECIPE_PAGE, {"kind": "recipes"}),
        ("tunes.abc", TUNE, {"kind": "abc"}),
        ("wiki.xml", WIKI, {"kind": "mediawiki"}),
        ("book.txt", BOOK, {"kind": "book"}),
        (
            "songs.json",
            json.dumps([{"id": "7", "words": f"The mill {n} goes round"} for n in range(5)]),
            {"kind": "lyrics", "lyrics": "words"},
        ),
    ],
)
def test_what_a_file_looks_like_decides_how_it_is_read(name, body, table):
    proposal = propose.propose([(name, body.encode())])
    assert proposal.parse == table
    ((made, sample),) = propose.golden(proposal.parse, [(name, body.encode())]).items()
    assert made == name
    assert 0 < len(sample) <= propose.LARGEST


TWEET = b'{"created_at": "Mon", "id_str": "17", "full_text": "The mill turns", "retweeted": false}\n'
SONG = b"MThd" + bytes((0, 0, 0, 6, 0, 0, 0, 1, 0, 96))


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ([("https://mill.example/", "text/html; charset=utf-8", PAGE.encode())], "html"),
        ([("https://mill.example/page", "", PAGE.encode())], "html"),
        ([("https://mill.example/page.html?a=b.txt", "", PAGE.encode())], "html"),
        ([("page.php", "text/html", PAGE.encode())], "html"),
        ([("page.txt", "text/plain", PAGE.encode())], "text"),
        ([("plain.html", "text/html", PROSE.encode())], "text"),
        ([("song.mid", "audio/midi", SONG)], "midi"),
        ([("song", "", SONG)], "midi"),
        ([("song.mid", "audio/midi", PROSE.encode())], "text"),
        ([("mill.tex", "", rb"\begin{document} A mill. \end{document}")], "text"),  # of one document nothing is learnt
        ([(f"{n}.tex", "", rb"\begin{document} A mill. \end{document}") for n in range(3)], "latex"),
        ([("mill.tex", "", PROSE.encode())], "text"),
        ([("mill.py", "text/x-python", b"print('flour')\n")], "text"),
        ([("tunes.abc", "", TUNE.encode())], "abc"),
        ([("wiki.xml", "", WIKI.encode())], "mediawiki"),
        ([("pg1.txt", "text/plain", BOOK.encode())], "book"),
        ([("tweets.jsonl", "", TWEET * 9)], "tweets"),
        ([("other.json", "application/json", b'{"id": 1, "text": "The mill"}')], "text"),
        ([("other.jsonl", "", b'{"words": "The mill"}\n')], "text"),
        ([("poem.txt", "", PROSE.encode()), ("notes", "", b"Flour.")], "text"),
        ([("mill.c", "", b"int main;"), ("mill.h", "", b"int mill;"), ("flour.c", "", b"int flour;")], "code"),
        ([("mill.c", "", b"int main;"), ("README", "", b"A mill.")], "text"),
        ([("page.html", "", PAGE.encode()), ("wheel.png", "image/png", b"\x89PNG\0")], "html"),
        ([("wheel.png", "image/png", b"\x89PNG\0")], "text"),
        ([("empty.txt", "", b"")], "text"),
        ([], "text"),
    ],
)
def test_what_nobody_declared_is_read_as_what_it_is_beyond_doubt_and_else_as_text(files, kind):
    assert propose.fitting(files) == {"kind": kind} | ({"unit": "passage"} if kind == "html" else {})


def test_what_is_no_text_is_refused():
    with pytest.raises(ParseError, match="unreadable: noise"):
        propose.propose([("noise", bytes(range(256)) * 20)])


def test_the_golden_sample_of_a_long_file_is_its_beginning():
    body = (PROSE + "\n\n").encode() * 100
    proposal = propose.propose([("long.txt", body)])
    ((_, sample),) = propose.golden(proposal.parse, [("long.txt", body)]).items()
    assert body.startswith(sample)
    assert len(sample) <= 4_000
    assert sample.endswith(b"\n\n")


def test_the_golden_sample_of_a_long_list_is_its_first_elements():
    body = json.dumps([{"lyrics": f"The mill {n} goes round " * 40} for n in range(500)]).encode()
    proposal = propose.propose([("songs.json", body)])
    ((_, sample),) = propose.golden(proposal.parse, [("songs.json", body)]).items()
    assert json.loads(sample) == json.loads(body)[:3]
