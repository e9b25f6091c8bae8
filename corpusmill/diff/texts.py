"""Texts of single documents, and how one of them changed."""

import difflib
from collections.abc import Collection, Iterator

from corpusmill import rows
from corpusmill.errors import UnknownNameError
from corpusmill.store import Store
from corpusmill.types import Version


def texts(store: Store, version: Version, ids: Collection[str]) -> Iterator[str]:
    """The texts of those documents that have these ids, in the order of a version's shards. Raises CorruptError."""
    for _, row in rows.of_ids(store, version, ids, ("text",)):
        yield row["text"]


def text_diff(store: Store, before: Version, after: Version, id_: str) -> str:
    """A document's two texts as a unified diff; "" where they are the same. One that is absent counts as empty.

    Raises UnknownNameError where neither version has it, CorruptError.
    """
    was, now = (next(texts(store, version, [id_]), None) for version in (before, after))
    if was is None and now is None:
        hint = f"list those that differ: corpusmill diff {before.ref} {after.ref}"
        raise UnknownNameError(f"neither {before.ref} nor {after.ref} has a document {id_}", hint)
    one, other = ([] if text is None else text.split("\n") for text in (was, now))
    return "\n".join(difflib.unified_diff(one, other, f"{before.ref} {id_}", f"{after.ref} {id_}", lineterm=""))
