"""Versions with real shards, of a few documents, written as a build writes them but without one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from corpusmill.store import MANIFEST, Store, encode, shards
from corpusmill.store.ids import content_id, document_id
from corpusmill.types import SPLITS, Document, Drop, Split, Version
from tests.corpusmill.samples import version

ARCHIVE = "https://host/all.tar.gz"


def document(name: str, text: str = "", source: str = "https://host/a.txt", **fields: Any) -> Document:
    """A document whose id is that of its name."""
    given = {"raw_sha256": "5" * 64, "title": name, "licence": "CC0-1.0", **fields}
    return Document(id=document_id("", name), text=text or f"The text of {name}.", source=source, **given)


def publish(
    store: Store,
    number: int,
    documents: Mapping[Split, Sequence[Document]],
    drops: Sequence[Drop] = (),
    per_shard: int = 2,
    **fields: Any,
) -> Version:
    """A version in the store, its shards of so many documents."""
    everything = [document for split in documents.values() for document in split]
    counts = Counter(character for document in everything for character in document.text)
    stats = {
        "vocabulary": {"total": dict(sorted(counts.items()))},
        "licences": dict(Counter(document.licence for document in everything)),
        "total": {"characters": sum(counts.values())},
        "lengths": {"histogram": [[1, 2]]},
    }
    given: dict[str, Any] = {
        "columns": dict.fromkeys(shards.COLUMNS, "string"),
        "stats": stats,
        "drops": dict(Counter(f"{drop.step}: {drop.reason}" for drop in drops)),
    }
    draft = version(number, **{**given, **fields, "shards": ()})
    folder = store.version_folder(draft)
    (folder / "data").mkdir(parents=True)
    (folder / "drops").mkdir()
    shards.write_drops(folder / "drops" / "drops.parquet", drops)
    written = []
    for split in SPLITS:
        mine = sorted(documents.get(split, ()), key=lambda each: each.id)
        for start in range(0, len(mine), per_shard):
            path = f"data/{split}-{start:05d}.parquet"
            written.append(shards.write(folder, path, split, mine[start : start + per_shard]))
    identity = fields.get("identity") or content_id([number, [shard.content_digest for shard in written]])
    made = version(number, **{**given, **fields, "identity": identity, "shards": tuple(written)})
    (folder / MANIFEST).write_bytes(encode(made))
    return made
