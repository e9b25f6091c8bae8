import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from preprocess.decide.legacy import LEGACY, Cut, char_rnn, cutter, udacity
from preprocess.text.decode import decode
from tests import needs

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"))
SHAKESPEARE = "raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"
ANNA = (
    "raw.githubusercontent.com/udacity/deep-learning-v2-pytorch/master/recurrent-neural-networks/char-rnn/data/anna.txt"
)


def sizes(cut: Cut) -> tuple[dict[str, int], int]:
    return {split: len(piece) for split, piece in cut.pieces.items()}, cut.left_out


@pytest.mark.parametrize(
    ("scheme", "train", "validation", "test", "left_out"),
    [
        ("legacy:nanogpt", "abcdefghijklmnopqr", "st", None, 0),
        ("legacy:udacity", "abcdefghijklmnopqr", "st", None, 0),
        ("legacy:torch-rnn", "abcdefghijklmnop", "qr", "st", 0),
        ("legacy:char-rnn:2x3", "abcdefjklmno", "ghipqr", None, 2),  # 3 batches: 2 columns of each row, and 1
        ("legacy:char-rnn:1x6", "abcdefghijkl", "mnopqr", None, 2),
        ("legacy:char-rnn:10x1", "acegikmoqs", "bdfhjlnprt", None, 0),
        ("legacy:char-rnn:7x3", "", "", None, 20),
        ("legacy:char-rnn", "", "", None, 20),
    ],
)
def test_the_alphabet_is_cut_as_worked_out_by_hand(scheme, train, validation, test, left_out):
    pieces = {"train": train, "validation": validation} | ({"test": test} if test is not None else {})
    assert cutter(scheme)("abcdefghijklmnopqrst") == Cut(pieces, left_out)


@given(TEXT)
@pytest.mark.parametrize("scheme", ["legacy:nanogpt", "legacy:udacity", "legacy:torch-rnn"])
def test_what_is_cut_at_places_is_whole(scheme, text):
    assert "".join(LEGACY[scheme](text).pieces.values()) == text


@given(TEXT, st.integers(1, 5), st.integers(1, 5))
@example("a" * 99, 3, 3)
@example("né—🌾" * 9, 4, 3)
def test_every_character_is_in_one_piece_of_char_rnn_or_left_out(text, streams, length):
    cut = char_rnn(text, streams, length)
    kept = "".join(cut.pieces.values())
    assert len(kept) + cut.left_out == len(text)
    assert sorted(kept) == sorted(text[: len(kept)])


@given(st.text(st.characters(max_codepoint=127)), st.integers(1, 5), st.integers(1, 5))
def test_char_rnn_cuts_as_its_tensors_do(text, streams, length):
    """The loader's own steps, on bytes: cut off the end, view as rows, split into columns, 95 % of them to train."""
    data = np.frombuffer(text.encode(), np.uint8)
    rows = data[: len(data) // (streams * length) * streams * length].reshape(streams, -1)
    columns = [rows[:, place : place + length] for place in range(0, rows.shape[1], length)]
    train = int(len(columns) * 0.95)
    expected = [np.concatenate([rows[:, :0], *part], axis=1) for part in (columns[:train], columns[train:])]
    assert [piece.encode() for piece in char_rnn(text, streams, length).pieces.values()] == [
        part.tobytes() for part in expected
    ]


def test_a_character_that_char_rnn_would_cut_in_two_goes_to_the_later_part():
    cut = char_rnn("éa" * 10, 1, 1)  # 30 bytes, 28 of them to train; the last é is bytes 27 and 28
    assert cut.pieces == {"train": "éa" * 9, "validation": "éa"}


@pytest.mark.parametrize(
    ("scheme", "lengths"),
    [
        ("legacy:nanogpt", [22, 3]),
        ("legacy:udacity", [22, 3]),
        ("legacy:torch-rnn", [24, 3, 3]),
        ("legacy:char-rnn:1x1", [28, 2]),
    ],
)
def test_line_ends_are_those_that_their_code_reads(scheme, lengths):
    assert [len(piece) for piece in cutter(scheme)("line\r\n" * 5).pieces.values()] == lengths


@pytest.mark.parametrize("scheme", ["legacy:char-rnn:0x5", "legacy:char-rnn:5", "legacy:char-rnn:5x5x5", "legacy:", ""])
def test_what_is_no_scheme_is_told(scheme):
    assert cutter(scheme) is None


@pytest.mark.parametrize(
    ("scheme", "pieces", "left_out"),
    [
        ("legacy:nanogpt", {"train": 1_003_854, "validation": 111_540}, 0),  # as its prepare.py says
        ("legacy:udacity", {"train": 1_003_854, "validation": 111_540}, 0),
        ("legacy:torch-rnn", {"train": 892_316, "validation": 111_539, "test": 111_539}, 0),
        ("legacy:char-rnn", {"train": 423 * 2500, "validation": 23 * 2500}, 394),  # 446 batches: 423, 23 and 0
        ("legacy:char-rnn:100x100", {"train": 105 * 10_000, "validation": 6 * 10_000}, 5_394),
    ],
)
def test_shakespeare_is_cut_into_the_published_sizes(scheme, pieces, left_out):
    text = decode((needs.shared("web") / SHAKESPEARE).read_bytes()).text
    assert len(text) == 1_115_394
    assert sizes(cutter(scheme)(text)) == (pieces, left_out)


def test_char_rnn_holds_out_the_end_of_every_fiftieth_of_shakespeare():
    text = decode((needs.shared("web") / SHAKESPEARE).read_bytes()).text
    pieces, row = char_rnn(text).pieces, 446 * 50
    for stream in (0, 1, 49):
        assert text[stream * row :].startswith(pieces["train"][stream * 21_150 : (stream + 1) * 21_150])
        assert text[stream * row + 21_150 :].startswith(pieces["validation"][stream * 1_150 : (stream + 1) * 1_150])


def test_anna_karenina_gives_the_published_characters_and_steps():
    pieces = udacity(decode((needs.shared("web") / ANNA).read_bytes()).text).pieces
    assert len(set(pieces["train"] + pieces["validation"])) == 83
    assert 20 * (len(pieces["train"]) // (128 * 100)) == 2_780
    assert sizes(Cut(pieces)) == ({"train": 1_786_700, "validation": 198_523}, 0)
