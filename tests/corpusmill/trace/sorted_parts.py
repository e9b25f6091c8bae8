"""Parts without a store, sorted the slow and plain way."""

from collections.abc import Sequence

import numpy as np

from corpusmill.trace.index import Order, Part, packed


def naive_order(body: bytes) -> list[int]:
    """Where characters begin, in the order of all that follows."""
    places = (place for place, octet in enumerate(body) if octet & 0xC0 != 0x80 and octet != 0xFF)
    return sorted(places, key=lambda place: body[place:])


def parts_of(*groups: Sequence[str]) -> list[Part]:
    """A part for each group of documents."""
    parts, first = [], 0
    for texts in groups:
        body = b"".join(text.encode() + b"\xff" for text in texts)
        order = packed(np.array(naive_order(body), np.int32), len(body))
        parts.append(Part(first, body, Order.of(order, len(body))))
        first += len(texts)
    return parts
