"""Kinds of material: one module each, found by its name, so ``[parse] kind = "verses"`` is ``verses.py``.

A parser has `Options` and ``parse(file, body, options)``. It is pure on saved bytes, sees one file at a time, and gives
documents and drops. It knows nothing of other files, of cleaning or of the store.

What it cannot read raises ParseError with a message ``reason: detail`` that names no file. The builder names it: the
only file of a corpus makes the build fail, one among many becomes a drop. A Drop's reason is written the same way; the
part before the colon is what a version counts by, so it comes from a small set.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, cast
from urllib.parse import unquote

from corpusmill.errors import SpecError
from corpusmill.spec import nearest
from corpusmill.store.ids import document_id
from corpusmill.types import Document, Drop, RawFile
from preprocess.text.decode import known_encoding

Parsed = Iterator[Document | Drop]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseOptions:
    """Keys of ``[parse]`` that every kind has; a parser's `Options` adds its own."""

    kind: str
    skip: tuple[str, ...] = ()  # patterns of urls to leave out (fnmatch; * crosses slashes): an index, a licence
    members: tuple[str, ...] = ("*",)  # patterns of names in an archive; what matches none is not looked at
    columns: dict[str, Literal["string", "int64", "float64", "bool"]] = field(
        default_factory=dict
    )  # of meta, as columns


@dataclass(frozen=True, slots=True, kw_only=True)
class TextOptions(ParseOptions):
    """What a parser of plain text takes too."""

    encoding: str = ""  # declared; default: byte-order mark, UTF-8, windows-1252

    def __post_init__(self) -> None:
        """Refuse an encoding that Python cannot read."""
        if self.encoding and not known_encoding(self.encoding):
            raise ValueError(f"no encoding is named {self.encoding!r}")


class Parser(Protocol):
    """What a module in this folder offers."""

    @property
    def Options(self) -> type[ParseOptions]:  # noqa: N802 - a class
        """The checked form of ``[parse]``."""

    def parse(self, file: RawFile, body: bytes, options: Any) -> Parsed:
        """The documents and drops of one file. Raises ParseError."""


def kinds() -> list[str]:
    """Every kind of material, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(kind: str, where: str = "") -> Parser:
    """The parser of a kind. Raises SpecError, naming the file `where` it was asked for."""
    if kind not in kinds():
        raise SpecError(f"{where}: parse.kind: no parser is named {kind!r}", nearest(kind, kinds(), "kinds"))
    return cast("Parser", importlib.import_module(f"{__name__}.{kind}"))


def path_of(url: str) -> str:
    """The path in an address, for people: ``file:my%20mill.txt`` -> ``my mill.txt``; of a host alone, the address."""
    _, _, rest = url.partition(":")
    if rest.startswith("//"):  # as urlsplit takes it apart, which takes ten times as long
        rest = rest[2:].partition("#")[0].partition("?")[0].partition("/")[2].strip("/")
    return (unquote(rest, errors="backslashreplace") if "%" in rest else rest) or url


def path_within(url: str) -> str:
    """The path of a file for people; of a member of an archive, the path in it."""
    return path_of(url).rpartition("!/")[2]


def document(
    file: RawFile,
    position: str | int,
    text: str,
    *,
    title: str = "",
    author: str = "",
    date: str = "",
    group: str = "",
    meta: Mapping[str, Any],
) -> Document:
    """A document at a position in a file."""
    return Document(
        id=document_id(file.url, position),
        text=text,
        source=file.url,
        raw_sha256=file.sha256,
        title=title,
        author=author,
        date=date,
        licence=file.licence,
        group=group,
        meta=meta,
    )


def drop(file: RawFile, position: str | int, reason: str) -> Drop:
    """A part of a file that parsing left out."""
    return Drop(id=document_id(file.url, position), step="parse", reason=reason, source=file.url)
