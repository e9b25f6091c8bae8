"""A version without what was to be forgotten: its shards, ledger, statistics and card once more, in the same place.

    made = without(version, store, stones, removal)

Only shards that hold something of it are written; the others are links to what is there. The new folder is made beside
the old one and the two change places in one step, so readers see one or the other. The version keeps its id, by which
others refer to it; its `content` is the digest of what is left, and what a build of the same snapshot now gives. What
is measured on a sample (`sample`, `leakage`) stays as it was measured and is said to be from before.
"""

import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpusmill.errors import UnknownNameError
from corpusmill.interchange import croissant
from corpusmill.store import Store, commit, shards
from corpusmill.store.ids import document_id
from corpusmill.store.shards import COLUMNS, TYPES, Group, content
from corpusmill.store.tombstones import REASON, STEP, WHOLE, Tombstones, file_of, is_mask
from corpusmill.types import Drop, Removal, Shard, Snapshot, Split, Version
from preprocess.publish import stats
from preprocess.publish.card import card
from preprocess.publish.histogram import Histogram
from preprocess.publish.version import counts

BEFORE = "measured_before_removal"  # names the figures that are of the text as it was
_IDENTITY = re.compile(r"[0-9a-f]{32}")

Told = Callable[[int, str], Removal]
"""How many documents went, and the digest of what is left -> what the manifest says of it."""


@dataclass(slots=True)
class _Counted:
    """What is counted of the rows that stay, a shard at a time."""

    characters: dict[Split, Histogram]
    documents: Counter[Split]
    licences: Counter[str]
    ids: list[str]
    lengths: list[int]

    def add(self, split: Split, table: pa.Table) -> None:
        histogram = self.characters.setdefault(split, Histogram())
        for text in table.column("text").to_pylist():
            histogram.add(text.encode())
            self.lengths.append(len(text))
        self.documents[split] += len(table)
        self.licences.update(table.column("licence").to_pylist())
        self.ids.extend(table.column("id").to_pylist())


def without(version: Version, store: Store, stones: Tombstones, told: Told) -> Version | None:
    """The version as it is now; None where there was nothing to take out of it.

    Nobody may read it meanwhile (`pins.alone`). Raises CorruptError, StoreError.
    """
    folder, removed = store.version_folder(version), list[Drop]()
    with commit.work_folder(folder) as work:
        (work / "data").mkdir()
        (work / "drops").mkdir()
        counted = _Counted({}, Counter(), Counter(), [], [])
        written = _shards(version, folder, work, stones, removed, counted)
        gone = len(removed)
        ledger = _ledger(shards.read_drops(folder), stones, removed)
        snapshot = _snapshot(version, store)
        removed += [whole(file.url) for file in (snapshot.files if snapshot else ()) if is_mask(file.url)]
        drops = [*ledger, *_once(removed, ledger)]
        now = content(written, drops)
        if now == version.content:
            return None
        shards.write_drops(work / "drops" / "drops.parquet", drops)
        made = replace(
            version,
            shards=tuple(written),
            parsed=sum(shard.rows for shard in written) + len(drops),
            drops=counts(drops),
            stats=_stats(version, counted, drops),
            removals=(*version.removals, told(gone, now)),
        )
        addresses = sorted(file.url for file in snapshot.files) if snapshot else []
        (work / "README.md").write_text(card(made, tuple(addresses)), encoding="utf-8")
        if snapshot:
            (work / croissant.FILE).write_bytes(croissant.encode(made, snapshot))
        store.replace(work, folder, made)
    return made


def whole(mask: str) -> Drop:
    """The drop that stands for all of a file."""
    return Drop(id=document_id(mask), step=STEP, reason=WHOLE, source=mask)


def one(identity: str, source: str, stones: Tombstones) -> Drop:
    """The drop that stands for a document, or for the whole of the file it was in."""
    if address := stones.address(source):
        return whole(stones.mask(address))
    return Drop(id=stones.masked_id(identity), step=STEP, reason=REASON, source=stones.mask(file_of(source)))


