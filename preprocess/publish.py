"""Split documents -> a version in the store: shards, drop ledger, dataset card, and the manifest last.

It decides no content. What equals the parent version's file is linked to it, and what equals a whole version is not
published again.
"""

import os
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from corpusmill.errors import StoreError
from corpusmill.store import Store, commit, encode, shards
from corpusmill.store.ids import code_digest, content_id, file_sha256, rows_digest
from corpusmill.types import Corpus, Document, Drop, Shard, Snapshot, Split, Version
from preprocess import stats
from preprocess.card import card

SHARD_BYTES = 64 << 20  # of text in a shard at most
CODE = (
    "preprocess",
    "corpusmill.store",
    "corpusmill.archive",
    "corpusmill.soup",
)  # the packages whose source decides what a version holds


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is to be published. Documents are sorted by id."""

    splits: Mapping[Split, Sequence[Document]]
    drops: Sequence[Drop]
    spec: Mapping[str, Any]
    build_key: str


def publish(prepared: Prepared, corpus: Corpus, snapshot: Snapshot, store: Store) -> tuple[Version, bool]:
    """Write a version, or find the one that holds exactly this; the bool says which. Raises StoreError."""
    versions = store.versions(corpus.name)
    parent = versions[-1] if versions else None
    final = store.corpus(corpus.name) / "versions" / f"v{parent.number + 1 if parent else 1:06d}"
    commit.make_folder(final.parent)
    commit.sweep(final.parent)
    with commit.work_folder(final) as work:
        version = _version(prepared, _write(work, prepared, store, parent), corpus, snapshot, parent)
        for known in reversed(versions):
            if known.id == version.id:
                return known, False
        (work / "README.md").write_text(card(version, _addresses(snapshot)), encoding="utf-8")
        if not commit.publish(work, final, encode(version)):
            raise StoreError(f"{final} was made by someone else meanwhile", "repeat the command")
    return version, True


def _write(work: Path, prepared: Prepared, store: Store, parent: Version | None) -> tuple[Shard, ...]:
    (work / "data").mkdir()
    (work / "drops").mkdir()
    shards.write_drops(work / "drops" / "drops.parquet", prepared.drops)
    written = tuple(shard for split, documents in prepared.splits.items() for shard in _shards(work, split, documents))
    if parent:
        _link_unchanged(work, written, store.version_folder(parent), parent)
    return written


def _shards(work: Path, split: Split, documents: Sequence[Document]) -> list[Shard]:
    buckets = _buckets(documents)
    names = [f"data/{split}-{index:05d}-of-{len(buckets):05d}.parquet" for index in range(len(buckets))]
    return [shards.write(work, name, split, bucket) for name, bucket in zip(names, buckets, strict=True)]


def _buckets(documents: Sequence[Document], limit: int = SHARD_BYTES) -> list[list[Document]]:
    """A power of two of buckets with at most `limit` bytes of text each, a document's by hash of its id.

    Ids are digests, so their last digits are the hash. A document larger than the limit has its bucket to itself at
    best, so there are never more buckets than documents.
    """
    count = 1
    while True:
        buckets: list[list[Document]] = [[] for _ in range(count)]
        for document in documents:
            buckets[int(document.id[-8:], 16) % count].append(document)
        if count >= len(documents) or max(_bytes(bucket) for bucket in buckets) <= limit:
            return buckets
        count *= 2


def _bytes(documents: Sequence[Document]) -> int:
    return sum(len(document.text.encode()) for document in documents)


def _link_unchanged(work: Path, written: Sequence[Shard], folder: Path, parent: Version) -> None:
    """Share the disk space of shards that the parent version has too, byte for byte."""
    known = {shard.sha256: folder / shard.path for shard in parent.shards}
    for shard in written:
        old, new = known.get(shard.sha256), work / shard.path
        if old is None or not old.is_file() or file_sha256(old) != shard.sha256:
            continue
        linked = new.with_suffix(".linked")
        try:
            os.link(old, linked)
        except OSError:  # a file system without links, or with too many to this file: the copy stays
            continue
        linked.rename(new)


def _version(
    prepared: Prepared, written: tuple[Shard, ...], corpus: Corpus, snapshot: Snapshot, parent: Version | None
) -> Version:
    duplicates = sum(drop.step == "dedup" for drop in prepared.drops)
    return Version(
        corpus=corpus.name,
        id=_content(written, prepared.drops),
        number=parent.number + 1 if parent else 1,
        parent=parent.id if parent else None,
        snapshot=snapshot.id,
        build_key=prepared.build_key,
        spec=prepared.spec,
        code_digest=code_digest(*CODE),
        libraries={"python": platform.python_version(), "pyarrow": pa.__version__},
        columns={field.name: str(field.type) for field in shards.SCHEMA},
        title=corpus.title,
        about=corpus.about,
        licence=corpus.licence,
        licence_note=corpus.licence_note,
        personal_data=corpus.personal_data,
        language=corpus.language,
        shards=written,
        parsed=sum(map(len, prepared.splits.values())) + len(prepared.drops),
        drops=_counts(prepared.drops),
        stats=stats.measure(prepared.splits, duplicates),
    )


def _content(written: Sequence[Shard], drops: Sequence[Drop]) -> str:
    """The version's id: its rows, their splits, and what was dropped."""
    ledger = rows_digest(sorted((d.id, d.step, d.reason, d.source) for d in drops))
    return content_id({"shards": [(shard.split, shard.content_digest) for shard in written], "drops": ledger})


def _counts(drops: Sequence[Drop]) -> dict[str, int]:
    """Drops by step and reason, details left aside."""
    return dict(Counter(f"{drop.step}: {drop.reason.partition(':')[0]}" for drop in drops))


def _addresses(snapshot: Snapshot) -> tuple[str, ...]:
    return tuple(sorted(file.url for file in snapshot.files))
