"""Plain text in which line breaks matter: a document is a paragraph (lines between blank lines) or a single line."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from corpusmill.types import RawFile
from preprocess.decode import decode, unix
from preprocess.parse import Parsed, TextOptions, document, drop


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(TextOptions):
    """Keys of ``[parse]`` for plain text."""

    unit: Literal["paragraph", "line"] = "paragraph"
    comment: str = ""  # lines that begin with this are dropped; default: none is a comment


def parse(file: RawFile, body: bytes, options: Options) -> Parsed:
    """Paragraphs or lines in their order, and a drop for each comment. Raises ParseError."""
    decoded = decode(body, options.encoding)
    lines = []
    for number, line in enumerate(unix(decoded.text).split("\n"), 1):
        if options.comment and line.startswith(options.comment):
            yield drop(file, f"line {number}", "comment")
        else:
            lines.append(line)
    for place, text in enumerate(_units(lines, options.unit), 1):
        yield document(file, place, text, meta={options.unit: place} | decoded.meta)


def _units(lines: list[str], unit: str) -> Iterator[str]:
    for filled, block in groupby(lines, key=lambda line: bool(line.strip())):
        if filled and unit == "line":
            yield from block
        elif filled:
            yield "\n".join(block)
