"""What simpler means need for the same text, in bits per byte: the losses of a model mean little without them.

Each reads the text alone, having seen no other, as the usual compression programs do.
"""

import lzma
import math
import zlib
from collections import Counter
from dataclasses import dataclass

LIMIT = 2_000_000  # bytes; enough for steady figures, and xz takes a second for them


@dataclass(frozen=True, slots=True)
class Yardstick:
    """A means and what it needs."""

    name: str
    bits_per_byte: float


def yardsticks(text: bytes) -> list[Yardstick]:
    """Uncompressed, byte frequencies alone (order 0, Shannon 1948), gzip -9 and xz -6, of the text's first LIMIT bytes.

    Empty for an empty text.
    """
    text = text[:LIMIT]
    if not text:
        return []
    return [
        Yardstick("uncompressed", 8.0),
        Yardstick("byte frequencies", _order_zero(text)),
        Yardstick("gzip -9", 8 * len(zlib.compress(text, 9)) / len(text)),
        Yardstick("xz -6", 8 * len(lzma.compress(text, preset=6)) / len(text)),
    ]


def _order_zero(text: bytes) -> float:
    """Entropy of the byte frequencies."""
    shares = [number / len(text) for number in Counter(text).values()]
    return -sum(share * math.log2(share) for share in shares)
