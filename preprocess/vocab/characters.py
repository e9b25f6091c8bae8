"""Characters <-> ids, at memory speed.

Id 0 stands for every character that the vocabulary lacks; the others are numbered from 1 in the order of their code
points. It knows no splits, files or networks.

    vocabulary = Vocabulary.build(train_text)
    ids = vocabulary.encode("To be")            # array([33, 54, 2, 41, 44], dtype=uint8)
    vocabulary.decode(ids)                      # "To be"

An unknown character has no code of its own, so a score adds what it costs to spell it out: 8 bits for each of its UTF-8
bytes (`unknown_bytes`), on top of the model's price for "unknown". Bits per byte thus stay the length of a lossless
code, and compare across vocabularies.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from preprocess.vocab.tokens import REPLACEMENT, UNKNOWN, Decoder, Ids, Unit

_COUNTED = 1 << 22  # characters counted at a time, so that counting never holds a text's UTF-32 form whole
_ENCODED = 1 << 17  # characters encoded at a time: their other forms stay in the processor's cache, twice as fast
_BYTE = 256
_WIDER = np.array([0x80, 0x800, 0x10000], np.uint32)  # code points at which UTF-8 needs a byte more


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The characters a model knows, sorted by code point; ids are their places, counted from 1."""

    characters: str
    _table: NDArray[Any] = field(init=False, repr=False, compare=False)  # code point -> id; its last entry is unknown

    unit: ClassVar[Unit] = "character"

    def __post_init__(self) -> None:
        """Make the table. Raises ValueError unless the characters are sorted and distinct."""
        points = code_points(self.characters)
        if (np.diff(points.astype(np.int64)) <= 0).any():
            raise ValueError("a vocabulary's characters are sorted by code point, each once")
        size = len(points) + 1
        table = np.zeros(max(int(points[-1]) + 2 if len(points) else 1, _BYTE), np.min_scalar_type(size - 1))
        table[points] = np.arange(1, size)
        object.__setattr__(self, "_table", table)

    @classmethod
    def build(cls, text: str, min_count: int = 1) -> "Vocabulary":
        """The characters that occur at least `min_count` times in a text."""
        counts = np.zeros(0, np.int64)  # by code point, as far as they go
        for start in range(0, len(text), _COUNTED):
            found = np.bincount(code_points(text[start : start + _COUNTED]), minlength=len(counts))
            found[: len(counts)] += counts
            counts = found
        return cls(_text(np.flatnonzero(counts >= max(min_count, 1))))

    @classmethod
    def of(cls, counts: Mapping[str, int], min_count: int = 1) -> "Vocabulary":
        """The characters that were counted at least `min_count` times, as a version's statistics have them."""
        return cls("".join(sorted(character for character, count in counts.items() if count >= max(min_count, 1))))

    @classmethod
    def from_json(cls, body: bytes) -> "Vocabulary":
        """What `to_json` wrote. Raises msgspec.DecodeError, ValueError."""
        return cls(msgspec.json.decode(body, type=dict[str, str])["characters"])

    def to_json(self) -> bytes:
        """``{"unit": "character", "characters": "…"}``, for a file beside the weights."""
        return msgspec.json.encode({"unit": self.unit, "characters": self.characters}) + b"\n"

    def __len__(self) -> int:
        return len(self.characters) + 1

    def encode(self, text: str) -> Ids:
        """Text -> ids, shape [len(text)]; no loop over characters, and for ASCII not even a wider copy."""
        ids = np.empty(len(text), self._table.dtype)
        for start, part in _parts(text):
            self._encode(part, ids[start : start + len(part)])
        return ids

    def _encode(self, part: str, ids: Ids) -> None:
        """Put a part's ids where they belong."""
        if part.isascii() and len(self) <= _BYTE:
            ids[:] = np.frombuffer(part.encode().translate(self._table[:_BYTE].tobytes()), np.uint8)
        else:
            np.take(self._table, code_points(part), mode="clip", out=ids)

    def encode_all(self, texts: Sequence[str], separator: str) -> tuple[Ids, list[int]]:
        """Texts with a separator between -> ids, and how many of them each text has."""
        return self.encode(separator.join(texts)), list(map(len, texts))

    def decode(self, ids: Ids) -> str:
        """Ids -> text; unknown ones become U+FFFD. Raises IndexError for an id beyond the vocabulary."""
        return _text(code_points(REPLACEMENT + self.characters)[ids])

    def decoder(self) -> Decoder:
        """One that owes nothing to what came before."""
        return lambda ids, final=False: self.decode(ids)  # noqa: ARG005 - no character is ever half there

    def starts(self, text: str) -> NDArray[np.int64]:
        """The place of each character."""
        return np.arange(len(text))

    def tokens(self, text: str) -> list[str]:
        """The characters of a text."""
        return list(text)

    def names(self) -> list[str]:
        """What each id stands for."""
        return [REPLACEMENT, *self.characters]

    def unknown_bytes(self, text: str) -> NDArray[np.uint8]:
        """For each character its number of UTF-8 bytes if it is unknown, else 0; shape [len(text)]."""
        spelt = np.zeros(len(text), np.uint8)
        for start, part in _parts(text):
            unknown = np.flatnonzero(self.encode(part) == UNKNOWN)
            if len(unknown):
                spelt[start + unknown] = widths(code_points(part)[unknown])
        return spelt

    def unseen(self, text: str) -> str:
        """The distinct characters of a text that the vocabulary lacks, in order of appearance."""
        known = set(self.characters)
        return "".join(character for character in dict.fromkeys(text) if character not in known)


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """A text in parts of a size that is fast to work on, each with where it starts."""
    return ((start, text[start : start + _ENCODED]) for start in range(0, len(text), _ENCODED))


def widths(points: NDArray[np.uint32]) -> NDArray[np.int64]:
    """How many UTF-8 bytes each code point takes."""
    return 1 + np.searchsorted(_WIDER, points, side="right")


def code_points(text: str) -> NDArray[np.uint32]:
    """Code points. A lone surrogate, which a terminal can hand over, passes: it is unknown to every vocabulary."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def _text(points: NDArray[Any]) -> str:
    return points.astype("<u4").tobytes().decode("utf-32-le")
