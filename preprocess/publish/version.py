"""Decided documents -> a version in the store: shards, drop ledger, dataset card, and the manifest last.

It decides no content. A shard that the parent version has too is linked to it, unread, and what equals a whole version
is not published again.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from corpusmill.errors import BuildError, StoreError
from corpusmill.interchange import croissant
from corpusmill.store import Store, commit, shards
from corpusmill.store.ids import code_digest
from corpusmill.store.shards import content
from corpusmill.types import SPLITS, Corpus, Drop, Progress, Shard, Snapshot, Split, Version, silent
from preprocess.decide.index import Numbers
from preprocess.decide.resolve import Resolved
from preprocess.partition import files as partition
from preprocess.publish import sample, stats
from preprocess.publish.card import card
from preprocess.publish.making import Planned, Start
from preprocess.publish.rows import Lost
from preprocess.publish.shelf import Contents, name_of
from preprocess.recipe import CODE, libraries

_ATTEMPTS = 100  # to get the next number; each that fails is another writer's success
SHARD_BYTES = 64 << 20  # of text in a shard at most


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is to be published, and where it is kept meanwhile."""

    resolved: Resolved
    spec: Mapping[str, Any]
    build_key: str
    folder: Path  # of the partitions
    making: Start  # of the shards
    beside: frozenset[str]  # names of more files beside the partitions that the next build can use


@dataclass(frozen=True, slots=True)
class _Written:
    """What the work folder holds."""

    shards: tuple[Shard, ...]
    contents: tuple[Contents, ...]  # of each shard
    sampled: dict[str, Any]
    leakage: dict[str, Any]
    keep: set[str]  # names of files beside the partitions that the next build can use


def publish(
    prepared: Prepared, corpus: Corpus, snapshot: Snapshot, store: Store, progress: Progress = silent
) -> tuple[Version, bool]:
    """Write a version, or find the one that holds exactly this; the bool says which. Raises StoreError, Lost."""
    versions = store.versions(corpus.name)
    folder = store.corpus(corpus.name) / "versions"
    commit.make_folder(folder)
    commit.sweep(folder)
    with commit.work_folder(folder / "next") as work:
        written = _write(work, prepared, store, versions[-1] if versions else None, progress)

        def numbered(parent: Version | None) -> Version:
            version = _version(prepared, written, corpus, snapshot, parent)
            (work / "README.md").write_text(card(version, _addresses(snapshot)), encoding="utf-8")
            (work / croissant.FILE).write_bytes(croissant.encode(version, snapshot))
            return version

        version, made = commit_next(store, work, corpus.name, numbered)
    partition.tidy(prepared.folder, written.keep)
    return version, made


def commit_next(
    store: Store, work: Path, corpus: str, numbered: Callable[[Version | None], Version]
) -> tuple[Version, bool]:
    """Publish what is in a work folder as the next version; False for one that is there with the same content.

    Of several writers one gets a number, and the others go on from its version: `numbered` is given the version before
    and makes the manifest, and the files that tell the number. Raises StoreError.
    """
    for _ in range(_ATTEMPTS):
        versions = store.versions(corpus)
        version = numbered(versions[-1] if versions else None)
        for known in reversed(versions):
            if known.content == version.id:
                return known, False
        if store.publish(work, store.corpus(corpus) / "versions" / version.name, version):
            return version, True
    hint = "nothing of this build is published; repeat the command"
    raise StoreError(f"{store.place}: others published {_ATTEMPTS} versions of {corpus} meanwhile", hint)


def _write(work: Path, prepared: Prepared, store: Store, parent: Version | None, progress: Progress) -> _Written:
    (work / "data").mkdir()
    (work / "drops").mkdir()
    resolved = prepared.resolved
    plan = _plan(resolved)
    with prepared.making(work, prepared.folder, resolved, store, parent) as making:
        try:
            measuring = sample.start(resolved, prepared.folder, making.measure)
            shards.write_drops(work / "drops" / "drops.parquet", resolved.drops)
            made = making.shards(plan, progress)
            found = (measuring.sampled(), measuring.leakage())
        except Lost:  # then all that is lost is looked for: what one shard lacks may be a part of it
            raise Lost(making.lost(plan)) from None
    written, contents = zip(*made, strict=True)
    _refuse_unaccounted(resolved, written)
    keep = {f"{key}.index" for key in resolved.table.keys} | {name_of(shard) for shard in written}
    return _Written(written, contents, *found, keep | set(measuring.names) | prepared.beside)


