"""What is done on a machine of a cluster once everything is decided: rows to a shard, rows to what is measured on them.

A row whose file is gone, since it was published before, is taken from the version before: from those of its shards that
can hold it, which a document's id tells.
"""

import re
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from corpusmill.store import Store, remote
from corpusmill.store.shards import Column
from corpusmill.types import Shard, Split, Version
from preprocess.cluster.bundle import Records, Selection, gathered, unread
from preprocess.cluster.depot import depot_of
from preprocess.cluster.work import Site, in_folder
from preprocess.publish import sample, shelf
from preprocess.publish.making import Finished
from preprocess.publish.rows import Lost, Rows
from preprocess.publish.sample import Sample
from preprocess.publish.shelf import Contents, Shelf

_COUNTED = re.compile(r"-(\d{5,})-of-(\d{5,})\.parquet$")


@dataclass(frozen=True, slots=True)
class Before:
    """Some shards of the version before."""

    folder: str  # in the store
    shards: tuple[Shard, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """A shard to write."""

    path: str
    split: Split
    rows: Selection
    columns: tuple[Column, ...]
    work: str  # the work folder, in a store that is a folder
    before: Before | None  # shards that may hold its rows


@dataclass(frozen=True, slots=True)
class Missing:
    """Partitions whose rows are nowhere any more."""

    keys: frozenset[str]


def kin(parent: Version, records: Records) -> tuple[Shard, ...]:
    """The shards of a version that can hold documents with these ids, whatever split they were in."""
    lowest = records["id"][:, 1] & np.uint64(0xFFFFFFFF)
    found = []
    for shard in parent.shards:
        told = _COUNTED.search(shard.path)
        if not told or (lowest % np.uint64(told[2]) == np.uint64(told[1])).any():
            found.append(shard)
    return tuple(found)


def write(site: Site, order: Order) -> Finished | Missing:
    """Write a shard to where the version's work folder is, or to objects/ of a bucket."""
    with in_folder(site) as (store, folder):
        rows = _rows(site, store, order.rows, order.before, folder, "rows")
        mine = np.arange(len(order.rows.records))
        with _apart(store, order.work, folder) as work:
            try:
                done = Shelf(work, folder, rows.table, rows, None).put(order.path, order.split, mine, order.columns)
            except Lost:
                return Missing(frozenset(rows.lost(mine)))
            if store.bucket:
                remote.send(store.bucket, work / order.path, done[0].sha256)
            else:
                (work / order.path).rename(store.root / order.work / order.path)
        return done


def link(site: Site, order: Order, same: Shard) -> Finished | Missing:
    """In a folder, share a shard with the version before; write it where that is damaged."""
    with in_folder(site) as (store, folder):
        assert order.before
        table = unread(order.rows, folder)
        shelving = Shelf(
            store.root / order.work, folder, table, Rows(table, None), (store.root / order.before.folder, [same])
        )
        if done := shelving.link(order.path, order.split, np.arange(len(table))):
            return done
    return write(site, order)


@contextmanager
def _apart(store: Store, work: str, folder: Path) -> Iterator[Path]:
    """Where a shard is written: in a folder of its own, since a machine taken for dead may be at the same."""
    apart = folder / "shard" if store.bucket else store.root / work / f".{uuid.uuid4().hex}"
    (apart / "data").mkdir(parents=True)
    try:
        yield apart
    finally:
        shutil.rmtree(apart, ignore_errors=True)


def count(site: Site, folder: str, shard: Shard) -> Contents:
    """What is in a shard of a version that is in the store. Raises CorruptError."""
    with in_folder(site) as (store, here):
        return shelf.counted(_fetched(store, Before(folder, (shard,)), here), shard)


def measure(site: Site, name: str, samples: Sequence[tuple[Selection, int, Before | None]]) -> Any:
    """What a measure says of some samples: of each, its rows and the bytes that it is cut at; or Missing."""
    with in_folder(site) as (store, folder):
        texts = []
        for number, (chosen, limit, before) in enumerate(samples):
            rows = _rows(site, store, chosen, before, folder, f"rows-{number}")
            texts.append(Sample(np.arange(len(chosen.records)), limit).texts(rows))
        try:
            return sample.taken(name, texts)
        except Lost as lost:
            return Missing(frozenset(lost.keys))


def _rows(site: Site, store: Store, chosen: Selection, before: Before | None, folder: Path, name: str) -> Rows:
    """Rows that lie here from now on, or can be taken from the version before."""
    table = gathered(chosen, depot_of(store, site.corpus.name), folder, name)
    if before is None or not any(place.startswith("gone-") for place in table.places):
        return Rows(table, None)
    return Rows(table, (_fetched(store, before, folder), before.shards))


def _fetched(store: Store, before: Before, folder: Path) -> Path:
    """Where shards of the version before lie, fetched if they are in a bucket."""
    bucket = store.bucket
    if not bucket:
        return store.root / before.folder
    for shard in before.shards:
        path = folder / "before" / shard.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for piece in bucket.pieces(f"{before.folder}/{shard.path}"):
                file.write(piece)
    return folder / "before"
