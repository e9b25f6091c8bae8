from collections import Counter
from statistics import median_low

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from preprocess.publish import stats

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def measured(splits: dict[str, list[str]], licences=(), duplicates=0):
    """The statistics of documents "0", "1", …, whose texts are these."""
    texts = [text for each in splits.values() for text in each]
    return stats.measure(
        {split: Counter("".join(each)) for split, each in splits.items()},
        {split: len(each) for split, each in splits.items()},
        (str, np.array([len(text) for text in texts], np.uint32)),
        Counter(licences),
        duplicates,
    )


def test_a_version_is_measured_in_all_and_by_split():
    found = measured(
        {"train": ["aäa\n", "abcdefgh"], "validation": ["€", "abcd"]}, ["MIT", "CC0-1.0", "MIT", "MIT"], duplicates=7
    )
    assert found["splits"] == {
        "train": {"documents": 2, "characters": 12, "bytes": 13},
        "validation": {"documents": 2, "characters": 5, "bytes": 7},
    }
    assert found["total"] == {"documents": 4, "characters": 17, "bytes": 20}
    assert found["vocabulary"]["train"] == {"\n": 1, "ä": 1, "a": 3} | dict.fromkeys("bcdefgh", 1)
    assert found["vocabulary"]["total"]["a"] == 4
    assert found["vocabulary"]["total"]["€"] == 1
    assert found["lengths"] == {
        "shortest": {"id": "2", "characters": 1},
        "median": 4,
        "longest": {"id": "1", "characters": 8},
        "histogram": [[1, 1], [4, 2], [8, 1]],
    }
    assert (list(found["licences"].items()), found["duplicates"]) == ([("CC0-1.0", 1), ("MIT", 3)], 7)
    assert msgspec.json.decode(msgspec.json.encode(found)) == found


def test_a_tie_in_length_goes_to_the_first():
    lengths = measured({"train": ["abc", "abc", "abc"]})["lengths"]
    assert (lengths["shortest"]["id"], lengths["longest"]["id"]) == ("0", "0")


@given(st.lists(TEXT, min_size=1), st.lists(TEXT))
def test_it_is_what_a_slow_count_gives(train, validation):
    found, texts = measured({"train": train, "validation": validation}), [*train, *validation]
    characters = Counter("".join(texts))
    assert found["vocabulary"]["total"] == characters
    assert list(found["vocabulary"]["total"]) == sorted(characters)
    assert found["total"]["bytes"] == len("".join(texts).encode())
    lengths = [len(text) for text in texts]
    assert found["lengths"]["median"] == median_low(lengths)
    assert lengths.index(max(lengths)) == int(found["lengths"]["longest"]["id"])
    powers = Counter(2 ** max(length.bit_length() - 1, 0) for length in lengths)
    assert found["lengths"]["histogram"] == [[power, count] for power, count in sorted(powers.items())]
