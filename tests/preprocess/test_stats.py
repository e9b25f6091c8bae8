from collections import Counter

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from corpusmill.types import Document
from preprocess import stats

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def document(id_: str, text: str, licence: str = "MIT") -> Document:
    return Document(id=id_, text=text, source="s", raw_sha256="r", licence=licence)


def test_a_version_is_measured_in_all_and_by_split():
    splits = {
        "train": [document("1", "aäa\n"), document("2", "abcdefgh", "CC0-1.0")],
        "validation": [document("3", "€"), document("4", "abcd")],
    }
    measured = stats.measure(splits, duplicates=7)
    assert measured["splits"] == {
        "train": {"documents": 2, "characters": 12, "bytes": 13},
        "validation": {"documents": 2, "characters": 5, "bytes": 7},
    }
    assert measured["total"] == {"documents": 4, "characters": 17, "bytes": 20}
    assert measured["vocabulary"]["train"] == {"\n": 1, "ä": 1, "a": 3} | dict.fromkeys("bcdefgh", 1)
    assert measured["vocabulary"]["total"]["a"] == 4
    assert measured["vocabulary"]["total"]["€"] == 1
    assert measured["lengths"] == {
        "shortest": {"id": "3", "characters": 1},
        "median": 4,
        "longest": {"id": "2", "characters": 8},
        "histogram": [[1, 1], [4, 2], [8, 1]],
    }
    assert measured["licences"] == {"MIT": 3, "CC0-1.0": 1}
    assert measured["duplicates"] == 7
    assert msgspec.json.decode(msgspec.json.encode(measured)) == measured


def test_a_tie_in_length_goes_to_the_smallest_id():
    lengths = stats.measure({"train": [document(i, "abc") for i in "312"]}, 0)["lengths"]
    assert (lengths["shortest"]["id"], lengths["longest"]["id"]) == ("1", "1")


@given(st.lists(TEXT))
def test_characters_are_counted_as_python_counts_them(texts):
    assert stats.characters(texts) == Counter("".join(texts))


def test_counting_in_batches_counts_everything(monkeypatch):
    monkeypatch.setattr(stats, "_BATCH", 4)
    assert stats.characters(["abc", "abc", "é", "abcdefghij"]) == Counter("abcabcéabcdefghij")
