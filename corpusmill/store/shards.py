"""Documents <-> Parquet, canonically: the same rows give the same file for any chunking, worker count or locale.

What makes it so: rows sorted by id, exactly one `write_table` of one chunk per row group, fixed writer options. Page
checksums are written and verified; without both, pyarrow returns a wrong table for most flipped bits.

A row's digest is that of its fields, each with its length before it; a shard's `content_digest` is that of its rows'
digests in order. So a shard can be told from another without its texts.
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from corpusmill.errors import CorruptError
from corpusmill.store.damage import damaged
from corpusmill.store.ids import canonical, content_id, file_sha256, rows_digest
from corpusmill.types import Document, Drop, Shard, Split, Version

COLUMNS = ("id", "text", "source", "raw_sha256", "title", "author", "date", "licence", "meta")
REST = tuple(name for name in COLUMNS if name != "text")
DROP_SCHEMA = pa.schema([pa.field(name, pa.string(), nullable=False) for name in ("id", "step", "reason", "source")])
ROW_GROUP_BYTES = 16 << 20  # of text: a reader that wants one document decompresses at most this, or one document
ROW_GROUP_ROWS = 1 << 16  # what surrounds a text takes more memory than a tiny text

TYPES: Mapping[str, tuple[pa.DataType, type]] = {  # of the columns that a corpus may add
    "string": (pa.string(), str),
    "int64": (pa.int64(), int),
    "float64": (pa.float64(), float),
    "bool": (pa.bool_(), bool),
}

Cell = str | int | float | bool | None
Rest = tuple[Cell, ...]
"""A row without its text: the columns of `REST`, then its signals, then what the corpus declares."""
Column = tuple[str, str]
"""The name of such a column, and its type."""


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one row group, in order of their ids."""

    rest: Sequence[Rest]
    texts: pa.Array  # of strings, as many
    characters: int
    digests: bytes  # of the rows, 32 bytes each


def schema(more: Sequence[Column] = ()) -> pa.Schema:
    """The columns of a shard, with these besides."""
    strings = [pa.field(name, pa.string(), nullable=False) for name in COLUMNS]
    return pa.schema([*strings, *(pa.field(name, TYPES[type_][0]) for name, type_ in more)])


def rest(document: Document, declared: Sequence[str] = ()) -> Rest:
    """All of a document but its text; `meta` is canonical JSON, and what of it is `declared` has a column too."""
    d = document
    meta = canonical(d.meta).decode()
    more = (*d.signals.values(), *(d.meta.get(name) for name in declared))
    return (d.id, d.source, d.raw_sha256, d.title, d.author, d.date, d.licence, meta, *more)


def row_digest(rest_: Rest, text: bytes | memoryview) -> bytes:
    """SHA-256 of a row: its text, then the other columns, each with its length in 8 bytes before it."""
    digest = hashlib.sha256(len(text).to_bytes(8, "little"))
    digest.update(text)
    digest.update(b"".join(map(_counted, rest_)))
    return digest.digest()


def _counted(cell: Cell) -> bytes:
    """A field in bytes, their number before them; an absent one has a number that no field has."""
    if cell is None:
        return _ABSENT
    told = cell.encode() if isinstance(cell, str) else struct.pack("<d", cell) if type(cell) is float else b"%d" % cell
    return len(told).to_bytes(8, "little") + told


def write_groups(folder: Path, path: str, split: Split, groups: Iterable[Group], more: Sequence[Column] = ()) -> Shard:
    """Write one shard, a row group at a time; returns its record."""
    columns, rows, characters, digest = schema(more), 0, 0, hashlib.sha256()
    with pq.ParquetWriter(folder / path, columns, **_WRITER) as writer:
        for group in groups:
            writer.write_table(_table_of(group, columns))
            rows += len(group.rest)
            characters += group.characters
            digest.update(group.digests)
    return Shard(
        path=path,
        split=split,
        rows=rows,
        characters=characters,
        bytes=(folder / path).stat().st_size,
        sha256=file_sha256(folder / path),
        content_digest=digest.hexdigest(),
    )


def write(folder: Path, path: str, split: Split, documents: Sequence[Document]) -> Shard:
    """Write one shard of documents already sorted by id; returns its record."""
    signals = [(name, "float64") for name in documents[0].signals] if documents else []
    sizes = [len(document.text.encode()) for document in documents]
    groups = (_group(documents[start:end]) for start, end in row_groups(sizes))
    return write_groups(folder, path, split, groups, signals)


