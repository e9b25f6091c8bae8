"""``[expect]``: what a whole corpus has, checked on its parsed documents before anything is cleaned away.

    [expect]
    documents = 1189
    distinct = { book = 66 }      # different values of meta.book
    sum = { verses = 31102 }      # meta.verses added up

It knows what is asked of the documents' `meta`, no texts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from corpusmill.errors import IncompleteError
from preprocess.decide.index import Parsed


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectOptions:
    """Keys of ``[expect]``; what is absent is not checked."""

    documents: int | None = None
    distinct: dict[str, int] = field(default_factory=dict)
    sum: dict[str, int] = field(default_factory=dict)


def refuse_incomplete(parsed: Parsed, options: ExpectOptions, where: str, unreadable: Sequence[str]) -> None:
    """Raise IncompleteError naming each count that is not what `where` declares, and the files that were unreadable."""
    wrong = [
        f"{found:,} instead of {wanted:,} {what}" for what, found, wanted in _counts(parsed, options) if found != wanted
    ]
    if wrong:
        because = f" (unreadable: {'; '.join(unreadable)})" if unreadable else ""
        hint = "collect it again; if the source has really changed, mend [expect]"
        raise IncompleteError(f"{where} is not whole: {', '.join(wrong)}{because}", hint)


def _counts(parsed: Parsed, options: ExpectOptions) -> Iterator[tuple[str, int, int]]:
    if options.documents is not None:
        yield "documents", parsed.documents, options.documents
    for key, wanted in options.distinct.items():
        yield f"different {key}", len(set(_values(parsed, key))), wanted
    for key, wanted in options.sum.items():
        yield f"{key} in all", sum(_values(parsed, key)), wanted


def _values(parsed: Parsed, key: str) -> Iterator[Any]:
    return (meta[key] for meta in parsed.counted.values() if key in meta)
