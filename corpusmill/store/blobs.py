"""Raw bodies by SHA-256, zstd-compressed, shared by all snapshots: ``blobs/ab/cdef…``."""

import hashlib
import io
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from corpusmill.errors import CorruptError
from corpusmill.store.commit import replacing, write_file
from corpusmill.store.ids import sha256

LEVEL = 3  # 193 MB/s and 3.0x on English text; level 9 costs four times the time for a quarter less
_PIECE = 1 << 20


def blob_path(root: Path, digest: str) -> Path:
    """Where a body lies."""
    return root / "blobs" / digest[:2] / digest[2:]


def put(root: Path, body: bytes) -> str:
    """Keep a body; returns its SHA-256. A body that is there already is not written again."""
    digest = sha256(body)
    path = blob_path(root, digest)
    if not path.exists():
        write_file(path, zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(body))
    return digest


def put_stream(root: Path, body: BinaryIO, digest: str, size: int) -> None:
    """Keep a long body whose SHA-256 and size are known, read in pieces. Raises CorruptError when it is another."""
    path = blob_path(root, digest)
    if path.exists():
        return
    seen, packer = hashlib.sha256(), zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compressobj(size=size)
    with replacing(path) as file:
        try:
            while piece := body.read(_PIECE):
                seen.update(piece)
                file.write(packer.compress(piece))
            file.write(packer.flush())
        except zstandard.ZstdError as error:  # more or fewer bytes than announced
            raise _changed(root) from error
        if seen.hexdigest() != digest:
            raise _changed(root)


def _changed(root: Path) -> CorruptError:
    return CorruptError(f"a body changed while it was kept in {root}", "check the disk, then collect again")


def get(root: Path, digest: str) -> bytes:
    """The body, its digest checked. Raises CorruptError when it is missing or not what was stored."""
    with open_blob(root, digest) as body:
        return body.read()


def beginning(root: Path, digest: str, size: int) -> bytes:
    """The first bytes of a body, whose digest is not checked. Raises CorruptError when it is missing."""
    with open_blob(root, digest) as body:
        return body.read(size)


def open_blob(root: Path, digest: str) -> BinaryIO:
    """A reader of the body. Its digest is checked at the end: only who reads to the end knows it is right.

    Raises CorruptError, here or while it is read, when the body is missing or not what was stored.
    """
    path = blob_path(root, digest)
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise CorruptError(f"{path} is missing", "collect the corpus again") from error
    return cast("BinaryIO", io.BufferedReader(_Checked(path, file, digest), _PIECE))


class _Checked(io.RawIOBase):
    """Inflates a blob as it is read: in one call a damaged header could have its size allocated before any check."""

    def __init__(self, path: Path, file: BinaryIO, digest: str) -> None:
        self._path, self._digest, self._seen = path, digest, hashlib.sha256()
        self._reader = zstandard.ZstdDecompressor().stream_reader(file, closefd=True)

    def readable(self) -> bool:
        return True

    def readinto(self, into: "memoryview | bytearray") -> int:  # type: ignore[override]
        try:
            size = self._reader.readinto(into)
        except zstandard.ZstdError as error:
            hint = "delete it and collect the corpus again"
            raise CorruptError(f"{self._path} is damaged: {error}", hint) from error
        self._seen.update(memoryview(into)[:size])
        if not size and len(into) and self._seen.hexdigest() != self._digest:
            raise CorruptError(f"{self._path} does not match its digest", "delete it and collect the corpus again")
        return size

    def close(self) -> None:
        self._reader.close()  # type: ignore[no-untyped-call]
        super().close()
