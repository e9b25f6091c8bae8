"""What a version holds, in numbers: sizes, characters, lengths, licences. One pass over the texts, at memory speed.

It knows documents and splits, no files; what it returns is plain JSON.
"""

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from corpusmill.types import Document, Split

_CODE_POINTS = 0x110000
_BATCH = 1 << 20  # characters counted at a time; numpy's tables of all code points are too large for one document

Counts = Mapping[str, int]


def measure(splits: Mapping[Split, Sequence[Document]], duplicates: int) -> dict[str, Any]:
    """Statistics of a version.

    ``splits`` and ``total`` hold documents, characters and UTF-8 bytes; ``vocabulary`` the number of each character, in
    all and in train; ``lengths`` the shortest, median and longest document in characters, and a histogram of pairs
    [2**k, documents of 2**k to 2**(k+1)-1 characters].
    """
    counts = {split: characters(d.text for d in documents) for split, documents in splits.items()}
    total: Counter[str] = Counter()
    for each in counts.values():
        total.update(each)
    everything = [document for documents in splits.values() for document in documents]
    return {
        "total": _size(everything, total),
        "splits": {split: _size(documents, counts[split]) for split, documents in splits.items()},
        "vocabulary": {"total": dict(total), "train": counts.get("train", {})},
        "lengths": _lengths(everything),
        "licences": dict(Counter(document.licence for document in everything)),
        "duplicates": duplicates,
    }


def characters(texts: Iterable[str]) -> dict[str, int]:
    """How often each character occurs, by code point."""
    counts = np.zeros(_CODE_POINTS, np.int64)
    for batch in _batches(texts):
        found = np.bincount(np.frombuffer(batch.encode("utf-32-le"), "<u4"))
        counts[: len(found)] += found
    return {chr(point): int(counts[point]) for point in np.flatnonzero(counts)}


def _batches(texts: Iterable[str]) -> Iterator[str]:
    batch, size = [], 0
    for text in texts:
        batch.append(text)
        size += len(text)
        if size >= _BATCH:
            yield "".join(batch)
            batch, size = [], 0
    yield "".join(batch)


def _size(documents: Sequence[Document], counts: Counts) -> dict[str, int]:
    return {
        "documents": len(documents),
        "characters": sum(counts.values()),
        "bytes": sum(len(character.encode()) * count for character, count in counts.items()),
    }


def _lengths(documents: Sequence[Document]) -> dict[str, Any]:
    """Ties go to the smallest id."""
    by_length = sorted((len(document.text), document.id) for document in documents)
    lengths = [length for length, _ in by_length]
    longest = min((-length, id_) for length, id_ in by_length)
    histogram = Counter(max(length.bit_length() - 1, 0) for length in lengths)
    return {
        "shortest": {"id": by_length[0][1], "characters": lengths[0]},
        "median": statistics.median_low(lengths),
        "longest": {"id": longest[1], "characters": -longest[0]},
        "histogram": [[2**power, histogram[power]] for power in sorted(histogram)],
    }