def row_groups(sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Where row groups of texts of these many bytes begin and end: each as long as it stays within the limit."""
    start = total = 0
    for index, size in enumerate(sizes):
        if index > start and (total + size > ROW_GROUP_BYTES or index - start == ROW_GROUP_ROWS):
            yield start, index
            start, total = index, 0
        total += size
    if len(sizes) > start:
        yield start, len(sizes)


def write_drops(path: Path, drops: Iterable[Drop]) -> None:
    """Write the ledger of what was left out, sorted by step, reason and id."""
    rows = sorted((d.step, d.reason, d.id, d.source) for d in drops)
    columns = [[r[i] for r in rows] for i in (2, 0, 1, 3)]
    table = pa.table([pa.array(c, pa.string()) for c in columns], schema=DROP_SCHEMA)
    pq.write_table(table, path, **_WRITER)


def read(folder: Path, shard: Shard, columns: Sequence[str] | None = COLUMNS) -> pa.Table:
    """One shard as a table (of all its columns: None), its SHA-256 checked before it is parsed.

    Raises CorruptError naming the file.
    """
    path = folder / shard.path
    if not _is_whole(path, shard):
        raise CorruptError(f"{path} does not match the manifest", REMEDY)
    return _table(path, columns)


def check(folder: Path, shard: Shard) -> None:
    """Read a shard whole, a row group at a time.

    Raises CorruptError where a byte or a row is not what the manifest says, naming the row group and the column where
    that can be told.
    """
    path, digest, rows = folder / shard.path, hashlib.sha256(), 0
    if not _is_whole(path, shard):
        raise CorruptError(f"{path} does not match the manifest: {damaged(path)}", REMEDY)
    with _reading(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
        for number in range(file.num_row_groups):
            for record in file.read_row_group(number).to_pylist():
                text = record.pop("text").encode()
                digest.update(row_digest(tuple(record.values()), text))
                rows += 1
    if digest.hexdigest() != shard.content_digest or rows != shard.rows:
        raise CorruptError(f"{path} holds other rows than the manifest says", REMEDY)


def content(written: Iterable[Shard], drops: Iterable[Drop]) -> str:
    """What a version's id digests: its rows, their splits, and what was dropped."""
    ledger = rows_digest(sorted((d.id, d.step, d.reason, d.source) for d in drops))
    return content_id({"shards": [(shard.split, shard.content_digest) for shard in written], "drops": ledger})


def _is_whole(path: Path, shard: Shard) -> bool:
    """Whether a file is the one that its record tells of. Raises CorruptError where there is none."""
    if not path.is_file():
        raise CorruptError(f"{path} is missing", REMEDY)
    return file_sha256(path) == shard.sha256


def texts(folder: Path, shards: Iterable[Shard], split: Split) -> Iterator[str]:
    """The texts of one split in shard and id order."""
    for shard in shards:
        if shard.split == split:
            yield from read(folder, shard, ["text"]).column("text").to_pylist()


def documents(folder: Path, shards: Iterable[Shard], split: Split | None = None) -> Iterator[Document]:
    """The documents of one split, or of all."""
    for shard in shards:
        if split in (None, shard.split):
            for record in read(folder, shard, None).to_pylist():
                record["meta"] = msgspec.json.decode(record["meta"])
                more = {name: record.pop(name) for name in list(record) if name not in COLUMNS}
                signals = {
                    name: value for name, value in more.items() if name not in record["meta"] and value is not None
                }
                yield Document(**record, signals=signals)


def read_drops(folder: Path) -> list[Drop]:
    """The ledger of a version. Raises CorruptError."""
    path = folder / "drops" / "drops.parquet"
    table = _table(path, DROP_SCHEMA.names)
    if not table.schema.equals(DROP_SCHEMA):
        raise CorruptError(f"{path} has other columns than a ledger", REMEDY)
    with _reading(path):
        return [Drop(**record) for record in table.to_pylist()]


def drops_of(folder: Path, version: Version) -> list[Drop]:
    """The same, checked: a footer has no checksum. Raises CorruptError where it is not the ledger of that version."""
    drops = read_drops(folder)
    if content(version.shards, drops) != version.content:
        raise CorruptError(f"{folder / 'drops' / 'drops.parquet'} holds other drops than were published", REMEDY)
    return drops


def _table(path: Path, columns: Sequence[str] | None) -> pa.Table:
    # not pq.read_table, which loads pandas where that is installed
    with _reading(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
        return file.read(list(columns) if columns else None)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """What pyarrow says of a file that it cannot read, as a CorruptError that names it."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:  # the last: text that is not UTF-8
        raise CorruptError(f"{path} cannot be read: {error}", REMEDY) from error


def _group(documents: Sequence[Document]) -> Group:
    rows = [rest(document) for document in documents]
    texts_ = [document.text for document in documents]
    digests = b"".join(row_digest(row, text.encode()) for row, text in zip(rows, texts_, strict=True))
    return Group(rows, pa.array(texts_, pa.string()), sum(map(len, texts_)), digests)


def _table_of(group: Group, columns: pa.Schema) -> pa.Table:
    others = list(zip(*group.rest, strict=True))
    others.insert(COLUMNS.index("text"), group.texts)
    return pa.table([pa.array(column, field.type) for column, field in zip(others, columns, strict=True)], columns)


_ABSENT = b"\xff" * 8
REMEDY = "restore it from a copy, or delete this version's folder and build again"
_WRITER = {
    "compression": "zstd",
    "compression_level": 3,
    "use_dictionary": False,  # texts do not repeat; the other columns compress as well without
    "write_page_checksum": True,
    "store_schema": False,
    "version": "2.6",
}
