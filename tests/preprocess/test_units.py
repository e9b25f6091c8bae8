"""Vocabularies of bytes and of words, and what all three do alike."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.material import version as published
from corpusmill.store import Store
from preprocess.ids import counts, encoded, learnt
from preprocess.vocab import Bytes, Vocabulary, Words, from_json, merged, places, words

texts = st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("ab'’ 19é\n")), max_size=60)
KINDS = {
    "character": Vocabulary.build,
    "byte": lambda text: Bytes(),
    "word": Words.build,
}
each_kind = pytest.mark.parametrize("build", KINDS.values(), ids=KINDS)


@each_kind
@given(texts)
def test_decoding_gives_back_what_was_encoded(build, text):
    vocabulary = build(text)
    ids = vocabulary.encode(text)
    decode = vocabulary.decoder()
    pieces = [decode(ids[n : n + 1]) for n in range(len(ids))]

    assert vocabulary.decode(ids) == text
    assert "".join(pieces) + decode(ids[:0], final=True) == text
    assert not vocabulary.unknown_bytes(text).any()
    assert not vocabulary.unseen(text)


@each_kind
@given(texts, texts)
def test_every_array_has_an_entry_a_token(build, seen, text):
    vocabulary = build(seen)
    starts, tokens = vocabulary.starts(text), vocabulary.tokens(text)

    assert len({len(each) for each in (vocabulary.encode(text), starts, tokens, vocabulary.unknown_bytes(text))}) == 1
    assert len(vocabulary) == len(vocabulary.names())
    assert (np.diff(starts) >= 0).all()
    if vocabulary.unit != "byte":
        assert "".join(tokens) == text
        assert [text[start:][: len(token)] for start, token in zip(starts, tokens, strict=True)] == tokens


@each_kind
@given(st.lists(texts, max_size=4), st.sampled_from(["\n\n", "", "—"]))
def test_texts_with_a_separator_are_encoded_as_each_alone(build, those, separator):
    vocabulary = build(separator.join(those))
    ids, lengths = vocabulary.encode_all(those, separator)

    assert lengths == [len(vocabulary.encode(text)) for text in those]
    assert len(ids) == sum(lengths) + max(len(those) - 1, 0) * len(vocabulary.encode(separator))


@each_kind
@given(texts)
def test_json_keeps_a_vocabulary_with_its_unit(build, text):
    vocabulary = build(text)

    assert from_json(vocabulary.to_json()) == vocabulary
    assert f'"unit":"{vocabulary.unit}"'.encode() in vocabulary.to_json()


def test_a_vocabulary_that_names_no_unit_is_of_characters():
    assert from_json(b'{"characters":"ab"}') == Vocabulary("ab")
    for body in (b'{"unit":"syllable"}', b'{"unit":"word","words":["b","a"]}', b'{"unit":["word"]}'):
        with pytest.raises(ValueError):
            from_json(body)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("It's 1812, again.", ["It's", " ", "1812", ",", " ", "again", "."]),
        ("l’été ''x' '", ["l’été", " ", "'", "'", "x", "'", " ", "'"]),
        ("two  spaces\r\n\tend", ["two", " ", " ", "spaces", "\r", "\n", "\t", "end"]),
        ("snake_case B2B", ["snake", "_", "case", " ", "B", "2", "B"]),
        ("Слово 🐎—нет", ["Слово", " ", "🐎", "—", "нет"]),
        ("", []),
    ],
)
def test_words_numbers_and_all_other_characters_are_tokens(text, tokens):
    assert Words(()).tokens(text) == tokens


@settings(max_examples=60)
@given(texts, st.integers(1, 9))
def test_where_a_long_text_is_cut_does_not_show(text, size):
    whole = Words(()).tokens(text)
    before = words._PART
    words._PART = size
    try:
        assert Words(()).tokens(text) == whole
    finally:
        words._PART = before


def test_words_rarer_than_min_count_are_unknown_and_spelt_out():
    known = Words.build("a mill, a miller, a mill", 2)

    assert known.words == (" ", ",", "a", "mill")
    assert known.encode("a mühle").tolist() == [3, 1, 0]
    assert known.unknown_bytes("a mühle").tolist() == [0, 0, 6]
    assert known.decode(known.encode("a mühle")) == "a \ufffd"
    assert known.unseen("a mühle, Mühle mühle") == ["mühle", "Mühle"]


def test_ids_of_words_take_the_least_room():
    for count, dtype in ((255, np.uint8), (256, np.uint16)):
        assert Words(tuple(f"{n:04d}" for n in range(count))).encode("0001").dtype == dtype


def test_bytes_are_themselves_and_what_is_no_utf8_is_replaced():
    assert Bytes().encode("né\x00").tolist() == [110, 195, 169, 0]
    assert Bytes().tokens("né") == ["n", "\\xc3", "\\xa9"]
    assert Bytes().starts("né!").tolist() == [0, 1, 1, 2]
    assert Bytes().decode(np.array([110, 195, 33])) == "n\ufffd!"
    decode = Bytes().decoder()
    assert [decode(np.array([n])) for n in (240, 159, 144, 142, 195)] == ["", "", "", "🐎", ""]
    assert decode(np.array([], np.int64), final=True) == "\ufffd"
    assert Bytes().encode("\ud800").tolist() == [237, 160, 128]


@each_kind
@given(texts, texts)
def test_a_merged_vocabulary_knows_both_and_where_each_id_went(build, one, other):
    old, new = build(one), build(other)
    both = merged(old, new)
    moved = places(old, both)

    assert not [*both.unseen(one), *both.unseen(other)]
    assert len(both) <= len(old) + len(new)
    assert moved[0] == 0
    assert (moved[old.encode(one)] == both.encode(one)).all()


def test_vocabularies_of_two_units_do_not_merge():
    with pytest.raises(ValueError, match="of words and one of bytes"):
        merged(Words(()), Bytes())


@pytest.mark.parametrize("unit", KINDS)
@settings(max_examples=6)  # each writes a store
@given(st.lists(texts), st.sampled_from(["", "\n\n", "é "]))
def test_a_version_is_counted_and_encoded_in_every_unit(unit, train, separator):
    with TemporaryDirectory() as folder:
        store = Store(Path(folder))
        made = published(store, "mill", {"train": train})
        vocabulary = learnt(made, store, unit, separator)
        tokens = Counter(token for text in train for token in vocabulary.tokens(text))
        for token in vocabulary.tokens(separator):
            tokens[token] += max(len(train) - 1, 0)
        assert counts(made, "train", store, separator, unit) == +tokens
        for _ in range(2):
            found = encoded(made, store, vocabulary, separator)["train"] if train else None
            if found:
                ids, lengths = vocabulary.encode_all(train, separator)
                np.testing.assert_array_equal(found.ids, ids)
                between = len(vocabulary.encode(separator))
                assert found.starts.tolist() == [sum(lengths[:n]) + n * between for n in range(len(train))]
