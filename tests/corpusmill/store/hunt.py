"""Looks for texts and names in everything below a folder, however it is packed."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import zstandard

_ZSTD, _PARQUET, _SQLITE = b"\x28\xb5\x2f\xfd", b"PAR1", b"SQLite format 3"


def hits(root: Path, needles: Iterable[str]) -> list[tuple[str, str]]:
    """The places, below `root`, of each needle that is found: in names, in bytes as they lie, and unpacked."""
    wanted = [(needle, needle.encode()) for needle in needles]
    return [(str(path), needle) for path, body in unpacked(root) for needle, sought in wanted if sought in body]


def unpacked(root: Path) -> Iterator[tuple[Path, bytes]]:
    for path in sorted(root.rglob("*")):
        yield path, str(path.relative_to(root)).encode()
        if path.is_file() and not path.is_symlink():
            body = path.read_bytes()
            yield path, body
            yield from ((path, inner) for inner in _inside(path, body))


def _inside(path: Path, body: bytes) -> Iterator[bytes]:
    if body.startswith(_ZSTD):
        yield zstandard.ZstdDecompressor().stream_reader(body).read()
    elif body.startswith(_PARQUET):
        yield from ("\n".join(map(str, column.to_pylist())).encode() for column in pq.read_table(path).columns)
    elif body.startswith(_SQLITE):
        with closing(sqlite3.connect(path)) as connection:
            yield "\n".join(connection.iterdump()).encode()
