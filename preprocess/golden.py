"""Golden pairs: raw files, and the documents and drops that a corpus's own sections must make of them.

One home for what the test compares and what ``corpusmill new`` writes.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from corpusmill.store import Store, blobs
from corpusmill.store.ids import pretty
from corpusmill.types import Corpus, Document, RawFile, Snapshot
from preprocess.build import prepare
from preprocess.publish.rows import Rows
from preprocess.recipe import check

HOST = "https://mill.example"


def made_of(corpus: Corpus, raw: dict[str, bytes], folder: Path) -> tuple[bytes, int]:
    """The expected half as it is saved, and how many documents are in it; `folder` is scratch space.

    A sample is not the whole, so ``[expect]`` is not heeded. Raises ParseError, BuildError, SpecError.
    """
    corpus, store = replace(corpus, expect={}), Store(folder)
    files = tuple(_file(name, body, store) for name, body in raw.items())
    snapshot = Snapshot(corpus=corpus.name, id="golden", origin=HOST, files=files, collected_at="")
    recipe = check(corpus)
    resolved = prepare(recipe, corpus, snapshot, store)
    found = Rows(resolved.table, None).documents(resolved.kept, recipe.signals)
    documents = sorted(found, key=lambda d: d.source + d.id)
    drops = sorted(resolved.drops, key=lambda d: (d.source, d.id, d.reason))
    told = [_without_empty_signals(document) for document in documents]
    return pretty({"documents": told, "drops": drops}), len(documents)


def _without_empty_signals(document: Document) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(document)
    if not fields["signals"]:
        del fields["signals"]
    return fields


def _file(name: str, body: bytes, store: Store) -> RawFile:
    """A raw file may end in ``.raw``, which its address lacks: no linter or formatter then touches its bytes."""
    url = f"{HOST}/{name.removesuffix('.raw')}"
    return RawFile(url=url, final_url=url, status=200, sha256=blobs.put(store.root, body), bytes=len(body))
