"""A version as ids, kept beside it: encoded once, then read from disk as a memory map, however large.

    vocabulary = learnt(version, store, "character", separator)
    train = encoded(version, store, vocabulary, separator)["train"]
    train.ids, train.starts                     # array([19, 48, …], dtype=uint8), array([0, 5_211, …])

    STORE/<corpus>/ids/<version>-<digest of vocabulary, separator and code>/
        train.npy  train.starts.npy …           ids (uint8, uint16 or uint32), and where each document starts (int64)
        manifest.json                           bytes and xxh3-128 of each; written last

It is a cache: safe to delete at any time, even while it is read. Each file's digest is checked whenever it is opened,
at the speed of the disk; what is damaged or half there is made anew and never used. It knows no models.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np
import xxhash
from numpy.typing import NDArray

from corpusmill.errors import CorruptError
from corpusmill.store import Store, commit, shards
from corpusmill.store.ids import code_digest, content_id, pretty
from corpusmill.types import SPLITS, Split, Version
from preprocess.publish.histogram import Histogram
from preprocess.vocab import Bytes, Ids, Tokens, Unit, Vocabulary, Words
from preprocess.vocab.words import counted

_CODE = ("preprocess.ids", "preprocess.vocab")  # modules that decide the ids
_ROWS = 256  # documents encoded at a time
_DAMAGE = (OSError, EOFError, ValueError, KeyError, msgspec.MsgspecError)  # what opening a spoilt folder may say


@dataclass(frozen=True, slots=True)
class Encoded:
    """A split: its documents in the order of shards and rows. Both arrays are mapped from disk and read-only."""

    ids: Ids  # [tokens], separators included
    starts: NDArray[np.int64]  # [documents], the places in `ids` where they start


@dataclass(frozen=True, slots=True)
class _File:
    bytes: int
    xxh3_128: str


def counts(version: Version, split: Split, store: Store, separator: str, unit: Unit = "character") -> dict[str, int]:
    """How often each token occurs in a split, the separators between its documents included; bytes in writing.

    The manifest's statistics say it of train's characters, and so of its bytes; for another split, or for words, the
    shards are read. Raises CorruptError.
    """
    if unit == "word":
        found = counted(text for some in _texts(version, split, store) for text in some)
        between = counted([separator])
    else:
        said = version.stats.get("vocabulary", {}).get(split)
        found = Counter(_counted(version, split, store) if said is None else said)
        between = Counter(separator)
    for token, count in between.items():
        found[token] += count * _separators(version, split)
    if unit == "byte":
        found = _in_bytes(found)
    return {token: count for token, count in sorted(found.items()) if count}


def learnt(version: Version, store: Store, unit: Unit, separator: str, min_count: int = 1) -> Tokens:
    """The vocabulary that the train split of a version gives. Raises CorruptError."""
    if unit == "byte":
        return Bytes()
    found = counts(version, "train", store, separator, unit)
    return Words.of(found, min_count) if unit == "word" else Vocabulary.of(found, min_count)


def encoded(version: Version, store: Store, vocabulary: Tokens, separator: str) -> dict[Split, Encoded]:
    """Every split that a version has, with a separator between its documents. Raises CorruptError, OSError."""
    names = {"vocabulary": vocabulary.to_json().decode(), "separator": separator, "code": code_digest(*_CODE)}
    folder = store.corpus(version.corpus) / "ids" / f"{version.content}-{content_id(names)}"
    if (found := _opened(folder, version)) is not None:
        return found
    _discard(folder)
    with commit.work_folder(folder) as work:
        commit.sweep(folder.parent)
        for split in _splits(version):
            _write(work, split, version, store, vocabulary, separator)
        made = _mapped(work, version)  # what is mapped stays so, wherever the folder goes
        files = {path.name: _measured(path) for path in sorted(work.iterdir())}
        commit.publish(work, folder, pretty(files))  # unless another process did, with the same bytes
    return made


def _opened(folder: Path, version: Version) -> dict[Split, Encoded] | None:
    """What a folder holds, or None unless all of it is there and as it was written."""
    try:
        files = msgspec.json.decode((folder / commit.MANIFEST).read_bytes(), type=dict[str, _File])
        wanted = {name for split in _splits(version) for name in _names(split)}
        whole = all(_measured(folder / name) == file for name, file in files.items())
        return _mapped(folder, version) if whole and wanted == set(files) else None
    except _DAMAGE:
        return None


def _mapped(folder: Path, version: Version) -> dict[Split, Encoded]:
    return {split: Encoded(*(_map(folder / name) for name in _names(split))) for split in _splits(version)}


def _map(path: Path) -> NDArray[Any]:
    """An array on disk, as a plain one: slices of numpy's own kind of it are slow to make."""
    array: NDArray[Any] = np.asarray(np.load(path, mmap_mode="r"))
    return array


