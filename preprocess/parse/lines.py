"""Plain text in which line breaks matter: a document is a paragraph (lines between blank lines) or a single line.

Lines that are comments are drops. A document is named by the line it begins in, so that a list too long for memory is
read in pieces and gives what it gives as a whole.
"""

from dataclasses import dataclass
from typing import Literal

from corpusmill.types import RawFile
from preprocess.parse import Parsed, TextOptions, document, drop
from preprocess.text import cutting
from preprocess.text.decode import decode, unix

LARGEST = 32 << 20  # of a text that has no place to be cut; its lines take up to eight times as much


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(TextOptions):
    """Keys of ``[parse]`` for plain text."""

    unit: Literal["paragraph", "line"] = "paragraph"
    comment: str = ""  # lines that begin with this are dropped; default: none is a comment


def parse(file: RawFile, body: bytes, options: Options, before: int = 0) -> Parsed:
    """Paragraphs or lines in order, and a drop for each comment; `before` lines came before. Raises ParseError."""
    if before and not body.strip():
        return
    decoded = decode(body, options.encoding)
    block: list[str] = []
    first = 0
    for number, line in enumerate(unix(decoded.text).split("\n"), before + 1):
        if options.comment and line.startswith(options.comment):
            yield drop(file, f"line {number}", "comment")
        elif line.strip():
            first = first if block else number
            block.append(line)
        if block and (options.unit == "line" or not line.strip()):
            yield document(file, first, "\n".join(block), meta={"line": first} | decoded.meta)
            block = []
    if block:
        yield document(file, first, "\n".join(block), meta={"line": first} | decoded.meta)


def cut(body: bytes, options: Options) -> tuple[int, int]:
    """Where the last whole unit of a body that goes on ends, and how many lines there are up to it."""
    return (cutting.lines if options.unit == "line" else cutting.paragraphs)(body, options.encoding)
