"""The training text of a version in the order of its suffixes, kept beside it: sorted once, then searched on disk.

    parts = opened(version, store)
    parts[0].text                       # UTF-8, mapped from disk; byte FF, which no UTF-8 has, ends each document
    parts[0].order                      # the places in it where characters begin, by what follows them

    STORE/<corpus>/traces/<version>-<digest of its content and of this code>/
        000000000.text  .order  …       whole documents, some 16 MiB to a part, named by the number of the first
        manifest.json                   bytes and xxh3-128 of each; written last

A place takes 3 bytes, so on disk that is 4 bytes for a character of ASCII, 5 for one of two bytes, 6 for one of three;
and one more in a document that is longer than a part. Sorting needs 6 bytes of memory for each byte of a part, however
large the version is; the suffixes are sorted by libdivsufsort (`pydivsufsort`).

It is a cache: safe to delete at any time, even while it is read. Each file's digest is checked whenever it is opened,
at the speed of the disk; what is damaged or half there is made anew and never used.
"""

import hashlib
import mmap
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import xxhash
from numpy.typing import NDArray

from corpusmill.errors import StoreError
from corpusmill.store import Store, commit, shards
from corpusmill.store.ids import code_digest, content_id, pretty
from corpusmill.types import Progress, Version, silent

END = 0xFF  # after each document
_CODE = ("corpusmill.trace.index",)  # what decides the files
_ROWS = 256  # documents handed on at a time
_SORTED = 1 << 20  # places written at a time
_DAMAGE = (OSError, ValueError, KeyError, msgspec.MsgspecError)  # what opening a spoilt folder may say


@dataclass(frozen=True, slots=True)
class Limits:
    """How much text is sorted at once; sorting takes six times as much memory."""

    part: int = 1 << 24  # bytes of a part; a longer document has one of its own
    document: int = 1 << 30  # bytes of a document


@dataclass(frozen=True, slots=True)
class Order:
    """Places in a text, each in the bytes that one needs."""

    body: mmap.mmap | bytes
    width: int

    @classmethod
    def of(cls, body: mmap.mmap | bytes, size: int) -> "Order":
        """The places in a text of `size` bytes."""
        return cls(body, _width(size))

    def __len__(self) -> int:
        return len(self.body) // self.width

    def __getitem__(self, index: int) -> int:
        return int.from_bytes(self.body[index * self.width : (index + 1) * self.width], "little")

    def least(self, low: int, high: int) -> int:
        """The first place in the text of those from `low` to below `high`."""
        octets = np.frombuffer(self.body[low * self.width : high * self.width], np.uint8).reshape(-1, self.width)
        return int((octets @ (1 << 8 * np.arange(self.width, dtype=np.int64))).min())


def packed(places: NDArray[np.int32], size: int) -> bytes:
    """Places in a text of `size` bytes as `Order` reads them."""
    return places.astype("<i4").view(np.uint8).reshape(-1, 4)[:, : _width(size)].tobytes()


def _width(size: int) -> int:
    return 3 if size <= 1 << 24 else 4


@dataclass(frozen=True, slots=True)
class Part:
    """Some documents of the training split, one after the other, as it has them."""

    first: int  # the number of its first document, counted through the split
    text: mmap.mmap | bytes
    order: Order


@dataclass(frozen=True, slots=True)
class _File:
    bytes: int
    xxh3_128: str


def folders(version: Version, store: Store) -> list[Path]:
    """Every folder that holds this version's texts for tracing; there is one at most, but for what was left over."""
    return sorted((store.corpus(version.corpus) / "traces").glob(f"{version.id}-*"))


def opened(version: Version, store: Store, progress: Progress = silent, *, limits: Limits | None = None) -> list[Part]:
    """The training split's parts, made first where they are not there yet.

    Raises CorruptError for a damaged shard, StoreError for a document too long to sort, OSError.
    """
    limits = limits or Limits()
    names = {"content": version.content, "part": limits.part, "code": code_digest(*_CODE)}
    folder = store.corpus(version.corpus) / "traces" / f"{version.id}-{content_id(names)}"
    if (found := _found(folder)) is not None:
        return found
    for old in folders(version, store):
        _discard(old)
    with commit.work_folder(folder) as work:
        commit.sweep(folder.parent)
        _write(work, version, store, limits, progress)
        files = {path.name: _measured(path) for path in sorted(work.iterdir())}
        made = _mapped(work, files)  # what is mapped stays so, wherever the folder goes
        commit.publish(work, folder, pretty(files))  # unless another process did, with the same bytes
    return made


