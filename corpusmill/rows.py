"""Rows of versions, found in their shards: by id, by address, by digest, without reading more columns than needed.

    for shard, row in of_ids(store, version, ids, ("id", "text")): ...

A shard is checked against its digest before it is parsed, and kept from being removed meanwhile. What several versions
share is read once.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from corpusmill.store import Store, pins, shards
from corpusmill.types import Shard, Version

Row = dict[str, Any]
Which = Callable[[pa.Table], Any]
"""A table of rows -> which of them are meant, as an Arrow array of truths."""

FACTS = ("id", "source", "raw_sha256", "title", "licence")  # what tells a row from others and where it is from


@dataclass(frozen=True, slots=True)
class Held:
    """Rows that one shard of a version holds, their texts not among the columns."""

    version: Version
    shard: Shard
    rows: pa.Table


def of_ids(store: Store, version: Version, ids: Collection[str], columns: Sequence[str]) -> Iterator[tuple[Shard, Row]]:
    """Those rows of a version that have one of these ids, in the order of its shards. Raises CorruptError."""
    folder, wanted = store.version_folder(version), pa.array(sorted(set(ids)), pa.string())
    with pins.held(store, version):
        for shard in version.shards:
            there = pc.is_in(shards.read(folder, shard, ["id"]).column("id"), wanted)
            if pc.any(there).as_py():
                found = shards.read(folder, shard, columns).filter(there)
                yield from ((shard, row) for row in found.to_pylist())


def holding(store: Store, versions: Sequence[Version], which: Which) -> Iterator[Held]:
    """Every shard of these versions that holds rows of those meant, with their `FACTS`. Raises CorruptError."""
    seen: dict[str, pa.Table] = {}
    for version in versions:
        for shard in version.shards:
            if shard.content_digest not in seen:
                with pins.held(store, version):
                    table = shards.read(store.version_folder(version), shard, FACTS)
                seen[shard.content_digest] = table.filter(which(table))
            if len(seen[shard.content_digest]):
                yield Held(version, shard, seen[shard.content_digest])


def from_addresses(addresses: Sequence[str]) -> Which:
    """Rows of these files, or of members of these archives."""
    exact = pa.array(addresses, pa.string())

    def which(table: pa.Table) -> Any:
        source = table.column("source")
        found = pc.is_in(source, exact)
        for address in addresses:
            found = pc.or_(found, pc.starts_with(source, f"{address}!/"))
        return found

    return which


def beginning(column: str, start: str) -> Which:
    """Rows whose id or digest begins with these digits."""
    return lambda table: pc.starts_with(table.column(column), start)
