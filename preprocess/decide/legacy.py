"""Other projects' splits of a single file, cut where their code cuts, so that a loss compares with their numbers.

    cut = cutter("legacy:char-rnn")
    cut(text).pieces        # {"train": "First Citizen:…", "validation": "…"}
    cut(text).left_out      # 394

The same model's loss differs by 0.3 nats from one of these to the next, so a figure without its split says little.
They take the text as decoded, line ends as they are in the file; a byte-order mark is not counted.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from corpusmill.types import Split
from preprocess.text.decode import unix


@dataclass(frozen=True, slots=True)
class Cut:
    """A text in pieces; what their code drops for not filling a batch is in none of them."""

    pieces: Mapping[Split, str]
    left_out: int = 0  # characters


Cutter = Callable[[str], Cut]

_CHAR_RNN = re.compile(r"legacy:char-rnn:([1-9]\d{0,5})x([1-9]\d{0,5})")


def cutter(scheme: str) -> Cutter | None:
    """What a scheme's name stands for; ``legacy:char-rnn:100x50`` is char-rnn's with batch_size 100, seq_length 50."""
    if asked := _CHAR_RNN.fullmatch(scheme):
        return lambda text: char_rnn(text, int(asked[1]), int(asked[2]))
    return LEGACY.get(scheme)


def nanogpt(text: str) -> Cut:
    """The first nine tenths of the characters, read with LF line ends: nanoGPT, data/shakespeare_char/prepare.py."""
    text = unix(text)
    at = int(len(text) * 0.9)
    return Cut({"train": text[:at], "validation": text[at:]})


def udacity(text: str) -> Cut:
    """The same place, found with ``val_frac`` 0.1: deep-learning-v2-pytorch, Character_Level_RNN_Solution.ipynb.

    That it is read with LF line ends shows in its 83 characters and 2,780 steps: anna.txt, which has CRLF, would give
    84 and 2,840.
    """
    text = unix(text)
    at = int(len(text) * (1 - 0.1))
    return Cut({"train": text[:at], "validation": text[at:]})


def torch_rnn(text: str) -> Cut:
    """Train, then a tenth of the characters for validation, and a tenth for test: torch-rnn, scripts/preprocess.py."""
    held_out = int(0.1 * len(text))
    train = len(text) - 2 * held_out
    return Cut({"train": text[:train], "validation": text[train : train + held_out], "test": text[train + held_out :]})


def char_rnn(text: str, streams: int = 50, length: int = 50) -> Cut:
    """The last columns of each of its parallel streams: char-rnn, util/CharSplitLMMinibatchLoader.lua, 0.95 and 0.05.

    The file is cut to whole batches of streams x length bytes and laid out as so many rows; the first 95 % of the
    batches are the beginning of every row, the rest its end. A piece holds its parts of the rows one after the other,
    so on Shakespeare the validation text is 50 stretches of 1,150 characters: scored with a reset of 1,150, the state
    is zero where theirs is. They count bytes: where that would cut a character in two, it goes to the later part.
    """
    body = text.encode()
    batches = len(body) // (streams * length)
    train = int(batches * 0.95) * length
    row = batches * length
    rows = [(start, start + train, start + row) for start in range(0, streams * row, row or 1)]
    pieces: dict[Split, str] = {
        "train": "".join(_between(body, start, middle) for start, middle, _ in rows),
        "validation": "".join(_between(body, middle, end) for _, middle, end in rows),
    }
    return Cut(pieces, len(text) - sum(map(len, pieces.values())))


def _between(body: bytes, start: int, end: int) -> str:
    return body[_character(body, start) : _character(body, end)].decode()


def _character(body: bytes, place: int) -> int:
    """Where the character that a byte belongs to starts."""
    while place < len(body) and body[place] & 0xC0 == 0x80:  # noqa: PLR2004 - 10xxxxxx goes on with a character
        place -= 1
    return place


LEGACY: Mapping[str, Cutter] = {
    "legacy:char-rnn": char_rnn,
    "legacy:nanogpt": nanogpt,
    "legacy:torch-rnn": torch_rnn,
    "legacy:udacity": udacity,
}
