import pytest

from corpusmill.errors import ParseError
from corpusmill.types import Document
from preprocess.parse.book import Options, parse
from tests.preprocess.snapshots import raw_file

PROSE = "The wheel turns, and the stone grinds what it is given, and the miller\nsleeps beside it all day long.\n" * 6
NEW = ("*** START OF THIS PROJECT GUTENBERG EBOOK THE MILL ***", "*** END OF THIS PROJECT GUTENBERG EBOOK THE MILL ***")
_START = "*** START OF THE PROJECT GUTENBERG EBOOK THE MILL"
_END = "*** END OF THE PROJECT GUTENBERG EBOOK THE MILL ***"
_SMALL = "SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS"
GENERATIONS = [
    NEW,
    (f"{_START} ***", _END),
    ("***START OF THE PROJECT GUTENBERG EBOOK THE MILL***", "***END OF THE PROJECT GUTENBERG EBOOK THE MILL***"),
    (f"{_START} AND ALL\nTHAT IS IN IT ***", "End of the Project Gutenberg EBook of The Mill"),
    (f"{_START}, unfinished", _END),
    (f"*END*THE {_SMALL}*Ver.04.29.93*END*", "End of Project Gutenberg's The Mill, by Ada Miller"),
    (f"*END THE {_SMALL}*Ver.07/27/01*END*", "End of The Project Gutenberg Etext of The Mill"),
    (f"*END*THE {_SMALL}*Ver.04.29.93*END*", "Ende dieses Projekt Gutenberg Etextes Die Muehle"),
    (f"*END*THE {_SMALL}*Ver.04.29.93*END*", "Fin de Project Gutenberg's Le Moulin"),
    ("*** START OF THE COPYRIGHTED EBOOK ***", "*** END OF THE COPYRIGHTED EBOOK ***"),
    ("", "*** END OF THIS PROJECT GUTENBERG EBOOK THE MILL ***"),
]
HEAD = "The Project Gutenberg EBook of The Mill\n\nTitle: The Mill\n\nAuthor: Ada Miller\n\n"


def chapters(*names: str) -> str:
    return "\n\n".join(f"{name}\n\n{PROSE}" for name in names)


def read(text: str, **options):
    results = list(parse(raw_file("https://mill.example/mill.txt"), text.encode(), Options(kind="book", **options)))
    return [r for r in results if isinstance(r, Document)], [r.reason for r in results if not isinstance(r, Document)]


@pytest.mark.parametrize(("start", "end"), GENERATIONS)
def test_header_and_licence_of_every_generation_are_left_out(start, end):
    before = f"{HEAD}***START**THE SMALL PRINT!**START***\n\n{start}\n\nProduced by Bert\n\n" if start else ""
    documents, drops = read(f"{before}{chapters('I', 'II', 'III', 'IV')}\n\n{end}\n\nSection 1. Licence\n")
    assert "".join(d.text for d in documents).count("The wheel") == 24
    assert not [d.text for d in documents if any(w in d.text for w in ("Licence", "Produced", "PRINT", "Gutenberg"))]
    assert [reason.split(" of ")[0] for reason in drops] == ["boilerplate: header", "boilerplate: licence"][not start :]


def test_title_and_author_come_from_the_header_unless_they_are_declared():
    (first, *_), _ = read(f"{HEAD}{NEW[0]}\n\n{chapters('I', 'II', 'III', 'IV')}")
    (other, *_), _ = read(f"{HEAD}{NEW[0]}\n\n{chapters('I', 'II', 'III', 'IV')}", title="Mills", author="A. M.")
    assert (first.meta["book"], first.author) == ("The Mill", "Ada Miller")
    assert (other.meta["book"], other.author) == ("Mills", "A. M.")


@pytest.mark.parametrize(
    "names",
    [
        ("I", "II.", "III", "IV"),
        ("CHAPTER I", "CHAPTER II. The Wheel", "CHAPTER THE THIRD", "Chapter 4"),
        ("Letter 1", "Letter 2", "Letter 3", "Letter 4"),
        ("PREFACE", "BOOK ONE: 1805", "PART TWO", "EPILOGUE"),
        ("CHAPTER I\nIn which a wheel turns", "CHAPTER II\nIn which it stops", "CHAPTER III", "CHAPTER IV"),
    ],
)
def test_a_document_is_a_chapter_where_headings_are_plain(names):
    documents, drops = read(chapters(*names))
    assert [d.title.partition(", ")[2] or d.title for d in documents] == [name.replace("\n", " ") for name in names]
    assert all(d.text.startswith(name) for d, name in zip(documents, names, strict=True))
    assert drops == []