def _measured(path: Path) -> _File:
    """Read in pieces, so that nothing of it stays in this process's memory."""
    with path.open("rb") as file:
        return _File(path.stat().st_size, hashlib.file_digest(file, xxhash.xxh3_128).hexdigest())


def _discard(folder: Path) -> None:
    """Move what is in the way aside, at once, and remove it. Who reads it reads on."""
    if folder.exists():
        with commit.work_folder(folder.with_name("damaged")) as aside, suppress(FileNotFoundError):
            folder.rename(aside / folder.name)


def _write(work: Path, split: Split, version: Version, store: Store, vocabulary: Tokens, separator: str) -> None:
    """Encode a split, a shard at a time."""
    ids, starts = (work / name for name in _names(split))
    between = len(vocabulary.encode(separator))
    with ids.open("wb") as file:
        dtype = vocabulary.encode("").dtype
        _head(file, dtype, 0)
        begun = file.tell()
        texts = _whole(_texts(version, split, store), version, split)
        lengths = np.array(list(_encode(file, texts, vocabulary, separator)), np.int64)
        count = (file.tell() - begun) // dtype.itemsize
        file.seek(0)
        _head(file, dtype, count)  # as long as it was: numpy leaves room in a header for the array to grow
        assert file.tell() == begun, "the header has the length it had"
    np.save(starts, np.cumsum(lengths + between) - lengths - between)


def _head(file: BinaryIO, dtype: np.dtype[Any], length: int) -> None:
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (length,)}
    np.lib.format.write_array_header_1_0(file, header)


def _encode(file: BinaryIO, texts: Iterable[list[str]], vocabulary: Tokens, separator: str) -> Iterator[int]:
    """Write the ids of texts with the separator between; gives how many each text has."""
    before: Ids | None = None
    for some in texts:
        if before is not None:
            file.write(before.data)
        ids, lengths = vocabulary.encode_all(some, separator)
        file.write(ids.data)
        before = vocabulary.encode(separator)
        yield from lengths


def _whole(texts: Iterable[list[str]], version: Version, split: Split) -> Iterator[list[str]]:
    """The same texts. Raises CorruptError at their end if they are not as many characters as the manifest says."""
    left = sum(shard.characters for shard in version.shards if shard.split == split)
    for some in texts:
        left -= sum(map(len, some))
        yield some
    if left:
        message = f"{version.ref}: its {split} split has not the characters that its manifest tells of"
        raise CorruptError(message, "restore it from a copy, or delete this version's folder and build again")


def _texts(version: Version, split: Split, store: Store) -> Iterator[list[str]]:
    """The texts of a split, some at a time."""
    for shard in version.shards:
        if shard.split == split:
            table = shards.read(store.version_folder(version), shard, ["text"])
            for batch in table.to_batches(max_chunksize=_ROWS):
                if len(batch):
                    yield batch.column("text").to_pylist()


def _counted(version: Version, split: Split, store: Store) -> Mapping[str, int]:
    histogram = Histogram()
    for some in _texts(version, split, store):
        histogram.add("".join(some).encode())
    return histogram.counts()


def _in_bytes(characters: Mapping[str, int]) -> Counter[str]:
    """Counts of characters as counts of their bytes."""
    found, names = Counter[str](), Bytes().names()
    for character, count in characters.items():
        for byte in character.encode():
            found[names[byte]] += count
    return found


def _separators(version: Version, split: Split) -> int:
    """How many there are: one fewer than documents."""
    return max(sum(shard.rows for shard in version.shards if shard.split == split) - 1, 0)


def _splits(version: Version) -> list[Split]:
    return [split for split in SPLITS if any(shard.split == split for shard in version.shards)]


def _names(split: Split) -> tuple[str, str]:
    return f"{split}.npy", f"{split}.starts.npy"
