"""A folder of ``host/path`` files, such as a web archive's tree. Nothing outside it is ever served."""

import errno
import io
import mimetypes
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formatdate
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, unquote_to_bytes

from corpusmill.mirror.address import spelt
from corpusmill.mirror.answer import Found
from corpusmill.store.ids import sha256

SMALL = 1 << 16  # bytes of a file that is read to name it by its content; a larger one is named by size and date
_TYPES = mimetypes.MimeTypes()  # the table that comes with Python, whatever this machine adds to it
_ENCODED = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}
_HTML = (b"<!doctype html", b"<html")


@dataclass(frozen=True, slots=True)
class Folder:
    """Files below `root`, whose links have been followed."""

    root: Path

    def hosts(self) -> list[str]:
        """Its top folders."""
        return sorted(path.name for path in self.root.iterdir() if path.is_dir())

    def count(self) -> int:
        """Files below its hosts."""
        return sum(len(files) for host in self.hosts() for _, _, files in os.walk(self.root / host))

    def find(self, address: str) -> Found | None:
        """The file of ``host/path?query``: named with its query or without, with its escapes or what they stand for."""
        asked, mark, query = address.partition("?")
        path = f"{asked}index.html" if asked.endswith("/") else asked
        for name in _names(path, mark + query):
            with suppress(OSError):  # not there, gone since, or not to be read: as good as absent
                place = self._inside(name)
                known = os.stat(place)  # noqa: PTH116 - a Path costs more than the system call
                if stat.S_ISREG(known.st_mode):
                    return _file(place)
                if stat.S_ISDIR(known.st_mode):
                    return _folder(place, asked, mark + query)
        return None

    def _inside(self, name: str) -> str:
        """Where a name leads, links followed. Raises FileNotFoundError for what is not below the root."""
        parts = [part for part in name.split("/") if part]
        if "\0" not in name and {".", ".."}.isdisjoint(parts):
            real = os.path.realpath(os.path.join(self.root, *parts))  # noqa: PTH118 - as above
            if real.startswith(f"{self.root}{os.sep}"):
                return real
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)


def _names(path: str, query: str) -> Iterator[str]:
    """How a file may be called: with the query or without, with the escapes or what they stand for."""
    for asked in [path + query, path] if query else [path]:
        yield asked
        yield spelt(asked)
        yield os.fsdecode(unquote_to_bytes(os.fsencode(asked)))


def _folder(place: str, asked: str, query: str) -> Found | None:
    """A redirect to a folder's page, relative, so that it holds for the mirror and for the host it stands in for."""
    if asked.endswith("/") or not Path(place, "index.html").is_file():
        return None
    location = f"./{quote(asked.rpartition('/')[2], safe='%', errors='surrogateescape')}/{spelt(query)}"
    return Found(size=0, open=io.BytesIO, status=HTTPStatus.MOVED_PERMANENTLY, location=location)


def _file(place: str) -> Found:
    """Raises OSError for a file that cannot be read."""
    with _opened(place) as file:
        known = os.fstat(file.fileno())
        head = file.read(SMALL + 1)
    small = len(head) <= SMALL
    return Found(
        size=len(head) if small else known.st_size,
        open=partial(io.BytesIO, head) if small else partial(_opened, place),
        media_type=media_type(place, head),
        etag=f'"{sha256(head)}"' if small else f'"{known.st_size:x}-{known.st_mtime_ns:x}"',
        last_modified=formatdate(known[stat.ST_MTIME], usegmt=True),
    )


def _opened(place: str) -> BinaryIO:
    return open(place, "rb")  # noqa: PTH123 - as above


def media_type(name: str, head: bytes) -> str:
    """By the name's ending, else by the first bytes: pages and texts often have names without one."""
    if known := by_name(name):
        return known
    if head[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_HTML):
        return "text/html"
    return "application/octet-stream" if b"\0" in head or not _is_text(head) else "text/plain"


def by_name(name: str) -> str:
    """The media type that the ending of a name stands for; empty for none."""
    guessed, encoding = _TYPES.guess_type(f"/{name.rpartition('/')[2]}", strict=False)
    return _ENCODED.get(encoding, "application/octet-stream") if encoding else guessed or ""


def _is_text(head: bytes) -> bool:
    try:
        head[: max(0, len(head) - 3)].decode()  # a character may be cut at the end
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 6
    return True
