from collections import Counter

import msgspec
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from preprocess.vocab import UNKNOWN, Vocabulary

texts = st.text(max_size=60)  # any character but lone surrogates
surrogates = st.text(st.characters(categories=["Cs"]), min_size=1, max_size=3)


def test_ids_count_from_one_in_the_order_of_code_points():
    vocabulary = Vocabulary.build("beach é\n")

    assert vocabulary.characters == "\n abcehé"
    assert vocabulary.encode("bé\n").tolist() == [4, 8, 1]
    assert len(vocabulary) == 9  # the unknown one counts


@pytest.mark.parametrize(("min_count", "kept"), [(0, "abc"), (1, "abc"), (2, "ab"), (3, "a"), (4, "")])
def test_characters_rarer_than_min_count_are_left_out(min_count, kept):
    assert Vocabulary.build("aaabbc", min_count).characters == kept


def test_a_text_longer_than_a_slice_is_counted_whole():
    text = "a" * (1 << 22) + "b" * 3

    assert Vocabulary.build(text, 3).characters == "ab"


@given(texts, st.integers(0, 3))
def test_a_vocabulary_of_counts_is_that_of_the_text_counted(text, min_count):
    assert Vocabulary.of(Counter(text), min_count) == Vocabulary.build(text, min_count)


@given(texts)
@example("\x00\x7f\x80\xff\u0100\uffff\U0010ffff")
def test_decoding_gives_back_what_was_encoded(text):
    vocabulary = Vocabulary.build(text)

    assert vocabulary.decode(vocabulary.encode(text)) == text


@given(texts, texts)
def test_encoding_is_looking_up_each_character(seen, text):
    vocabulary = Vocabulary.build(seen)
    known = {character: place for place, character in enumerate(sorted(set(seen)), 1)}

    assert vocabulary.encode(text).tolist() == [known.get(character, UNKNOWN) for character in text]


@given(texts, texts)
def test_unknown_characters_decode_to_the_replacement_character(seen, text):
    vocabulary = Vocabulary.build(seen)

    assert vocabulary.decode(vocabulary.encode(text)) == "".join(c if c in seen else "\ufffd" for c in text)


@given(texts, texts)
def test_unknown_bytes_are_the_utf8_length_of_what_is_unknown(seen, text):
    expected = [0 if character in seen else len(character.encode()) for character in text]

    assert Vocabulary.build(seen).unknown_bytes(text).tolist() == expected


@pytest.mark.parametrize("seen", ["abc", "abcé", "abc" + "".join(map(chr, range(0x400, 0x600)))])
def test_a_text_longer_than_a_slice_is_encoded_whole(seen):
    text = "abcd" * 50_000 + "é" + "cba🌾"
    vocabulary = Vocabulary.build(seen)
    known = {character: place for place, character in enumerate(sorted(seen), 1)}

    assert vocabulary.encode(text).tolist() == [known.get(character, UNKNOWN) for character in text]
    assert vocabulary.unknown_bytes(text).tolist() == [0 if c in seen else len(c.encode()) for c in text]


@given(texts)
def test_json_keeps_a_vocabulary(text):
    vocabulary = Vocabulary.build(text)

    assert Vocabulary.from_json(vocabulary.to_json()) == vocabulary


@pytest.mark.parametrize(
    ("body", "error"),
    [(b'{"characters":"ba"}', ValueError), (b'{"characters":"aa"}', ValueError), (b"[]", msgspec.DecodeError)],
)
def test_what_is_no_vocabulary_is_refused(body, error):
    with pytest.raises(error):
        Vocabulary.from_json(body)


@pytest.mark.parametrize(
    ("characters", "dtype"),
    [(0, np.uint8), (255, np.uint8), (256, np.uint16), (65_535, np.uint16), (65_536, np.uint32)],
)
def test_ids_take_the_least_room(characters, dtype):
    first = 0x10000
    vocabulary = Vocabulary("".join(map(chr, range(first, first + characters))))

    assert vocabulary.encode("a").dtype == dtype
    assert vocabulary.encode("\U0010ffff").tolist() == [UNKNOWN]
    if characters:
        assert vocabulary.encode(chr(first + characters - 1)).tolist() == [characters]


@given(surrogates)
def test_what_a_broken_terminal_sends_is_unknown(text):
    vocabulary = Vocabulary.build("abc")

    assert not vocabulary.encode(text).any()
    assert vocabulary.unknown_bytes(text).tolist() == [3] * len(text)


def test_unseen_characters_are_told_once_in_order():
    assert Vocabulary.build("abc").unseen("zażółć abba z") == "zżółć "


def test_an_id_beyond_the_vocabulary_is_an_error():
    with pytest.raises(IndexError):
        Vocabulary.build("abc").decode(np.array([4]))