def test_a_chapter_is_named_with_the_part_above_it_whose_heading_goes_with_the_first():
    two = chapters("CHAPTER I", "CHAPTER II")
    documents, _ = read(f"PART ONE\n\n{two}\n\nPART TWO\n\n{two}")
    assert [d.title for d in documents] == [f"PART {p}, CHAPTER {c}" for p in ("ONE", "TWO") for c in ("I", "II")]
    assert [d.text.split("\n")[0] for d in documents] == ["PART ONE", "CHAPTER II", "PART TWO", "CHAPTER II"]


def test_a_list_of_chapters_and_a_title_page_are_dropped_and_a_preface_is_not():
    contents = "\n\n".join(f"    CHAPTER {n}" for n in ("I", "II", "III", "IV"))
    body = chapters("CHAPTER I", "CHAPTER II", "CHAPTER III", "CHAPTER IV")
    documents, drops = read(f"THE MILL\n\nBy Ada\n\n{contents}\n\n\n{body}")
    assert (len(documents), [reason.partition(":")[0] for reason in drops]) == (4, ["front matter", "contents"])
    assert drops[1] == "contents: 4 headings without text"
    documents, drops = read(f"To the reader.\n\n{PROSE}\n\n{body}")
    assert (len(documents), documents[0].text[:14], drops) == (5, "To the reader.", [])


@pytest.mark.parametrize("text", [PROSE * 20, chapters("I", "II"), f"{chapters('I', 'II', 'III')}\n\n{PROSE * 9}"])
def test_a_book_without_plain_headings_is_cut_into_passages(text):
    documents, drops = read(text)
    assert len(documents) > 4
    assert {d.meta["place"].split()[0] for d in documents} == {"passage"}
    assert "".join("".join(d.text.split()) for d in documents) == "".join(text.split())
    assert drops == []


def test_lines_stay_wrapped_and_what_ends_them_makes_no_difference():
    unix, _ = read(chapters("I", "II", "III", "IV"))
    for end in ("\r\n", "\r"):
        other, _ = read("\ufeff" + chapters("I", "II", "III", "IV").replace("\n", end))
        assert [d.text for d in other] == [d.text for d in unix]
    assert "miller\nsleeps" in unix[0].text


def test_what_is_never_in_two_splits_is_declared():
    text = f"{HEAD}{NEW[0]}\n\n{chapters('I', 'II', 'III', 'IV')}"
    assert {d.group for d in read(text)[0]} == {""}
    assert {d.group for d in read(text, group="book")[0]} == {"The Mill"}


@pytest.mark.parametrize(("body", "reason"), [(b"", "empty"), (b" \r\n", "empty"), (b"\0" * 9, "binary")])
def test_a_file_without_text_is_refused(body, reason):
    with pytest.raises(ParseError, match=f"^{reason}: "):
        list(parse(raw_file("file:a"), body, Options(kind="book")))


def test_passages_are_called_after_the_named_heading_above_them():
    documents, _ = read(f"{PROSE * 30}\n\nFIRST EPILOGUE: 1813\n\n{PROSE * 40}")
    assert [d.title for d in documents if d.text.startswith("FIRST EPILOGUE")] == ["FIRST EPILOGUE: 1813"]
    assert documents[0].title == "" and documents[-1].title == "FIRST EPILOGUE: 1813"


def test_illustrations_are_left_out_and_counted():
    documents, _ = read(f"[Illustration: a mill]\n\n{chapters('I', 'II', 'III', 'IV')}\n\n[Illustration]")
    assert not [d for d in documents if "[" in d.text]
    assert documents[0].meta["illustrations"] == 2


@pytest.mark.parametrize(
    "names",
    [
        ("Erstes Kapitel", "Zweites Kapitel", "Drittes Kapitel", "Letztes Kapitel"),
        ("CHAPITRE PREMIER", "CHAPITRE II", "CHAPITRE III", "CHAPITRE IV"),
    ],
)
def test_headings_are_known_in_german_and_french(names):
    assert [d.title for d in read(chapters(*names))[0]] == list(names)
