"""A file of one's own, of which nothing is known: text cut into passages, so that even 1 kB can be split.

A file larger than memory is read in pieces that end with a passage at the end of a line, and gives the same passages.
"""

import re
from dataclasses import dataclass
from itertools import islice

from corpusmill.errors import ParseError
from corpusmill.types import RawFile
from preprocess.parse import Parsed, TextOptions, document, path_of
from preprocess.text.decode import decode, unix
from preprocess.text.passages import LONG, passages

LARGEST = 32 << 20  # bytes without a place to cut: one character beyond the first plane makes four bytes of each
_LINE_END = re.compile(rb"\r\n?|\n")
_TO_LINE_END = re.compile(r"[^\S\n]*\n")
_BLANK = re.compile(r"\n[^\S\n]*\n")
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")  # byte-order marks of encodings in which a line end is no byte


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(TextOptions):
    """Keys of ``[parse]`` for a file of one's own."""


def cut(body: bytes, options: Options) -> tuple[int, int]:
    """Where the last passage ends that nothing after the body can change, and how many there are up to there."""
    ascii_ = "\r\n a"
    if body.startswith(_WIDE) or (options.encoding and ascii_.encode(options.encoding) != ascii_.encode()):
        return 0, 0
    last = body.rfind(b"\n") if b"\n" in body else body.rfind(b"\r")
    try:
        text = unix(decode(body[: max(last, 0)], options.encoding).text)
    except ParseError:  # which reading the piece will say
        return (last, 1) if last > 0 else (0, 0)
    ends = [end for _, end in passages(text, LONG, goes_on=_goes_on(text))]
    for number in range(len(ends) - 1, 0, -1):
        end = ends[number - 1]
        if _TO_LINE_END.match(text, end):
            lines = islice(_LINE_END.finditer(body), text.count("\n", 0, end), None)
            return next(lines).start(), number
    return 0, 0


def parse(file: RawFile, body: bytes, options: Options, before: int = 0) -> Parsed:
    """The passages of a file, or of a piece of it after `before` passages, in their order. Raises ParseError."""
    if before and not body.strip():
        return
    decoded = decode(body, options.encoding)
    text = unix(decoded.text)
    title = path_of(file.url)
    is_long = before or len(text) >= LONG
    spans = passages(text, LONG, goes_on=_goes_on(text)) if is_long else passages(text)
    for place, (start, end) in enumerate(spans, before + 1):
        yield document(file, place, text[start:end], title=title, meta={"passage": place} | decoded.meta)


def _goes_on(piece: str) -> bool:
    """Whether a piece begins within a paragraph: the line end before it is its first character."""
    return piece.startswith("\n") and not _BLANK.match(piece)
