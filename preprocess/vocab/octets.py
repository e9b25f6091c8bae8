r"""The bytes of UTF-8 as ids: nothing is unknown, and there is nothing to learn from a text.

    Bytes().encode("né")                        # array([110, 195, 169], dtype=uint8)

An id is the byte itself, so encoding is at the speed of memory. Id 0 is the byte 0, which texts do not have: it is read
and scored like any other, but as the id that a model never writes. In writing, a byte beyond ASCII is ``\xc3``.
"""

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from preprocess.vocab.characters import code_points, widths
from preprocess.vocab.tokens import Decoder, Ids, Unit

_BYTES = 256
_ASCII = 128


@dataclass(frozen=True, slots=True)
class Bytes:
    """All 256 of them."""

    unit: ClassVar[Unit] = "byte"

    @classmethod
    def from_json(cls, body: bytes) -> "Bytes":
        """What `to_json` wrote. Raises msgspec.DecodeError."""
        msgspec.json.decode(body, type=dict[str, str])
        return cls()

    def to_json(self) -> bytes:
        """``{"unit": "byte"}``, for a file beside the weights."""
        return msgspec.json.encode({"unit": self.unit}) + b"\n"

    def __len__(self) -> int:
        return _BYTES

    def encode(self, text: str) -> Ids:
        """Text -> ids, shape [bytes]. A lone surrogate, which a terminal can hand over, is three."""
        return np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)

    def encode_all(self, texts: Sequence[str], separator: str) -> tuple[Ids, list[int]]:
        """Texts with a separator between -> ids, and how many of them each text has."""
        bodies = [text.encode("utf-8", "surrogatepass") for text in texts]
        return np.frombuffer(separator.encode().join(bodies), np.uint8), list(map(len, bodies))

    def decode(self, ids: Ids) -> str:
        """Ids -> text; what is no UTF-8 becomes U+FFFD. Raises OverflowError for an id beyond 255."""
        return _body(ids).decode("utf-8", "replace")

    def decoder(self) -> Decoder:
        """One that holds back the beginning of a character until the rest of it has come."""
        utf8 = codecs.getincrementaldecoder("utf-8")("replace")

        def decode(ids: Ids, *, final: bool = False) -> str:
            return utf8.decode(_body(ids), final)

        return decode

    def starts(self, text: str) -> NDArray[np.int64]:
        """For each byte the place of its character."""
        places = np.arange(len(text))
        return places if text.isascii() else np.repeat(places, widths(code_points(text)))

    def tokens(self, text: str) -> list[str]:
        """Each byte in writing."""
        names = self.names()
        return [names[byte] for byte in text.encode("utf-8", "surrogatepass")]

    def names(self) -> list[str]:
        """What each id stands for, in writing."""
        return [chr(byte) if byte < _ASCII else f"\\x{byte:02x}" for byte in range(_BYTES)]

    def unknown_bytes(self, text: str) -> NDArray[np.uint8]:
        """Zeros: every byte is known."""
        return np.zeros(len(text.encode("utf-8", "surrogatepass")), np.uint8)

    def unseen(self, _text: str) -> Sequence[str]:
        """Nothing is."""
        return ()


def _body(ids: Ids) -> bytes:
    return bytes(ids.tolist()) if ids.dtype != np.uint8 else ids.tobytes()
