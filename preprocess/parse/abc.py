r"""Tunes in ABC notation, many in one file: ``X:`` starts each, and each is a document.

    X: 1
    T:The Miller's Reel
    M:4/4
    K:G
    |:G2BG dGBG|…:|

The header of a tune ends with its first ``K:``; a document's meta is taken from there, ``+:`` going on with the field
above it (ABC 2.1, sections 2 and 3). A line that begins with ``%`` is a comment or a directive for typesetters, which
the standard says may be ignored: a drop, unless kept; what ``%`` leaves behind a line's music stays as it was typed.
After an empty line what is neither music nor a field is a drop; where an older file has empty lines within a tune, the
tune is kept whole. A tune without key or music is a drop, and so is what is before the first.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from corpusmill.errors import ParseError
from corpusmill.types import RawFile
from preprocess.parse import Parsed, TextOptions, document, drop
from preprocess.text.decode import decode, unix

MOST_TUNES = 200_000  # of a file, or of a piece of it: fewer than 84 bytes each in 16 MiB are no tunes
LONGEST_TUNE = 1_000_000  # characters; a symphony has some 300,000
_START = re.compile(r"^X:", re.MULTILINE)
_FIELD = re.compile(r"^([A-Za-z+]):(.*)", re.MULTILINE)  # a line of information; "|:" begins music
_KEY = re.compile(r"^K:.*", re.MULTILINE)
_COMMENT = re.compile(r"^%.*\n?", re.MULTILINE)
_REMARK = re.compile(r"(?<!\\)%")  # within a field, begins a comment
_EMPTY = re.compile(r"\n[^\S\n]*\n")
_MUSIC = re.compile(r"^(?![A-Za-z+]:|%|[^\S\n]*$)", re.MULTILINE)
_OF_A_TUNE = re.compile(r"^(?:[A-Za-z+]:|%)|\|", re.MULTILINE)  # what marks lines as belonging to one
_META = {"M": "meter", "L": "length", "R": "rhythm", "S": "source", "C": "composer", "O": "origin"}
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)  # UTF-32-LE's begins as UTF-16-LE's does


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(TextOptions):
    """Keys of ``[parse]`` for tunes."""

    comments: bool = False  # keep them in the text


def parse(file: RawFile, body: bytes, options: Options, before: int = 0) -> Parsed:
    """The tunes of a file in their order, or of a piece with `before` tunes before it. Raises ParseError for none."""
    decoded = decode(body, options.encoding)
    text = unix(decoded.text)
    first = _START.search(text)
    if not first:
        raise ParseError("not ABC: no line begins with X:", "give a file of tunes")
    if header := text[: first.start()].strip():
        yield drop(file, "header", f"header: {len(header)} characters before the first tune")
    for place, (start, end) in enumerate(_tunes(text, first.start()), before + 1):
        if place > before + MOST_TUNES:
            yield drop(
                file, f"after {place - 1}", f"too many tunes: {len(text) - start} characters after {MOST_TUNES:,}"
            )
            break
        if end - start > LONGEST_TUNE:
            yield drop(file, place, f"too long: a tune of {end - start} characters")
        else:
            yield from _tune(file, place, text[start:end], options, decoded.meta)


def cut(body: bytes, options: Options) -> tuple[int, int]:
    """Where the last tune of a body that goes on begins, and how many are before it; (0, 0) where it cannot be told."""
    if body.startswith(_WIDE) or not _as_ascii(options.encoding):
        return 0, 0
    end = max(body.rfind(b"\nX:"), body.rfind(b"\rX:")) + 1
    tunes = body.count(b"\nX:", 0, end) + body.count(b"\rX:", 0, end)
    tunes += body.removeprefix(codecs.BOM_UTF8).startswith(b"X:")
    return (end, tunes) if end and tunes else (0, 0)


def _as_ascii(encoding: str) -> bool:
    """Whether the beginning of a tune has the bytes that it has in ASCII."""
    try:
        return "\nX:".encode(encoding or "ascii") == b"\nX:"
    except UnicodeError:
        return False


def _tunes(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Where each tune begins and ends."""
    for match in _START.finditer(text, start + 1):
        yield start, match.start()
        start = match.start()
    yield start, len(text)


def _tune(file: RawFile, place: int, block: str, options: Options, decoding: dict[str, object]) -> Parsed:
    """One tune, and what is left out of it."""
    comments = 0
    if not options.comments:
        block, comments = _COMMENT.subn("", block)
    text, remarks = _without_remarks(block)
    key = _KEY.search(text)
    fields = _fields(text[: key.end()] if key else text)
    number = fields["X"][:20]
    if comments:
        yield drop(file, f"{place} comments", f"comment: X:{number}, lines: {comments}")
    if remarks:
        yield drop(file, f"{place} remarks", f"remark: X:{number}, characters between empty lines: {remarks}")
    if not key or not fields["K"]:
        yield drop(file, place, f"no tune: X:{number} has no key (K:)")
    elif not _MUSIC.search(text, key.end() + 1):
        yield drop(file, place, f"no tune: X:{number} has no music")
    else:
        meta: dict[str, object] = {"tune": place, "number": fields["X"], "key": fields["K"]}
        meta |= {name: fields[letter] for letter, name in _META.items() if fields.get(letter)}
        yield document(file, place, text.strip("\n"), title=fields.get("T", ""), meta=meta | decoding)


def _without_remarks(block: str) -> tuple[str, int]:
    """A tune without the paragraphs after it that are about it, and how many characters they have."""
    if not _EMPTY.search(block.rstrip()):
        return block, 0
    paragraphs = _EMPTY.split(block)
    kept = [paragraphs[0], *(p for p in paragraphs[1:] if _OF_A_TUNE.search(p))]
    left = sum(len(p.strip()) for p in paragraphs) - sum(len(p.strip()) for p in kept)
    return ("\n\n".join(kept) if left else block), left


def _fields(header: str) -> dict[str, str]:
    """The first value of each field, whole."""
    found: dict[str, list[str]] = {}
    values: list[str] = []  # what ``+:`` goes on with
    for letter, value in _FIELD.findall(header):
        if letter != "+":
            values = []
            found.setdefault(letter, values)
        values.append(_REMARK.split(value, maxsplit=1)[0].strip())
    return {letter: " ".join(filter(None, said)) for letter, said in found.items()}
