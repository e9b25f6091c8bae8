"""Documents <-> Parquet, canonically: the same rows give the same file for any chunking, worker count or locale.

What makes it so: rows sorted by id, `combine_chunks` and exactly one `write_table` per row group, fixed writer options.
Page checksums are written and verified; without both, pyarrow returns a wrong table for most flipped bits.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from corpusmill.errors import CorruptError
from corpusmill.store.ids import canonical, file_sha256, rows_digest
from corpusmill.types import Document, Drop, Shard, Split

COLUMNS = ("id", "text", "source", "raw_sha256", "title", "author", "date", "licence", "meta")
SCHEMA = pa.schema([pa.field(name, pa.string(), nullable=False) for name in COLUMNS])
DROP_SCHEMA = pa.schema([pa.field(name, pa.string(), nullable=False) for name in ("id", "step", "reason", "source")])
ROW_GROUP_BYTES = 16 << 20  # of text: a reader that wants one document decompresses at most this


def row(document: Document) -> tuple[str, ...]:
    """A document as its columns; `meta` is canonical JSON."""
    d = document
    meta = canonical(d.meta).decode()
    return (d.id, d.text, d.source, d.raw_sha256, d.title, d.author, d.date, d.licence, meta)


def write(folder: Path, path: str, split: Split, documents: Sequence[Document]) -> Shard:
    """Write one shard of documents already sorted by id; returns its record."""
    rows = [row(document) for document in documents]
    with pq.ParquetWriter(folder / path, SCHEMA, **_WRITER) as writer:
        for group in _row_groups(rows):
            columns = zip(*group, strict=True) if group else [[] for _ in COLUMNS]
            writer.write_table(pa.table([pa.array(c, pa.string()) for c in columns], schema=SCHEMA))
    return Shard(
        path=path,
        split=split,
        rows=len(rows),
        characters=sum(len(document.text) for document in documents),
        bytes=(folder / path).stat().st_size,
        sha256=file_sha256(folder / path),
        content_digest=rows_digest(rows),
    )


def write_drops(path: Path, drops: Iterable[Drop]) -> None:
    """Write the ledger of what was left out, sorted by step, reason and id."""
    rows = sorted((d.step, d.reason, d.id, d.source) for d in drops)
    columns = [[r[i] for r in rows] for i in (2, 0, 1, 3)]
    table = pa.table([pa.array(c, pa.string()) for c in columns], schema=DROP_SCHEMA)
    pq.write_table(table, path, **_WRITER)


def read(folder: Path, shard: Shard, columns: Sequence[str] = COLUMNS) -> pa.Table:
    """One shard as a table, its SHA-256 checked before it is parsed. Raises CorruptError naming the file."""
    path = folder / shard.path
    if not path.is_file():
        raise CorruptError(f"{path} is missing", _REMEDY)
    if file_sha256(path) != shard.sha256:
        raise CorruptError(f"{path} does not match the manifest", _REMEDY)
    return _table(path, columns)


def texts(folder: Path, shards: Iterable[Shard], split: Split) -> Iterator[str]:
    """The texts of one split in shard and id order."""
    for shard in shards:
        if shard.split == split:
            yield from read(folder, shard, ["text"]).column("text").to_pylist()


def documents(folder: Path, shards: Iterable[Shard], split: Split | None = None) -> Iterator[Document]:
    """The documents of one split, or of all."""
    for shard in shards:
        if split in (None, shard.split):
            for record in read(folder, shard).to_pylist():
                record["meta"] = msgspec.json.decode(record["meta"])
                yield Document(**record)


def read_drops(folder: Path) -> list[Drop]:
    """The ledger of a version. Raises CorruptError."""
    table = _table(folder / "drops" / "drops.parquet", DROP_SCHEMA.names)
    return [Drop(**record) for record in table.to_pylist()]


def _table(path: Path, columns: Sequence[str]) -> pa.Table:
    try:
        return pq.read_table(path, columns=list(columns), page_checksum_verification=True)
    except (pa.ArrowException, OSError) as error:
        raise CorruptError(f"{path} cannot be read: {error}", _REMEDY) from error


_REMEDY = "restore it from a copy, or delete this version's folder and build again"
_WRITER = {
    "compression": "zstd",
    "compression_level": 3,
    "use_dictionary": False,  # texts do not repeat; the other columns compress as well without
    "write_page_checksum": True,
    "store_schema": False,
    "version": "2.6",
}


def _row_groups(rows: Sequence[tuple[str, ...]]) -> Iterator[Sequence[tuple[str, ...]]]:
    start = size = 0
    for index, fields in enumerate(rows):
        if size > ROW_GROUP_BYTES:
            yield rows[start:index]
            start, size = index, 0
        size += len(fields[1])
    yield rows[start:]