def _found(folder: Path) -> list[Part] | None:
    """What a folder holds, or None unless all of it is there and as it was written."""
    try:
        files = msgspec.json.decode((folder / commit.MANIFEST).read_bytes(), type=dict[str, _File])
        whole = all(_measured(folder / name) == file for name, file in files.items())
        return _mapped(folder, files) if whole else None
    except _DAMAGE:
        return None


def _mapped(folder: Path, files: Iterable[str]) -> list[Part]:
    parts = []
    for first in sorted({int(name.partition(".")[0]) for name in files}):
        text, order = (_map(path) for path in _paths(folder, first))
        parts.append(Part(first, text, Order.of(order, len(text))))
    return parts


def _map(path: Path) -> mmap.mmap | bytes:
    """A file's bytes as they are on disk; nothing cannot be mapped."""
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else b""


def _measured(path: Path) -> _File:
    with path.open("rb") as file:
        return _File(path.stat().st_size, hashlib.file_digest(file, xxhash.xxh3_128).hexdigest())


def _discard(folder: Path) -> None:
    """Move what is in the way aside, at once, and remove it. Who reads it reads on."""
    with commit.work_folder(folder.with_name("damaged")) as aside, suppress(FileNotFoundError):
        folder.rename(aside / folder.name)


def _write(work: Path, version: Version, store: Store, limits: Limits, progress: Progress) -> None:
    """Write every part."""
    total = sum(shard.characters for shard in version.shards if shard.split == "train")
    characters = documents = 0
    for texts in _parts(version, store, limits):
        progress("index", characters, total, "sorting the training text")
        text, order = _paths(work, documents)
        body = b"".join(part for document in texts for part in (document, b"\xff"))
        text.write_bytes(body)
        characters += _sort(body, order)
        documents += len(texts)
    progress("index", total, total, f"{characters:,} characters sorted")


def _sort(body: bytes, path: Path) -> int:
    """Write the places of a text's characters in the order of what follows them; gives their number."""
    from pydivsufsort import divsufsort

    octets, written = np.frombuffer(body, np.uint8), 0
    is_start = begins(octets)
    order = divsufsort(body)
    with path.open("wb") as file:
        for start in range(0, len(order), _SORTED):
            places: NDArray[np.int32] = order[start : start + _SORTED]
            kept = places[is_start[places]]
            file.write(packed(kept, len(body)))
            written += len(kept)
    return written


def begins(octets: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where characters begin: neither inside of one (10xxxxxx) nor at the end of a document."""
    found: NDArray[np.bool_] = ((octets & 0xC0) != 0x80) & (octets != END)  # noqa: PLR2004 - RFC 3629, 3
    return found


def _parts(version: Version, store: Store, limits: Limits) -> Iterator[list[bytes]]:
    """The texts of the training split, so many at a time as fit a part."""
    texts: list[bytes] = []
    size = 0
    for text in _texts(version, store):
        if len(text) > limits.document:
            what = f"{version.ref} has a document of {len(text):,} bytes; at most {limits.document:,} can be traced"
            raise StoreError(what, "cut it into several in [parse], then build again")
        if texts and size + len(text) + 1 > limits.part:
            yield texts
            texts, size = [], 0
        texts.append(text)
        size += len(text) + 1
    if texts:
        yield texts


def _texts(version: Version, store: Store) -> Iterator[bytes]:
    for shard in version.shards:
        if shard.split == "train":
            column: Any = shards.read(store.version_folder(version), shard, ["text"]).column("text")
            for start in range(0, len(column), _ROWS):
                yield from map(str.encode, column.slice(start, _ROWS).to_pylist())


def _paths(folder: Path, first: int) -> tuple[Path, Path]:
    """Text and order of the part that begins with this document."""
    return folder / f"{first:09}.text", folder / f"{first:09}.order"
