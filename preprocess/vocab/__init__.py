"""Text <-> ids, in units of characters, bytes or words: the one thing that text and model share.

    vocabulary = Vocabulary.build(train_text)       # or Bytes(), or Words.build(train_text)
    ids = vocabulary.encode("To be")                # array([33, 54, 2, 41, 44], dtype=uint8)
    vocabulary.decode(ids)                          # "To be"

All three are `Tokens`. They know no splits, files or networks.
"""

from collections.abc import Callable, Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from preprocess.vocab.characters import Vocabulary
from preprocess.vocab.octets import Bytes
from preprocess.vocab.tokens import REPLACEMENT, UNKNOWN, Decoder, Ids, Tokens, Unit
from preprocess.vocab.words import Words

__all__ = [
    "REPLACEMENT",
    "UNKNOWN",
    "Bytes",
    "Decoder",
    "Ids",
    "Tokens",
    "Unit",
    "Vocabulary",
    "Words",
    "from_json",
    "merged",
    "places",
]

_READ: Mapping[str, Callable[[bytes], Tokens]] = {
    "character": Vocabulary.from_json,
    "byte": Bytes.from_json,
    "word": Words.from_json,
}


def from_json(body: bytes) -> Tokens:
    """What any vocabulary's `to_json` wrote; one that names no unit is of characters.

    Raises msgspec.DecodeError, ValueError, KeyError.
    """
    unit = msgspec.json.decode(body, type=dict[str, object]).get("unit", "character")
    if not isinstance(unit, str) or unit not in _READ:
        raise ValueError(f"{unit!r} is no unit of a vocabulary")
    return _READ[unit](body)


def merged(one: Tokens, other: Tokens) -> Tokens:
    """What either knows. Raises ValueError for vocabularies of two units."""
    if isinstance(one, Vocabulary) and isinstance(other, Vocabulary):
        return Vocabulary("".join(sorted({*one.characters, *other.characters})))
    if isinstance(one, Words) and isinstance(other, Words):
        return Words(tuple(sorted({*one.words, *other.words})))
    if one.unit == other.unit:
        return one
    raise ValueError(f"a vocabulary of {one.unit}s and one of {other.unit}s have nothing in common")


def places(old: Tokens, new: Tokens) -> NDArray[np.int64]:
    """For each id of a vocabulary the id that stands for the same in one that knows all of it, [len(old)]."""
    if isinstance(old, Vocabulary):
        return np.append(UNKNOWN, new.encode(old.characters)).astype(np.int64)
    if isinstance(old, Words) and isinstance(new, Words):
        return np.append(UNKNOWN, new.ids(old.words)).astype(np.int64)
    return np.arange(len(old))
