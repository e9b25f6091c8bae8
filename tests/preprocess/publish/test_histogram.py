import json
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from preprocess.publish import histogram
from preprocess.publish.histogram import Histogram
from tests import needs

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
WIDTHS = "a\x00\x7f\x80\u07ff\u0800\uffff\U00010000\U0010ffff"


def counted(*texts: str) -> dict[str, int]:
    made = Histogram()
    for text in texts:
        made.add(text.encode())
    return made.counts()


@given(st.lists(TEXT))
@example([WIDTHS, "", WIDTHS * 9])
def test_characters_are_counted_as_python_counts_them(texts):
    counts = counted(*texts)
    assert counts == Counter("".join(texts))
    assert list(counts) == sorted(counts)


@given(TEXT, st.integers(4, 9), st.integers(1, 9))  # a character has up to four bytes
@example(WIDTHS * 3, 4, 2)
def test_a_text_longer_than_a_slice_is_counted_whole(text, slice_, short):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(histogram, "_SLICE", slice_)
        patch.setattr(histogram, "_SHORT", short)
        assert counted(text) == Counter(text)


@pytest.mark.parametrize("size", [(1 << 16) - 1, 1 << 16, (1 << 20) + 1, 3 << 20])
@pytest.mark.parametrize("text", ["wheat and chaff\n", "хлеб ", "麦🌾e"])
def test_long_texts_are_counted_two_bytes_at_a_time_to_the_same_numbers(text, size):
    times = size // len(text)
    assert counted(text * times + "!") == Counter(text * times + "!")


@given(st.lists(TEXT), st.lists(TEXT))
def test_histograms_of_parts_merge_to_that_of_the_whole(some, others):
    first, second = Histogram(), Histogram()
    for made, texts in ((first, some), (second, others)):
        for text in texts:
            made.add(text.encode())
    first.merge(second)
    assert first.counts() == counted(*some, *others)
    assert second.counts() == counted(*others)


@given(TEXT, TEXT)
def test_counts_outlive_json_and_can_be_counted_on_from(text, more):
    made = Histogram.of(json.loads(json.dumps(counted(text))))
    made.add(more.encode())
    assert made.counts() == counted(text, more)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, pa.py_buffer])
def test_any_buffer_is_counted_as_it_lies(kind):
    made = Histogram()
    made.add(kind("né né".encode()))
    made.add(kind(b""))
    assert made.counts() == {" ": 1, "n": 2, "é": 2}


def test_the_values_of_an_arrow_column_are_counted_in_one_go():
    column = pa.array(["ab", "", "aé€"])
    made = Histogram()
    made.add(column.buffers()[2])
    assert made.counts() == {"a": 2, "b": 1, "é": 1, "€": 1}


def test_shakespeare_has_sixty_five_characters():
    folder = needs.shared("web") / "raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare"
    body = (folder / "input.txt").read_bytes()
    made = Histogram()
    made.add(body)
    assert made.counts() == Counter(body.decode())
    assert (len(made.counts()), sum(made.counts().values())) == (65, 1_115_394)
