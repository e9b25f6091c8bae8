"""What is done on a machine of a cluster: units to partitions, rows to shards. It knows no other machine.

Each of these works in a folder of its own that is gone afterwards. What others are to have goes into the store: rows
and indexes into the depot, shards to where who commits the version finds them. The store is opened with this machine's
own environment, so that no credentials travel.
"""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from corpusmill import archive
from corpusmill.errors import BuildError
from corpusmill.store import Store, blobs, commit, opened, tombstones
from corpusmill.store.blobs import blob_path
from corpusmill.store.objects import Objects
from corpusmill.store.working import each
from corpusmill.types import Corpus, RawFile
from preprocess.cluster import same
from preprocess.cluster.bundle import bundled
from preprocess.cluster.depot import depot_of
from preprocess.partition import files as partition
from preprocess.partition import units as dividing
from preprocess.partition.mill import Mill, Part
from preprocess.partition.units import Damaged, Unit
from preprocess.recipe import check

_HEAD = 192 << 10  # bytes of a body in the store that hold its first block, however badly it packs
_wanted: ContextVar[Callable[[], bool]] = ContextVar("wanted", default=lambda: True)


@dataclass(frozen=True, slots=True)
class Site:
    """Which corpus of which store."""

    corpus: Corpus
    store: str


@dataclass(slots=True)
class Milled:
    """What came of some units."""

    keys: list[str] = field(default_factory=list)  # in the order of the units
    indexes: dict[str, bytes] = field(default_factory=dict)  # by key, as they are written
    damaged: Damaged | None = None


def call(facts: same.Facts, function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function gives, or the exception that it raises, where this process has these facts."""
    try:
        same.refuse_other(facts)
        return function(*arguments)
    except Exception as error:  # noqa: BLE001 - handed over whole, and raised by who asked
        return error


@contextmanager
def asking(wanted: Callable[[], bool]) -> Iterator[None]:
    """Have what is done meanwhile ask now and then whether anybody wants it."""
    before = _wanted.set(wanted)
    try:
        yield
    finally:
        _wanted.reset(before)


def is_wanted() -> bool:
    """Whether anybody still waits for what is done here."""
    return _wanted.get()()


def look(site: Site, name: str) -> tuple[same.Facts, str]:
    """What this process has, and why it does not see a file of the depot; empty if it does."""
    try:
        with in_folder(site) as (store, _):
            depot_of(store, site.corpus.name).get(name)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is why
        return same.facts(), str(error) or type(error).__name__
    return same.facts(), ""


def packed(site: Site, digests: Sequence[str]) -> set[str]:
    """Which of these bodies are archives, or packed."""
    with in_folder(site) as (store, _):
        bucket = store.bucket
        heads = each(lambda digest: _head(bucket, digest), digests) if bucket else []
        if not bucket:
            heads = [blobs.beginning(store.root, digest, archive.HEAD) for digest in digests]
    return {digest for digest, head in zip(digests, heads, strict=True) if archive.kind_of(head)}


def mill(site: Site, given: Sequence[Sequence[Part]], size: int) -> Milled:
    """The partitions of these units, in bundles of about `size` bytes."""
    with in_folder(site) as (store, folder):
        _bring(store, (part.file.sha256 for parts in given for part in parts if part.body is None))
        return _milled(site, store, folder, (Unit(tuple(parts)) for parts in given), size)


def mill_file(site: Site, file: RawFile, size: int) -> Milled:
    """The partitions of a large file, which is opened here."""
    with in_folder(site) as (store, folder):
        _bring(store, [file.sha256])
        found = dividing.opened(check(site.corpus), file, store.root, lambda _url, _more: None)
        return _milled(site, store, folder, found, size)


def _milled(site: Site, store: Store, folder: Path, units: Iterable[Unit | Damaged], size: int) -> Milled:
    milling, made = Mill(site.corpus, store.root, folder), Milled()
    held: dict[str, int] = {}
    for unit in units:
        if not is_wanted():
            raise BuildError(f"nobody waits for {site.corpus.name} any more", "repeat the command")
        if isinstance(unit, Damaged):
            made.damaged = unit
            continue
        key = milling.run(unit.parts)
        made.keys.append(key)
        rows = partition.rows_path(folder, key)
        held[key] = rows.stat().st_size if rows.is_file() else 0
        if sum(held.values()) >= size:
            made.indexes |= _put(site, store, folder, list(held))
            held = {}
    if held:
        made.indexes |= _put(site, store, folder, list(held))
    return made


def _put(site: Site, store: Store, folder: Path, keys: Sequence[str]) -> dict[str, bytes]:
    """Put partitions into the depot, their rows first, and remove them here; their indexes by key."""
    name, indexes = bundled(folder, keys, check(site.corpus).split.fractions)
    depot, rows = depot_of(store, site.corpus.name), partition.rows_path(folder, name)
    if rows.is_file():
        depot.put(rows.name, rows)
        rows.unlink()
    depot.put(f"{name}.indexes", msgspec.msgpack.encode(indexes))
    for key in keys:
        partition.forget(folder, key)
    return indexes


@contextmanager
def in_folder(site: Site) -> Iterator[tuple[Store, Path]]:
    """The store, with this folder as the working copy where it is in a bucket; and a folder to work in."""
    beside = Path(tempfile.gettempdir(), f"corpusmill-{os.getuid()}")
    commit.make_folder(beside)
    commit.sweep(beside)
    with commit.work_folder(beside / "task") as folder:
        store = opened(site.store, os.environ)
        if store.bucket:
            store = Store(folder, store.bucket)
            tombstones.load(store, site.corpus.name)
        yield store, folder


def _bring(store: Store, digests: Iterable[str]) -> None:
    """Have bodies here that are in a bucket; one that is not there either stays absent, and who reads it says so."""
    bucket = store.bucket
    if bucket:
        each(lambda digest: _fetch(bucket, store.root, digest), {digest for digest in digests if digest})


def _fetch(bucket: Objects, root: Path, digest: str) -> None:
    path = blob_path(root, digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("wb") as file:
            for piece in bucket.pieces(path.relative_to(root).as_posix()):
                file.write(piece)
    except FileNotFoundError:
        path.unlink()


def _head(bucket: Objects, digest: str) -> bytes:
    """The beginning of a body in a bucket."""
    name = blob_path(Path(), digest).as_posix()
    return zstandard.ZstdDecompressor().decompressobj().decompress(bucket.part(name, 0, _HEAD))[: archive.HEAD]
