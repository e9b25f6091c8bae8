import json

import pytest

from corpusmill.errors import ParseError
from preprocess.parse.verses import Options, parse
from tests.preprocess.snapshots import raw_file

MILLS = {"1": {"1": "And the wheel turned.", "2": "And it was day."}, "2": {"1": "And it was night."}}


def book(chapters=MILLS) -> bytes:
    parts = [
        {"chapter": c, "verses": [{"verse": v, "text": text} for v, text in verses.items()]}
        for c, verses in chapters.items()
    ]
    return json.dumps({"book": "Mills", "chapters": parts}).encode()


@pytest.mark.parametrize(
    ("options", "texts"),
    [
        ({}, ["And the wheel turned.\nAnd it was day.", "And it was night."]),
        ({"numbers": True}, ["1:1 And the wheel turned.\n1:2 And it was day.", "2:1 And it was night."]),
        ({"unit": "verse"}, ["And the wheel turned.", "And it was day.", "And it was night."]),
        (
            {"unit": "verse", "numbers": True},
            ["1:1 And the wheel turned.", "1:2 And it was day.", "2:1 And it was night."],
        ),
    ],
)
def test_a_document_is_a_chapter_or_a_verse_with_or_without_its_number(options, texts):
    documents = list(parse(raw_file("https://mill.example/Mills.json"), book(), Options(kind="verses", **options)))
    assert [d.text for d in documents] == texts
    assert {d.group for d in documents} == {"Mills"}
    assert sum(d.meta["verses"] for d in documents) == 3
    assert len({d.id for d in documents}) == len(documents)


def test_a_document_is_named_as_people_name_it():
    (first, *_), (verse, *_) = (
        list(parse(raw_file("u"), book(), Options(kind="verses", unit=unit))) for unit in ("chapter", "verse")
    )
    assert (first.title, first.meta) == ("Mills 1", {"book": "Mills", "chapter": 1, "verses": 2})
    assert (verse.title, verse.meta) == ("Mills 1:1", {"book": "Mills", "chapter": 1, "verse": 1, "verses": 1})


def test_numbers_may_be_integers():
    (chapter,) = parse(raw_file("u"), book({1: {1: "A"}}), Options(kind="verses"))
    assert chapter.title == "Mills 1"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (book({"1": {"1": "A", "3": "C"}}), "incomplete: lacks Mills 1:2"),
        (book({"1": {"1": "A", "5": "E"}}), "incomplete: lacks Mills 1:2-4"),
        (book({"1": {"1": "A", "2": " ", "3": "C"}}), "incomplete: lacks Mills 1:2"),
        (book({"1": {"1": "A", "2": " "}}), "incomplete: lacks Mills 1:2"),
        (book({"9" * 40: {"1": "A"}}), "not a book: "),
        (book({"1": {"2": "B"}}), "incomplete: lacks Mills 1:1"),
        (book({"1": {"1": "A"}, "3": {"1": "C"}}), "incomplete: lacks Mills 2"),
        (book({"1": {"2": "B", "1": "A"}}), "incomplete: lacks Mills 1:1, Mills 1:3 in its place"),
        (book({"1": {}}), "incomplete: lacks Mills 1:1"),
        (book({}), "incomplete: lacks Mills 1"),
        (
            book({str(n): {} for n in range(1, 9)}),
            "incomplete: lacks Mills 1:1, Mills 2:1, Mills 3:1, Mills 4:1, Mills 5:1 and more",
        ),
        (b'["Genesis", "Exodus"]', "not a book: Expected `object`, got `array`"),
        (b'{"book": "Mills"}', "not a book: Object missing required field `chapters`"),
        (book({"1": {"one": "A"}}), "not a book: "),
        (b"<html>", "not JSON: "),
    ],
)
def test_a_book_with_gaps_or_of_another_shape_is_refused_naming_them(body, message):
    with pytest.raises(ParseError) as caught:
        list(parse(raw_file("u"), body, Options(kind="verses")))
    assert caught.value.message.startswith(message)
