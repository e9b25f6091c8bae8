r"""Documents one behind the other: the text that is scored, and where each of them starts.

passage = joined(texts, separator="\n\n", limit=30_000)
passage.text, passage.starts
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Passage:
    """A text, and the places where its documents start; a text of one's own is one document."""

    text: str
    starts: tuple[int, ...] = (0,)

    def fresh(self, separator: str) -> NDArray[np.bool_]:
        """Where nothing is remembered if each document is to be read as if it were alone, [n]."""
        mask = np.zeros(len(self.text), np.bool_)
        mask[resets(np.array(self.starts, np.int64), len(separator))] = True
        return mask


def joined(texts: Iterable[str], separator: str, limit: int | None = None) -> Passage:
    """Documents with the separator between, their first `limit` characters; no more are read than that takes."""
    parts: list[str] = []
    starts, length = [], 0
    for text in texts:
        parts.append(text)
        starts.append(length)
        length += len(text) + len(separator)
        if limit is not None and length >= limit + len(separator):
            break
    whole = separator.join(parts)[:limit]
    return Passage(whole, tuple(start for start in starts if start < len(whole)) or (0,))


def resets(starts: NDArray[np.int64], separator: int) -> NDArray[np.int64]:
    """Where nothing is remembered if documents start at these places: at the separator, so long, before each."""
    return starts[1:] - separator