def _shards(
    version: Version, folder: Path, work: Path, stones: Tombstones, removed: list[Drop], counted: _Counted
) -> list[Shard]:
    """The shards of what stays; a split of which nothing stays has none."""
    made = []
    for shard in version.shards:
        table = shards.read(folder, shard, None)
        stays = np.array([not _goes(row, stones) for row in _rows(table)], bool)
        removed += [one(row["id"], row["source"], stones) for row in _rows(table.filter(~stays))]
        left = table.filter(stays)
        counted.add(shard.split, left)
        if stays.all():
            _link(folder / shard.path, work / shard.path)
            made.append(shard)
        else:
            made.append(shards.write_groups(work, shard.path, shard.split, _groups(left), _more(table)))
    empty = {split for split in counted.documents if not counted.documents[split]}
    for shard in made:
        if shard.split in empty:
            (work / shard.path).unlink()
    return [shard for shard in made if shard.split not in empty]


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in table.select(["id", "text", "source", "author", "licence"]).to_batches():
        yield from batch.to_pylist()


def _goes(row: dict[str, Any], stones: Tombstones) -> bool:
    return stones.document(row["id"], row["source"], row["author"], row["licence"]) or stones.text(row["text"])


def _groups(table: pa.Table) -> Iterator[Group]:
    """Rows as the row groups of a shard."""
    sizes = pc.binary_length(table.column("text").cast(pa.binary())).to_pylist()
    for start, end in shards.row_groups(sizes):
        some = table.slice(start, end - start).combine_chunks()
        rest = list(zip(*(column.to_pylist() for column in some.drop_columns("text").columns), strict=True))
        texts = some.column("text").to_pylist()
        digests = b"".join(shards.row_digest(row, text.encode()) for row, text in zip(rest, texts, strict=True))
        yield Group(rest, pa.array(texts, pa.string()), sum(map(len, texts)), digests)


def _more(table: pa.Table) -> list[tuple[str, str]]:
    """The columns that not every version has, as `shards.write_groups` takes them."""
    names = {type_: name for name, (type_, _) in TYPES.items()}
    return [(field.name, names[field.type]) for field in table.schema if field.name not in COLUMNS]


def _link(old: Path, new: Path) -> None:
    try:
        os.link(old, new)
    except OSError:  # a file system without links, or with too many to this file
        shutil.copyfile(old, new)


def _ledger(drops: Iterable[Drop], stones: Tombstones, removed: list[Drop]) -> list[Drop]:
    """The rows of the ledger that stay; those of what is forgotten are told by a mask."""
    stay = []
    for drop in drops:
        if drop.step == STEP and is_mask(drop.source):
            stay.append(drop)
        elif stones.document(drop.id, drop.source, "", "") or _is_copy(drop, stones):
            removed.append(one(drop.id, drop.source, stones))
        else:
            stay.append(replace(drop, reason=_scrubbed(drop.reason, stones)))
    return stay


def _is_copy(drop: Drop, stones: Tombstones) -> bool:
    """Whether a duplicate is one of a document whose text is forgotten: a build would now leave it out for that."""
    found = _IDENTITY.search(drop.reason) if drop.reason.startswith("same text: ") else None
    return found is not None and stones.has("copied", found[0])


def _once(removed: Iterable[Drop], ledger: Iterable[Drop]) -> list[Drop]:
    """What was taken out now: a document each time it occurred, a whole file once."""
    files = {drop for drop in removed if drop.reason == WHOLE}.difference(ledger)
    return [*(drop for drop in removed if drop.reason != WHOLE), *files]


def _scrubbed(reason: str, stones: Tombstones) -> str:
    """A reason that names nothing forgotten."""
    parts = []
    for part in reason.split(" "):
        if _IDENTITY.fullmatch(part) and stones.has("id", part):
            parts.append(stones.masked_id(part))
        else:
            address = stones.address(part) if ":" in part else ""
            parts.append(stones.mask(address) if address else part)
    return " ".join(parts)


def _stats(version: Version, counted: _Counted, drops: Sequence[Drop]) -> dict[str, Any]:
    characters = {split: found.counts() for split, found in counted.characters.items() if counted.documents[split]}
    documents = Counter({split: count for split, count in counted.documents.items() if count})
    duplicates = sum(drop.step == "dedup" for drop in drops)
    ordered = sorted(zip(counted.ids, counted.lengths, strict=True)) or [("", 0)]  # of nothing, a document of nothing
    lengths: stats.Lengths = (lambda place: ordered[place][0], np.array([length for _, length in ordered], np.int64))
    measured = stats.measure(characters, documents, lengths, counted.licences, duplicates)
    kept = {name: version.stats[name] for name in ("sample", "leakage") if name in version.stats}
    return measured | kept | {BEFORE: sorted(kept)}


def _snapshot(version: Version, store: Store) -> Snapshot | None:
    """What it was built from, unless that was cleared away."""
    try:
        return store.snapshot(version.corpus, version.snapshot)
    except UnknownNameError:
        return None
