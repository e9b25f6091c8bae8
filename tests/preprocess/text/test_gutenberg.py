import pytest

from preprocess.text.gutenberg import inside, without_pictures

BOOK = "The wheel turns, and the stone grinds.\n\nSo it was always.\n"
SMALL = "***START**THE SMALL PRINT!**FOR PUBLIC DOMAIN ETEXTS**START***\n\nWhy is this here?\n\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("*The Project Gutenberg Etext of The Mill*\n\n", ""),
        ("**The Project Gutenberg Etext of The Mill**\n*****This file should be named mill10.txt*****\n\n", ""),
        (
            f"{SMALL}*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*\n",
            "End of Project Gutenberg's The Mill",
        ),
        (
            f"{SMALL}*END THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.07/27/01*END*\n",
            "The End of Project Gutenberg Etext",
        ),
        ("*** START OF THIS PROJECT GUTENBERG EBOOK THE MILL ***\n", "*** END OF THIS PROJECT GUTENBERG EBOOK ***"),
        ("***START OF THE PROJECT GUTENBERG EBOOK THE MILL***\n", "***END OF THE PROJECT GUTENBERG EBOOK THE MILL***"),
        (
            "*** START OF THE PROJECT GUTENBERG EBOOK A\nLONG TITLE ***\n\nE-text prepared by Bert\n\n\n",
            "End of the Project Gutenberg",
        ),
        ("*** START OF THE COPYRIGHTED PROJECT GUTENBERG EBOOK ***\n", "*** END OF THE COPYRIGHTED PROJECT"),
        ("", "Ende dieses Projekt Gutenberg Etextes Die Mühle"),
        ("", "Ende dieses Etextes Die Mühle"),
        ("", "Fin de Project Gutenberg's Le Moulin"),
        ("", "Fin du Projet Gutenberg"),
        ("Produced by Bert and the\nDistributed Proofreaders\n\nTranscriber's Note: as it was.\n\n", ""),
        ("", "Transcriber's Notes:\n\nSpelling is as it was.\n"),
    ],
)
def test_a_book_is_what_stands_between_the_boilerplate(before, after):
    text = f"{before}\n{BOOK}\n\n{after}\n"
    start, end = inside(text)
    assert text[start:end].strip() == BOOK.strip()


def test_a_novel_may_speak_of_the_project_and_of_its_end():
    text = f"{BOOK}It was the end of Project Gutenberg, they said.\n{BOOK}"
    assert inside(text) == (0, len(text))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a [Illustration] b", ("a b", 1)),
        ("[Illustration: a mill\nby a weir]\nb", ("\nb", 1)),
        ("[Frontispiece: x][sic]", ("[sic]", 1)),
        ("[Illustration: a", ("[Illustration: a", 0)),
    ],
)
def test_marks_of_illustrations_go_and_are_counted(text, left):
    assert without_pictures(text) == left
