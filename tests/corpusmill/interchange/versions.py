"""A small published version with everything that a reader may stumble over, and its rows."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec
import pyarrow as pa

from corpusmill.interchange import croissant
from corpusmill.store import Store, encode, shards
from corpusmill.store.ids import document_id
from corpusmill.types import Document, Drop, Shard, Snapshot, Version
from preprocess.publish.card import card
from tests.corpusmill import samples

MORE = [("alphabetic", "float64"), ("label", "int64"), ("good", "bool"), ("speaker", "string")]
PLAN = {"train": 2, "validation": 1, "test": 1}  # shards of each split
HARD = ["", " leading", "a\u2028b\x00c", "tab\tquote\"comma, 'and' \\ back\r\nslash", "🥁 маналэ ă", "NULL", "-1e3"]


@dataclass(frozen=True)
class Published:
    """A version, and where it lies; `rows` are its rows by id, as JSON has them."""

    store: Store
    version: Version
    snapshot: Snapshot
    rows: dict[str, dict]

    @property
    def folder(self) -> Path:
        return self.store.version_folder(self.version)


def published(store: Store, corpus: str = "mill", **fields) -> Published:
    """Twelve documents in four shards, with columns of every type, some of them empty."""
    folder = store.corpus(corpus) / "versions" / "v000001"
    (folder / "data").mkdir(parents=True)
    (folder / "drops").mkdir()
    rows: dict[str, dict] = {}
    written = list(_shards(folder, rows))
    shards.write_drops(folder / "drops" / "drops.parquet", [Drop(id="1", step="parse", reason="empty", source="s")])
    columns = {field.name: str(field.type) for field in shards.schema(MORE)}
    given = {"title": 'Mill: "songs"', "shards": tuple(written), "columns": columns, "stats": stats(written)} | fields
    version = samples.version(corpus=corpus, **given)
    snapshot = samples.snapshot(corpus=corpus, files=(samples.raw("https://host/a b.txt?x=1"), samples.raw("file:b")))
    (folder / "README.md").write_text(card(version, ("https://host/a.txt",)), encoding="utf-8")
    (folder / croissant.FILE).write_bytes(croissant.encode(version, snapshot))
    (folder / "manifest.json").write_bytes(encode(version))
    samples.keep(store, snapshot)
    return Published(store, version, snapshot, rows)


def _shards(folder: Path, rows: dict[str, dict]):
    every = sorted((_document(number) for number in range(12)), key=lambda document: document.id)
    rest_of = iter(every)
    for split, count in PLAN.items():
        for number in range(count):
            documents = list(islice(rest_of, 3))
            extra = [_extra(document) for document in documents]
            group = shards._group(documents)
            rest = [(*row, *more) for row, more in zip(group.rest, extra, strict=True)]
            texts = pa.array([document.text for document in documents], pa.string())
            path = f"data/{split}-{number:05d}-of-{count:05d}.parquet"
            made = shards.Group(rest, texts, group.characters, group.digests)
            yield shards.write_groups(folder, path, split, [made], MORE)
            names = (*shards.REST, *(name for name, _ in MORE))
            for document, row in zip(documents, rest, strict=True):
                rows[document.id] = dict(zip(names, row, strict=True)) | {"text": document.text, "split": split}


def _document(number: int) -> Document:
    text = HARD[number] if number < len(HARD) else f"Passage {number} of a mill."
    return Document(
        id=document_id("mill", number),
        text=text,
        source="https://host/a b.txt?x=1",
        raw_sha256="5" * 64,
        title=f"{number} ă",
        licence="CC0-1.0",
        meta={"n": number},
    )


def _extra(document: Document) -> tuple:
    number = document.meta["n"]
    return (number / 7, None if number % 2 else -number, number % 3 == 0, None if number == 1 else f"speaker {number}")


def stats(written: list[Shard]) -> dict:
    sizes: dict[str, dict[str, int]] = {}
    for shard in written:
        size = sizes.setdefault(shard.split, {"documents": 0, "characters": 0, "bytes": 0})
        size["documents"] += shard.rows
        size["characters"] += shard.characters
        size["bytes"] += shard.characters
    total = {key: sum(size[key] for size in sizes.values()) for key in ("documents", "characters", "bytes")}
    return {"splits": sizes, "total": total, "vocabulary": {"total": {"a": 2, "b": 1}, "train": {"a": 2}}}


def plain(rows: dict[str, dict]) -> dict[str, dict]:
    """Rows as they come back from JSON."""
    return msgspec.json.decode(msgspec.json.encode(rows))
