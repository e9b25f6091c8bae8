import pytest

from corpusmill.errors import IncompleteError
from preprocess.decide.index import Parsed
from preprocess.expect import ExpectOptions, refuse_incomplete
from tests.preprocess.tables import document, joined

COUNTED = [{"book": "Mills", "verses": 3}, {"book": "Mills", "verses": 4}, {"book": "Wheels", "verses": 5}]


@pytest.fixture
def chapters(tmp_path) -> Parsed:
    parsed = joined(tmp_path, [document(n) for n in range(3)])
    parsed.counted.update({f"{n:032x}": meta for n, meta in enumerate(COUNTED)})
    return parsed


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
        ({"documents": 4, "sum": {"verses": 1}}, "3 instead of 4 documents, 12 instead of 1 verses in all"),
    ],
)
def test_every_count_that_is_wrong_is_named(chapters, expect, problem):
    if problem is None:
        refuse_incomplete(chapters, ExpectOptions(**expect), "mill", [])
        return
    with pytest.raises(IncompleteError) as caught:
        refuse_incomplete(chapters, ExpectOptions(**expect), "mill", ["Jude.json, incomplete: lacks Jude 1:3"])
    assert caught.value.message == f"mill is not whole: {problem} (unreadable: Jude.json, incomplete: lacks Jude 1:3)"
