"""Raw files as a parser sees them: a file as it is, an archive member by member.

Whether a file is an archive its first bytes say, not its name. A member is a file of its own, whose address is the
archive's, ``!/`` and its name; a single packed file keeps the address, so that packing it changes no document's id.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import quote

from corpusmill import archive
from corpusmill.errors import BuildError, ContentError, ParseError
from corpusmill.store import blobs
from corpusmill.types import RawFile
from preprocess.parse import path_of

Part = tuple[RawFile, bytes]


def parts(file: RawFile, patterns: Sequence[str], root: Path) -> Iterator[Part]:
    """A raw file with its bytes, or the members of an archive whose names match one of the patterns (fnmatch).

    Raises ParseError for an archive that is empty, damaged or not whole, if need be after parts that were; BuildError
    for one of which nothing matches.
    """
    with blobs.open_blob(root, file.sha256) as body:
        head = body.read(archive.HEAD)
        if not archive.kind_of(head):
            yield file, head + body.read()
            return
    with blobs.open_blob(root, file.sha256) as body:
        yield from _members(file, patterns, body)


def _members(file: RawFile, patterns: Sequence[str], stream: BinaryIO) -> Iterator[Part]:
    own_name = PurePosixPath(path_of(file.url)).stem  # of a single file: x.json.gz holds x.json
    matching: Counter[bool] = Counter()

    def wanted(name: str) -> bool:
        found = any(fnmatchcase(name or own_name, pattern) for pattern in patterns)
        matching[found] += 1
        return found

    try:
        for name, body in archive.members(stream, wanted=wanted):
            yield _as_file(file, name, body), body
    except ContentError as error:
        raise ParseError(error.message, error.hint) from error
    if not matching:
        raise ParseError("empty: the archive holds no file", "look at the archive")
    if not matching[True]:
        message = f"{path_of(file.url)}: none of its {matching[False]:,} members matches {', '.join(patterns)}"
        raise BuildError(message, "mend the patterns in [parse] members; * crosses slashes")


def _as_file(file: RawFile, name: str, body: bytes) -> RawFile:
    """A member in the archive's circumstances; what the host said of the archive's media type is not of it."""
    url = f"{file.url}!/{quote(name)}" if name else file.url
    return replace(file, url=url, bytes=len(body), media_type="")
