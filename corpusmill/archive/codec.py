"""Compressed streams unpacked piece by piece: gzip, bzip2, xz and zstd, each to its real end.

A file may hold several streams one after another (bgzip, Wikipedia's bz2 dumps, ``cat a.gz b.gz``), which all four
formats allow; every one is read. Each has to be whole, by its own end mark and checksum. What follows the last one is
an error, except zero bytes after gzip (tapes) and xz (its specification calls them stream padding).

A cut exactly between two streams leaves a whole file, and cannot be seen here: only the length or a digest tells.
"""

import bz2
import lzma
import re
import zlib
from collections.abc import Callable, Generator, Iterator
from typing import Any, Protocol

import zstandard

from corpusmill.archive.walk import HINT, Limits
from corpusmill.errors import ContentError, TooLargeError, TruncatedError

PIECE = 1 << 16  # bytes read at once; also bounds what is copied again for each of many tiny streams
UNPACKED = 1 << 20  # bytes given at once
MEMORY = 160 << 20  # what a decoder may use: a dictionary of 128 MiB, twice that of ``xz -9``
_PADDED = ("gzip", "xz")
_ERRORS = (lzma.LZMAError, zlib.error, zstandard.ZstdError, OSError, EOFError, ValueError, MemoryError)


class Decoder(Protocol):
    """One stream: the interface of Python's `lzma` and `bz2`."""

    @property
    def eof(self) -> bool:
        """Whether the stream's end has been read and its checksum was right."""

    @property
    def needs_input(self) -> bool:
        """Whether nothing comes without more bytes."""

    @property
    def unused_data(self) -> bytes:
        """What was given beyond the stream's end."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Unpack at most `max_length` bytes."""


class Source(Protocol):
    """Whatever packed bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""


class Deflate:
    """zlib's decoder behind that interface; `wbits` 31 reads gzip, -15 bare deflate."""

    def __init__(self, wbits: int) -> None:
        """Take zlib's number for the wrapping."""
        self._decoder = zlib.decompressobj(wbits)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        """As in `Decoder`."""
        return self._decoder.eof

    @property
    def unused_data(self) -> bytes:
        """As in `Decoder`."""
        return self._decoder.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """As in `Decoder`."""
        out = self._decoder.decompress(self._decoder.unconsumed_tail + data, max_length)
        self.needs_input = not self._decoder.unconsumed_tail and len(out) < max_length
        return out


class Zstd:
    """zstandard's decoder behind that interface.

    It gives all that its input holds, and four bytes may hold a block of 128 KiB (RFC 8878, 3.1.1.2.2): so it is fed
    little at a time, which bounds a piece to 16 MiB.
    """

    FED = 512

    def __init__(self) -> None:
        """Start a frame."""
        self._decoder = zstandard.ZstdDecompressor(max_window_size=128 << 20).decompressobj()
        self._data, self._at = b"", 0

    @property
    def eof(self) -> bool:
        """As in `Decoder`."""
        return self._decoder.eof

    @property
    def needs_input(self) -> bool:
        """As in `Decoder`."""
        return self._at >= len(self._data)

    @property
    def unused_data(self) -> bytes:
        """As in `Decoder`."""
        return self._decoder.unused_data + self._data[self._at :]

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """As in `Decoder`, but for the bound, which is loose."""
        if data:
            self._data, self._at = self._data[self._at :] + data, 0
        out, size = [], 0
        while not self.needs_input and not self.eof and size < max_length:
            out.append(self._decoder.decompress(self._data[self._at : self._at + self.FED]))
            self._at += self.FED
            size += len(out[-1])
        return b"".join(out)


_DECODERS: dict[str, Callable[[], Any]] = {
    "gzip": lambda: Deflate(31),
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, MEMORY),
    "zstd": Zstd,
}
_BEGIN = {
    "gzip": re.compile(rb"\x1f\x8b"),
    "bzip2": re.compile(rb"BZh"),
    "xz": re.compile(rb"\xfd7zXZ\x00"),
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"),  # a frame, or one to skip (RFC 8878, 3.1.2)
}
_ENOUGH = 6  # bytes to tell that by


def unpacked(kind: str, head: bytes, rest: Source, limits: Limits) -> Iterator[bytes]:
    """What the streams hold, in pieces; `head` is what was read of them already.

    Raises TruncatedError, TooLargeError, ContentError; and what reading `rest` raises.
    """
    data, streams = head, 0
    while data:
        streams += 1
        if streams > limits.entries:
            raise TooLargeError(f"too large: more than {limits.entries:,} streams in the file", HINT)
        data = yield from stream(kind, _DECODERS[kind](), data, rest)
        data = _next(kind, data, rest)


def stream(kind: str, decoder: Decoder, data: bytes, rest: Source) -> Generator[bytes, None, bytes]:
    """What one stream holds, in pieces; returns what was read beyond its end. Raises as `unpacked`."""
    while not decoder.eof:
        if decoder.needs_input and not data:
            data = rest.read(PIECE)
            if not data:
                raise TruncatedError(f"truncated archive: it ends in the middle of its {kind} data", HINT)
        try:
            piece = decoder.decompress(data, UNPACKED)
        except _ERRORS as error:
            raise _refused(kind, error) from error
        data = b""
        if piece:
            yield piece
    return decoder.unused_data


def _refused(kind: str, error: BaseException) -> ContentError:
    reason = str(error) or type(error).__name__
    if isinstance(error, MemoryError) or "emory" in reason:  # "Memory usage limit exceeded", "requires too much memory"
        return TooLargeError(f"too large: its {kind} data takes more than {MEMORY >> 20} MiB of memory to unpack", HINT)
    return ContentError(f"corrupt archive: its {kind} data is damaged: {reason}", HINT)


def _next(kind: str, data: bytes, rest: Source) -> bytes:
    """The beginning of the next stream, or nothing at the end of the file."""
    padding = b"\0" if kind in _PADDED else b""
    data = data.lstrip(padding)
    while len(data) < _ENOUGH and (more := rest.read(PIECE)):
        data = (data + more).lstrip(padding)
    if data and not _BEGIN[kind].match(data):
        raise ContentError(f"corrupt archive: something else follows its {kind} data: {data[:16]!r}", HINT)
    return data
