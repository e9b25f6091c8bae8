"""Raw files as a parser sees them: a file as it is, an archive member by member.

Whether a file is an archive its first bytes say, not its name. A member is a file of its own, whose address is the
archive's, ``!/`` and its name, and whose digest is its own, so that a new archive leaves the rows of what has not
changed as they are. A single packed file keeps address and digest, so that packing it changes no document's id.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fnmatch import translate
from functools import cache
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast
from urllib.parse import quote

from corpusmill import archive
from corpusmill.errors import BuildError, ContentError, ParseError
from corpusmill.store import blobs
from corpusmill.store.ids import sha256
from corpusmill.types import RawFile
from preprocess.parse import path_of

_PIECE = 1 << 20
_PLAIN = re.compile(r"[A-Za-z0-9/._-]*")  # a name that needs no quoting

Told = Callable[[int], None]
"""Told of each read, how many bytes it gave."""


def parts(file: RawFile, patterns: Sequence[str], root: Path) -> Iterator[tuple[RawFile, bytes]]:
    """A raw file with its bytes, or the members of an archive whose names match one of the patterns (fnmatch).

    Raises ParseError for an archive that is empty, damaged or not whole, if need be after parts that were; BuildError
    for one of which nothing matches.
    """
    if not is_archive(file, root):
        yield file, blobs.get(root, file.sha256)
        return
    for part, body in members(file, patterns, root):
        yield replace(part, sha256=part.sha256 or sha256(body)), body


def is_archive(file: RawFile, root: Path) -> bool:
    """Whether a file is an archive or packed. Raises CorruptError."""
    with blobs.open_blob(root, file.sha256) as body:
        return bool(archive.kind_of(body.read(archive.HEAD)))


def members(
    file: RawFile, patterns: Sequence[str], root: Path, told: Told = lambda _read: None
) -> Iterator[tuple[RawFile, bytes]]:
    """As `parts`, of an archive; a member's digest is empty, left to whoever has the time."""
    with blobs.open_blob(root, file.sha256) as body:
        yield from _members(file, patterns, cast("BinaryIO", _Counted(body, told)))


def pieces(
    file: RawFile, patterns: Sequence[str], root: Path, told: Told = lambda _read: None
) -> Iterator[bytes] | None:
    """The bytes of a file in pieces, unpacked where it is a single packed file; None for an archive of members.

    None too for a packed file whose name matches none of the patterns.

    Raises CorruptError; and, while the pieces are taken, ParseError.
    """
    if not is_archive(file, root):
        return _plain(file, root, told)
    with blobs.open_blob(root, file.sha256) as body, _unreadable():
        single = archive.is_single(body)
    return _packed(file, root, told) if single and _matches(_own_name(file), patterns) else None


class _Counted:
    """A stream that tells how many bytes are read of it."""

    def __init__(self, stream: BinaryIO, told: Told) -> None:
        self._stream, self._told = stream, told

    def read(self, size: int) -> bytes:
        body = self._stream.read(size)
        self._told(len(body))
        return body


def _plain(file: RawFile, root: Path, told: Told) -> Iterator[bytes]:
    with blobs.open_blob(root, file.sha256) as body:
        counted = _Counted(body, told)
        yield from iter(lambda: counted.read(_PIECE), b"")


def _packed(file: RawFile, root: Path, told: Told) -> Iterator[bytes]:
    with blobs.open_blob(root, file.sha256) as body, _unreadable():
        yield from archive.single(cast("BinaryIO", _Counted(body, told)))


def _members(file: RawFile, patterns: Sequence[str], stream: BinaryIO) -> Iterator[tuple[RawFile, bytes]]:
    matching: Counter[bool] = Counter()

    def wanted(name: str) -> bool:
        found = _matches(name or _own_name(file), patterns)
        matching[found] += 1
        return found

    with _unreadable():
        for name, body in archive.members(stream, wanted=wanted, threaded=True):
            yield _as_file(file, name, body), body
    if not matching:
        raise ParseError("empty: the archive holds no file", "look at the archive")
    if not matching[True]:
        message = f"{path_of(file.url)}: none of its {matching[False]:,} members matches {', '.join(patterns)}"
        raise BuildError(message, "mend the patterns in [parse] members; * crosses slashes")


def _own_name(file: RawFile) -> str:
    """What a single packed file is called inside: x.json.gz holds x.json."""
    return PurePosixPath(path_of(file.url)).stem


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return bool(_pattern(tuple(patterns)).match(name))


@cache
def _pattern(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """All of them as one: an archive asks for each of its members."""
    return re.compile("|".join(map(translate, patterns)) or "(?!)")


@contextmanager
def _unreadable() -> Iterator[None]:
    """What is wrong with an archive is wrong with a file to parse."""
    try:
        yield
    except ContentError as error:
        raise ParseError(error.message, error.hint) from error


def _as_file(file: RawFile, name: str, body: bytes) -> RawFile:
    """A member in the archive's circumstances, its digest empty; the archive's media type is not of it."""
    if not name:
        return replace(file, bytes=len(body), media_type="")
    return RawFile(  # spelt out: `replace` takes three times as long, which is much for a member of a few kB
        url=f"{file.url}!/{name if _PLAIN.fullmatch(name) else quote(name)}",
        final_url=file.final_url,
        status=file.status,
        sha256="",
        bytes=len(body),
        etag=file.etag,
        last_modified=file.last_modified,
        fetched_at=file.fetched_at,
        robots=file.robots,
        licence=file.licence,
    )
