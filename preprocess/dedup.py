"""Exact duplicates: of documents with one id, or one text, one stays. Which one never depends on their order.

It knows no near-duplicates and reads nothing: documents in, documents and drops out.
"""

from collections.abc import Callable, Hashable, Iterable

import xxhash

from corpusmill.types import Document, Drop

Kept = tuple[list[Document], list[Drop]]


def one_per_id(documents: Iterable[Document]) -> Kept:
    """Of documents that overlapping files share, the one of the first source; sorted by id."""
    return _first(documents, lambda d: d.id, lambda kept: f"same id: kept the one from {kept.source}")


def one_per_text(documents: Iterable[Document]) -> Kept:
    """Of documents with the same text, the one with the smallest id; sorted by id."""
    return _first(
        documents, lambda d: xxhash.xxh3_128_digest(d.text.encode()), lambda kept: f"same text: kept {kept.id}"
    )


def _first(
    documents: Iterable[Document], key: Callable[[Document], Hashable], reason: Callable[[Document], str]
) -> Kept:
    kept: dict[Hashable, Document] = {}
    drops = []
    for document in sorted(documents, key=lambda d: (d.id, d.source, d.text)):
        first = kept.setdefault(key(document), document)
        if first is not document:
            drops.append(Drop(id=document.id, step="dedup", reason=reason(first), source=document.source))
    return list(kept.values()), drops
