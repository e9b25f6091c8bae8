"""The drawing from fetch to report, wide and narrow."""

import pytest
from bs4 import BeautifulSoup

from reports import lineage_picture
from reports.lineage_picture import Box, Stage
from reports.sections.lineage import lineage

STAGES = (
    Stage("", (Box("source", "a.example", ("1 file",)), Box("sources", "7 more", (), dashed=True))),
    Stage("collect", (Box("snapshot", "0123456789ab", ("8 files, 1.2 MB", "CC0-1.0")),)),
    Stage("build", (Box("version", "plays@v1", ("10 documents",)),)),
)


@pytest.fixture(params=[lineage_picture.across, lineage_picture.down])
def picture(request):
    return BeautifulSoup(request.param(STAGES, "From 8 files."), "html.parser").svg


def test_every_box_lies_inside_and_none_on_another(picture):
    _, _, width, height = map(float, picture["viewbox"].split())
    boxes = [[float(rect[name]) for name in ("x", "y", "width", "height")] for rect in picture.select("rect.box")]
    assert len(boxes) == 4
    for x, y, w, h in boxes:
        assert min(x, y) >= 0
        assert x + w <= width
        assert y + h <= height
    for index, (x, y, w, h) in enumerate(boxes):
        for x2, y2, w2, h2 in boxes[index + 1 :]:
            assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y


def test_every_fact_and_verb_is_written(picture):
    said = {text.string for text in picture.find_all("text")}
    assert said == {
        *("source", "a.example", "1 file", "sources", "7 more", "collect", "snapshot", "0123456789ab"),
        *("8 files, 1.2 MB", "CC0-1.0", "build", "version", "plays@v1", "10 documents"),
    }


def test_every_arrow_has_a_head(picture):
    assert len(picture.select("path.arrow")) == len(picture.select("path.head")) >= 2


def test_a_fact_too_long_for_its_box_is_cut():
    box = Box("source", "x" * 90, ("y" * 90,))
    picture = BeautifulSoup(lineage_picture.across((Stage("", (box,)),), ""), "html.parser")
    assert max(len(text.get_text()) for text in picture.find_all("text")) <= 22
    assert len(picture.find("text", class_="name").get_text()) <= 18  # bold letters are wider


@pytest.mark.parametrize(
    ("sources", "boxes"),
    [
        (["https://a.example/x/one.txt"], ["a.example: one.txt, 1 file"]),
        (["file:mine.txt"], ["file: file:mine.txt, 1 file"]),
        (["stdlib:a.py", "stdlib:b.py"], ["stdlib: the library, 2 files"]),
        ([f"https://{c}.example/{n}" for c in "ab" for n in range(3)], ["a.example: 3 files", "b.example: 3 files"]),
        (
            [f"https://{c}.example/" for c in "abcde"],
            ["a.example: 1 file", "b.example: 1 file", "c.example: 1 file", "2 more: 2 files"],
        ),
        (["https://[::1/x"], ["https://[::1/x: x, 1 file"]),
    ],
)
def test_sources_are_grouped_by_host(material, sources, boxes):
    drawing = BeautifulSoup(lineage(material(sources=tuple(sources), origin="the library")).across, "html.parser")
    found = []
    for box in drawing.svg.find_all("svg"):
        kind, name, *facts = [text.get_text() for text in box.find_all("text")]
        if kind.startswith("source"):
            facts = [fact.partition(", ")[0] for fact in facts if "2026" not in fact]
            found.append(f"{name}: {', '.join(facts)}")
    assert found == boxes


def test_the_table_says_how_many_fetches_it_leaves_out(material):
    told = lineage(material(sources=tuple(f"https://a.example/{n}" for n in range(66))))
    assert (len(told.fetches), told.unlisted) == (12, 54)
    assert told.fetches[0].answer == "200, robots: allowed"
