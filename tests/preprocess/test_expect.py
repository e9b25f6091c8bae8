import pytest

from corpusmill.errors import IncompleteError
from corpusmill.types import Document
from preprocess.expect import ExpectOptions, refuse_incomplete

CHAPTERS = [
    Document(id=f"{n}", text="t", source="s", raw_sha256="r", meta={"book": book, "verses": verses})
    for n, (book, verses) in enumerate([("Mills", 3), ("Mills", 4), ("Wheels", 5)])
]


@pytest.mark.parametrize(
    ("expect", "problem"),
    [
        ({}, None),
        ({"documents": 3, "distinct": {"book": 2}, "sum": {"verses": 12}}, None),
        ({"documents": 4}, "3 instead of 4 documents"),
        ({"documents": 2}, "3 instead of 2 documents"),
        ({"distinct": {"book": 66}}, "2 instead of 66 different book"),
        ({"sum": {"verses": 31102}}, "12 instead of 31,102 verses in all"),
        ({"distinct": {"boko": 2}}, "0 instead of 2 different boko"),
    ],
)
def test_every_count_that_is_wrong_is_named(expect, problem):
    if problem is None:
        refuse_incomplete(CHAPTERS, ExpectOptions(**expect), "mill", [])
        return
    with pytest.raises(IncompleteError) as caught:
        refuse_incomplete(CHAPTERS, ExpectOptions(**expect), "mill", ["Jude.json, incomplete: lacks Jude 1:3"])
    assert caught.value.message == f"mill is not whole: {problem} (unreadable: Jude.json, incomplete: lacks Jude 1:3)"