def _plan(resolved: Resolved) -> list[Planned]:
    """The path, split and rows of each shard."""
    planned: list[Planned] = []
    for place, split in enumerate(SPLITS):
        mine = resolved.kept[resolved.splits == place]
        buckets = _buckets(resolved.table.records["id"][mine, 1], resolved.table.records["bytes"][mine])
        for number, bucket in enumerate(buckets):
            planned.append((f"data/{split}-{number:05d}-of-{len(buckets):05d}.parquet", split, mine[bucket]))
    return planned


def _buckets(ids: NDArray[np.uint64], sizes: NDArray[Any], limit: int = SHARD_BYTES) -> list[Numbers]:
    """Places of documents in a power of two of buckets, each of at most `limit` bytes of text, by hash of their ids.

    Ids are digests, so their last digits are the hash. A document larger than the limit has its bucket to itself at
    best, so there are never more buckets than documents. No documents are no bucket.
    """
    count, last = 1 if len(ids) else 0, (ids & np.uint64(0xFFFFFFFF)).astype(np.int64)
    while count and count < len(ids) and np.bincount(last % count, sizes, count).max() > limit:
        count *= 2
    return [np.flatnonzero(last % count == number) for number in range(count)]


def _refuse_unaccounted(resolved: Resolved, written: Sequence[Shard]) -> None:
    """Nothing is lost unseen: what was parsed is in a shard or in the ledger."""
    rows, drops = sum(shard.rows for shard in written), len(resolved.drops)
    if rows + drops != resolved.parsed:
        message = f"{resolved.parsed:,} documents were parsed, but {rows:,} are rows and {drops:,} are drops"
        raise BuildError(message, "nothing is published; please report it")


def _version(
    prepared: Prepared, written: _Written, corpus: Corpus, snapshot: Snapshot, parent: Version | None
) -> Version:
    drops = prepared.resolved.drops
    return Version(
        corpus=corpus.name,
        id=content(written.shards, drops),
        number=parent.number + 1 if parent else 1,
        parent=parent.id if parent else None,
        snapshot=snapshot.id,
        build_key=prepared.build_key,
        spec=prepared.spec,
        code_digest=code_digest(*CODE),
        libraries={**libraries(), "pyarrow": pa.__version__},
        columns={field.name: str(field.type) for field in shards.schema(prepared.resolved.columns)},
        title=corpus.title,
        about=corpus.about,
        licence=corpus.licence,
        licence_note=corpus.licence_note,
        personal_data=corpus.personal_data,
        language=corpus.language,
        shards=written.shards,
        parsed=prepared.resolved.parsed,
        drops=counts(drops),
        stats=_stats(prepared.resolved, written),
    )


def _stats(resolved: Resolved, written: _Written) -> dict[str, Any]:
    counts: dict[Split, Counter[str]] = {}
    documents: Counter[Split] = Counter()
    licences: Counter[str] = Counter()
    for shard, contents in zip(written.shards, written.contents, strict=True):
        counts.setdefault(shard.split, Counter()).update(contents.characters)
        documents[shard.split] += shard.rows
        licences.update(contents.licences)
    table, kept = resolved.table, resolved.kept
    lengths = (lambda place: table.identity(int(kept[place])), table.records["characters"][kept])
    duplicates = sum(drop.step == "dedup" for drop in resolved.drops)
    measured = stats.measure(counts, documents, lengths, licences, duplicates)
    return measured | {"sample": written.sampled, "leakage": written.leakage}


def counts(drops: Sequence[Drop]) -> dict[str, int]:
    """Drops by step and reason, details left aside."""
    return dict(sorted(Counter(f"{drop.step}: {drop.reason.partition(':')[0]}" for drop in drops).items()))


def _addresses(snapshot: Snapshot) -> tuple[str, ...]:
    return tuple(sorted(file.url for file in snapshot.files))
