"""What every vocabulary does, whatever its unit. A token is what an id stands for: a character, a byte or a word.

Id 0 is never written by a model: it stands for what a vocabulary lacks.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Unit = Literal["character", "byte", "word"]

UNKNOWN = 0
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"  # what id 0 decodes to

Ids = NDArray[Any]
"""Ids of tokens, shape [n]; uint8 for up to 256 different ones, then uint16, then uint32."""


class Decoder(Protocol):
    """Ids of one text, some at a time, to its pieces."""

    def __call__(self, ids: Ids, *, final: bool = False) -> str:
        """The text that is certain with these; with `final` none follow, so all of it."""


class Tokens(Protocol):
    """A vocabulary."""

    unit: ClassVar[Unit]

    def __len__(self) -> int:
        """How many ids there are, the unknown one included."""

    def encode(self, text: str) -> Ids:
        """Text -> ids, shape [tokens]."""

    def encode_all(self, texts: Sequence[str], separator: str) -> tuple[Ids, list[int]]:
        """Texts with a separator between -> ids, and how many of them each text has."""

    def decode(self, ids: Ids) -> str:
        """Ids -> text; unknown ones become U+FFFD."""

    def decoder(self) -> Decoder:
        """Decodes a text that comes in pieces."""

    def starts(self, text: str) -> NDArray[np.int64]:
        """For each token the place of the character that it begins with or in; shape [tokens]."""

    def tokens(self, text: str) -> list[str]:
        """Each token in writing, known or not."""

    def names(self) -> list[str]:
        """What each id stands for, in writing."""

    def unknown_bytes(self, text: str) -> NDArray[Any]:
        """For each token its number of UTF-8 bytes if it is unknown, else 0; shape [tokens]."""

    def unseen(self, text: str) -> Sequence[str]:
        """The distinct tokens of a text that the vocabulary lacks, in order of appearance."""

    def to_json(self) -> bytes:
        """What `from_json` reads: an object with the unit, for a file beside the weights."""
