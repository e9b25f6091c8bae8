"""What a version holds, in numbers: sizes, characters, lengths, licences; and what is measured on a sample of it.

It knows lengths and counts, no texts and no files; what it returns is plain JSON.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpusmill.types import Split

Counts = Mapping[str, int]


def measure(
    counts: Mapping[Split, Counts],
    documents: Mapping[Split, int],
    lengths: "Lengths",
    licences: Counts,
    duplicates: int,
) -> dict[str, Any]:
    """Statistics of a version.

    ``splits`` and ``total`` hold documents, characters and UTF-8 bytes; ``vocabulary`` the number of each character, in
    all and in train; ``lengths`` the shortest, median and longest document in characters, and a histogram of pairs
    [2**k, documents of 2**k to 2**(k+1)-1 characters].
    """
    total: Counter[str] = Counter()
    for each in counts.values():
        total.update(each)
    return {
        "total": _size(sum(documents.values()), total),
        "splits": {split: _size(documents[split], counts[split]) for split in documents},
        "vocabulary": {"total": dict(sorted(total.items())), "train": dict(sorted(counts.get("train", {}).items()))},
        "lengths": _lengths(*lengths),
        "licences": dict(sorted(licences.items())),
        "duplicates": duplicates,
    }


Lengths = tuple[Callable[[int], str], NDArray[Any]]
"""How the documents are called, by their places in the order of their ids; and how many characters each has."""


def _size(documents: int, counts: Counts) -> dict[str, int]:
    return {
        "documents": documents,
        "characters": sum(counts.values()),
        "bytes": sum(len(character.encode()) * count for character, count in counts.items()),
    }


def _lengths(called: Callable[[int], str], characters: NDArray[Any]) -> dict[str, Any]:
    """Ties go to the smallest id."""
    shortest, longest = int(characters.argmin()), int(characters.argmax())
    middle = (len(characters) - 1) // 2
    powers = np.maximum(np.frexp(characters.astype(np.float64))[1] - 1, 0)
    histogram = np.bincount(powers)
    return {
        "shortest": {"id": called(shortest), "characters": int(characters[shortest])},
        "median": int(np.partition(characters, middle)[middle]),
        "longest": {"id": called(longest), "characters": int(characters[longest])},
        "histogram": [[2 ** int(power), int(histogram[power])] for power in np.flatnonzero(histogram)],
    }
