import pytest

from corpusmill.types import Document
from preprocess.parse.speech import Options, parse
from tests.preprocess.snapshots import raw_file

HEAD = (
    "Cite: \nhttps://mill.example/2012/06/01/remarks\n\nJune 01, 2012          \nFor Immediate Release          \n\n"
    "Remarks at the Mill\n\nThe White House\n\nOffice of the Press Secretary\n\n"
)
WORDS = """THE PRESIDENT:\xa0 Thank you!\xa0 (Applause.)\xa0\xa0 The wheel turns,

\tand so do we.\xa0 It has turned for a hundred years, and it will turn for a hundred more.


\tQ\xa0\xa0 Will it?

\tMRS. O’HARA:\xa0 (Inaudible.)"""
PLACE = "\tThe Old Mill\n\tMilltown, Ohio\n\n\n\t9:05 P.M. EDT\n\n"


def read(text: str, **options):
    (result,) = parse(raw_file("https://mill.example/a.txt"), text.encode(), Options(kind="speech", **options))
    return result


def test_a_speech_is_its_paragraphs_and_the_letterhead_goes_into_columns():
    found = read(f"{HEAD}{PLACE}{WORDS}\n\n\tEND\xa0\xa0 9:30 P.M. EDT\n\xa0", author="The President")
    assert found.text == (
        "THE PRESIDENT: Thank you! (Applause.) The wheel turns,\n\nand so do we. It has turned for a hundred years, "
        "and it will turn for a hundred more.\n\nQ Will it?\n\nMRS. O’HARA: (Inaudible.)"
    )
    assert (found.title, found.date, found.author) == ("Remarks at the Mill", "2012-06-01", "The President")
    assert found.meta == {
        "place": "The Old Mill, Milltown, Ohio",
        "time": "9:05 P.M. EDT",
        "speakers": ["THE PRESIDENT", "Q", "MRS. O’HARA"],
        "turns": 3,
        "directions": 2,
        "cite": "https://mill.example/2012/06/01/remarks",
        "encoding": "utf-8",
    }


@pytest.mark.parametrize(
    ("head", "place", "time"),
    [
        (PLACE, "The Old Mill, Milltown, Ohio", "9:05 P.M. EDT"),
        ("9:05 P.M. EDT\n", "", "9:05 P.M. EDT"),
        ("Milltown 9:05 P.M.\n", "Milltown", "9:05 P.M."),
        ("East Room\n", "East Room", ""),
        (
            "* Note: what stands below in asterisks was said otherwise, which we regret.\nEast Room\n9:05 A.M.\n",
            "East Room",
            "9:05 A.M.",
        ),
        ("", "", ""),
    ],
)
def test_place_and_time_are_what_stands_before_the_first_words(head, place, time):
    found = read(f"{HEAD}{head}{WORDS}")
    assert (found.meta["place"], found.meta["time"]) == (place, time)
    assert found.text.startswith("THE PRESIDENT: ")


@pytest.mark.parametrize(
    "end", ["END", "END 9:30 P.M. EDT", "END\n\t9:30 P.M. EDT", "###", "-END-\n", "9:30 P.M. EDT", ""]
)
def test_the_end_is_not_part_of_what_was_said(end):
    assert read(f"{HEAD}{WORDS}\n\n{end}\n").text.endswith("(Inaudible.)")


@pytest.mark.parametrize(
    ("before", "after", "joined"),
    [("begun by", "the miller", True), ("done.", "the miller", False), ("begun by", "The miller", False)],
)
def test_a_line_that_goes_on_with_a_sentence_is_joined_to_it(before, after, joined):
    text = read(f"{HEAD}{WORDS}\n\nIt was {before}\n\n{after} and his wife.").text
    assert (f"{before} {after}" in text) == joined


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (HEAD, f"failed scrape: {len(HEAD)} bytes"),
        (HEAD + " " * 100, "failed scrape: only the letterhead"),
        (f"{HEAD}\tEast Room\n" + " " * 100, "failed scrape: only the letterhead"),
    ],
)
def test_a_text_that_holds_no_speech_is_a_failed_scrape(text, reason):
    assert read(text).reason == reason


def test_a_text_without_a_letterhead_is_all_speech():
    found = read("My fellow millers, the wheel has turned for a hundred years.\n\n" * 9)
    assert isinstance(found, Document)
    assert (found.title, found.date, found.text.count("My fellow")) == ("", "", 9)
