"""Books in plain text, Project Gutenberg's above all: a document is a chapter, or a passage where no heading is plain.

Project Gutenberg's header and licence are left out, in the forms they have had since the 1990s, and so are a table of
contents and a title page. Lines stay wrapped as they are. Headings are paragraphs such as ``CHAPTER IV``, ``Part Two``,
``BOOK ONE: 1805`` or a Roman number alone; they count where there are some and none has more than half of the
book under it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from corpusmill.types import RawFile
from preprocess.decode import decode, unix
from preprocess.parse import Parsed, TextOptions, document, drop
from preprocess.passages import passages

_GUTENBERG = r"(?:THE |THIS )?PROJECT GUTENBERG"
# Since 2003 or so: a line (two, if the title is long) between asterisks. Before: the end of "the small print".
_START = re.compile(
    rf"^[ \t]*\*\*\* ?START OF {_GUTENBERG}(?:[^*\n]*(?:\n[^*\n]+){{0,2}}?\*\*\*[ \t]*$|.*$)"
    r"|^.*\*END ?\*? ?THE SMALL PRINT!.*$",
    re.MULTILINE,
)
_END = re.compile(
    rf"^[ \t]*(?:\*\*\* ?END OF {_GUTENBERG}|\*{{0,3}} ?End of {_GUTENBERG})", re.MULTILINE | re.IGNORECASE
)
_CREDIT = re.compile(  # a paragraph
    r"\s*(?:Produced|E-?text prepared|Transcribed|This e-?(?:text|book) was (?:produced|prepared)) [^\n]*(?:\n[^\n]+)*",
    re.IGNORECASE,
)
_FIELD = re.compile(r"^(Title|Author): *(\S.*)$", re.MULTILINE)
_COUNTED = (
    r"(?:[IVXLCDM]+|\d+|(?:THE )?(?:ONE|TWO|THREE|FOUR|FIVE|SIX|SEVEN|EIGHT|NINE|TEN|ELEVEN|TWELVE|THIRTEEN|FOURTEEN"
    r"|FIFTEEN|FIRST|SECOND|THIRD|FOURTH|FIFTH|SIXTH|SEVENTH|EIGHTH|NINTH|TENTH|LAST))\b"
)
_PART = re.compile(
    rf"(?:BOOK|PART|VOLUME|ACT) {_COUNTED}|(?:(?:FIRST|SECOND) )?(?:EPILOGUE|PROLOGUE|PREFACE|INTRODUCTION)\b",
    re.IGNORECASE,
)
_CHAPTER = re.compile(rf"(?:CHAPTER|CANTO|LETTER|STAVE|SCENE) {_COUNTED}", re.IGNORECASE)
_ROMAN = re.compile(r"[IVXLC]+\.?")
_HEADING_LINES, _HEADING_WIDTH = 3, 70
_FEWEST = 3  # chapters that make headings plain
_LARGEST = 0.5  # of the text, that a chapter may have
_PROSE, _WRAPPED = 300, 45  # characters of a paragraph, and of its lines, that no title page or list of chapters has


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(TextOptions):
    """Keys of ``[parse]`` for books."""

    title: str = ""  # default: what Project Gutenberg's header says
    author: str = ""  # likewise
    group: Literal["chapter", "book"] = "chapter"  # what is never in two splits; "book" where there are many books


@dataclass(frozen=True, slots=True)
class _Part:
    """What becomes a document: a chapter or a passage."""

    place: str
    title: str
    text: str


def parse(file: RawFile, body: bytes, options: Options) -> Parsed:
    """Chapters or passages in their order, and a drop for each part that is no book. Raises ParseError."""
    decoded = decode(body, options.encoding)
    text = unix(decoded.text)
    start, end = _inside(text)
    said = {name: value.strip() for name, value in _FIELD.findall(text[:start])}
    title, author = options.title or said.get("Title", ""), options.author or said.get("Author", "")
    for place, outside in (("header", text[:start]), ("licence", text[end:])):
        if outside.strip():
            yield drop(file, place, f"boilerplate: {place} of {len(outside):,} characters")
    chapters, others = _chapters(text[start:end].split("\n"))
    plain = len(chapters) >= _FEWEST and max(len(c.text) for c in chapters) <= _LARGEST * (end - start)
    if plain:
        yield from (drop(file, place, reason) for place, reason in others)
    for part in chapters if plain else _passages(text[start:end]):
        meta = {"book": title, "place": part.place} | decoded.meta
        group = (title or file.url) if options.group == "book" else ""
        yield document(file, part.place, part.text, title=part.title or title, author=author, group=group, meta=meta)


def _inside(text: str) -> tuple[int, int]:
    """Where the book begins and ends between header and licence."""
    starts = [match.end() for match in _START.finditer(text)]
    last = _END.search(text, starts[0] if starts else 0)
    end = last.start() if last else len(text)
    start = max((place for place in starts if place < end), default=0)
    while credit := _CREDIT.match(text, start):
        start = credit.end()
    return min(start, end), end


def _chapters(lines: list[str]) -> tuple[list[_Part], list[tuple[str, str]]]:
    """The chapters, and what is none: place and reason."""
    chapters: list[_Part] = []
    others: list[tuple[str, str]] = []
    part, opened, empty = "", 0, 0  # the heading above chapters, the line where the next text begins, headings without
    for heading, first, after, end in _sections(lines):
        above = bool(heading) and bool(_PART.match(heading))
        part = heading if above else part
        if not _filled(lines[after:end]):
            empty += bool(heading) and not above
            opened = opened if above else end
            continue
        text = "\n".join(lines[min(opened, first) : end]).strip("\n")
        title = heading if above or not part else f"{part}, {heading}"
        if heading or _is_prose(lines[after:end]):
            chapters.append(_Part(f"chapter {len(chapters) + 1}", title, text))
        else:
            others.append(("front", f"front matter: {len(text):,} characters without prose"))
        opened = end
    if empty:
        others.append(("contents", f"contents: {empty} headings without text"))
    return chapters, others


def _sections(lines: list[str]) -> Iterator[tuple[str, int, int, int]]:
    """Each heading (none before the first), its line, the line after it and the line where its section ends."""
    heading, first, after = "", 0, 0
    for start, end in _paragraphs(lines):
        if found := _heading(lines[start:end]):
            yield heading, first, after, start
            heading, first, after = found, start, end
    yield heading, first, after, len(lines)


def _paragraphs(lines: list[str]) -> Iterator[tuple[int, int]]:
    for filled, numbers in groupby(range(len(lines)), key=lambda number: bool(lines[number].strip())):
        if filled:
            run = list(numbers)
            yield run[0], run[-1] + 1


def _heading(paragraph: list[str]) -> str:
    """The words of a paragraph that is a heading, or nothing."""
    words = [line.strip() for line in paragraph[: _HEADING_LINES + 1]]
    short = len(words) <= _HEADING_LINES and all(len(line) <= _HEADING_WIDTH for line in words)
    named = words[0][0].isupper() and (_PART.match(words[0]) or _CHAPTER.match(words[0]))
    return " ".join(words) if short and (named or _ROMAN.fullmatch(words[0])) else ""


def _filled(lines: list[str]) -> bool:
    return any(line.strip() for line in lines)


def _is_prose(lines: list[str]) -> bool:
    for start, end in _paragraphs(lines):
        size = sum(len(line.strip()) for line in lines[start:end])
        if size >= _PROSE and size >= _WRAPPED * (end - start):
            return True
    return False


def _passages(text: str) -> Iterator[_Part]:
    for number, (start, end) in enumerate(passages(text), 1):
        yield _Part(f"passage {number}", "", text[start:end])
