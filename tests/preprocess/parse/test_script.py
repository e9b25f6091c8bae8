import pytest

from corpusmill.errors import ParseError
from preprocess.parse.script import Options, parse
from tests.preprocess.snapshots import raw_file

SCENES = """[setting: the mill]

ada: it turns. \r
bert (shouting): what?

(the wheel stops)
ada\x92s brain: oh: no

[setting: the river: nan
bert: 9:30, and it\x92s dry.
"""


def read(text: str = SCENES, **options):
    return list(parse(raw_file("https://mill.example/a.txt"), text.encode(), Options(kind="script", **options)))


def test_a_document_is_a_scene():
    mill, river = read()
    assert mill.text == (
        "[setting: the mill]\n\nada: it turns.\n\nbert (shouting): what?\n\n(the wheel stops)\n\nada’s brain: oh: no"
    )
    assert river.text == "[setting: the river\n\nbert: 9:30, and it’s dry."
    assert mill.meta == {
        "scene": 1,
        "lines": 5,
        "speakers": ["ada", "bert", "ada’s brain"],
        "mended_c1": 1,
        "encoding": "utf-8",
    }


def test_a_document_may_be_a_line():
    lines = read(unit="line")
    assert [line.meta["speaker"] for line in lines] == ["", "ada", "bert", "", "ada’s brain", "", "bert"]
    assert lines[1].text == "ada: it turns."


@pytest.mark.parametrize(("longest", "sizes"), [(40, [5, 2]), (2, [2, 2, 1, 2]), (1, [1] * 7)])
def test_a_long_scene_is_cut(longest, sizes):
    assert [scene.meta["lines"] for scene in read(longest=longest)] == sizes


@pytest.mark.parametrize("body", [b"", b"\n \n", b"a\0"])
def test_a_file_without_text_is_refused(body):
    with pytest.raises(ParseError):
        list(parse(raw_file("file:a"), body, Options(kind="script")))
