"""Books in plain text, Project Gutenberg's above all: a document is a chapter, or a passage where no heading is plain.

Project Gutenberg's header and licence are left out (`preprocess.text.gutenberg`), and so are marks of illustrations,
a table of contents and a title page. Lines stay wrapped as they are. Headings are paragraphs such as ``CHAPTER IV``,
``Part Two``, ``BOOK ONE: 1805``, ``Zweites Kapitel`` or a Roman number alone; they count where there are some and
none has more than half of the book under it. Where they do not, a passage still ends at a heading that has a name,
and is called after it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from corpusmill.types import RawFile
from preprocess.parse import Parsed, TextOptions, document, drop
from preprocess.text import gutenberg
from preprocess.text.decode import decode, unix
from preprocess.text.passages import passages

LARGEST = 32 << 20  # bytes: lines take several times as much
_FIELD = re.compile(r"^(Title|Author|Titel|Autor|Titre|Auteur): *(\S.*)$", re.MULTILINE)
_COUNTED = (
    r"(?:[IVXLCDM]+|\d+|(?:THE )?(?:ONE|TWO|THREE|FOUR|FIVE|SIX|SEVEN|EIGHT|NINE|TEN|ELEVEN|TWELVE|THIRTEEN|FOURTEEN"
    r"|FIFTEEN|FIRST|SECOND|THIRD|FOURTH|FIFTH|SIXTH|SEVENTH|EIGHTH|NINTH|TENTH|LAST)"
    r"|PREMIERE?|PREMIÈRE|DEUXI[EÈ]ME|TROISI[EÈ]ME|QUATRI[EÈ]ME|CINQUI[EÈ]ME|SECONDE?|PRIMERO|PRIMO)\b"
)
_ORDINAL = r"(?:ERST|ZWEIT|DRITT|VIERT|FÜNFT|SECHST|SIEBENT|SIEBT|ACHT|NEUNT|ZEHNT|LETZT)E[RS]?"
_PART = re.compile(
    rf"(?:BOOK|PART|VOLUME|ACT|LIVRE|PARTIE|TOME|ACTE|BUCH|TEIL|THEIL|BAND) {_COUNTED}"
    rf"|{_ORDINAL} (?:BUCH|TEIL|THEIL|BAND|AUFZUG|AKT)\b|PREMI[EÈ]RE PARTIE\b|(?:SECONDE|DEUXI[EÈ]ME) PARTIE\b"
    r"|(?:(?:FIRST|SECOND) )?(?:EPILOGUE|PROLOGUE|PREFACE|INTRODUCTION|VORWORT|PRÉFACE)\b",
    re.IGNORECASE,
)
_CHAPTER = re.compile(
    rf"(?:CHAPTER|CANTO|LETTER|STAVE|SCENE|CHAPITRE|KAPITEL|CAP[IÍ]TULO|CAPITOLO|SCÈNE|LETTRE) {_COUNTED}"
    rf"|{_ORDINAL} (?:KAPITEL|BRIEF|AUFTRITT)\b",
    re.IGNORECASE,
)
_ROMAN = re.compile(r"[IVXLC]{1,9}\.?")
_HEADING_LINES, _HEADING_WIDTH = 3, 70
_FEWEST = 3  # chapters that make headings plain
_LARGEST = 0.5  # of the text, that a chapter may have
_FEW, _SHORTEST = 50, 50  # headings, and characters for each of them: where they are more, they head nothing
_LONG = 2_000  # characters that sections with a name have on average, where passages are called after them
_PROSE, _WRAPPED = 300, 45  # characters of a paragraph, and of its lines, that no title page or list of chapters has


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(TextOptions):
    """Keys of ``[parse]`` for books."""

    title: str = ""  # default: what Project Gutenberg's header says
    author: str = ""  # likewise
    group: Literal["chapter", "book"] = "chapter"  # what is never in two splits; "book" where there are many books


_Section = tuple[str, int, int, int]
"""A heading (none before the first), its line, the line after it and the line where what is under it ends."""


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
    start, end = gutenberg.inside(text)
    said = {name: value.strip() for name, value in _FIELD.findall(text[:start])}
    title = options.title or said.get("Title") or said.get("Titel") or said.get("Titre", "")
    author = options.author or said.get("Author") or said.get("Autor") or said.get("Auteur", "")
    for place, outside in (("header", text[:start]), ("licence", text[end:])):
        if outside.strip():
            yield drop(file, place, f"boilerplate: {place} of {len(outside):,} characters")
    words, pictures = gutenberg.without_pictures(text[start:end])
    parts, others = _parts(words)
    yield from (drop(file, place, reason) for place, reason in others)
    more = decoded.meta | ({"illustrations": pictures} if pictures else {})
    for part in parts:
        meta = {"book": title, "place": part.place} | more
        group = (title or file.url) if options.group == "book" else ""
        yield document(file, part.place, part.text, title=part.title or title, author=author, group=group, meta=meta)


def _parts(text: str) -> tuple[Iterable[_Part], list[tuple[str, str]]]:
    """Chapters and what is none of them, or passages."""
    lines = text.split("\n")
    most = max(_FEW, len(text) // _SHORTEST)
    sections = list(islice(_sections(lines), most + 1))
    if len(sections) <= most:
        chapters, others = _chapters(lines, sections)
        if len(chapters) >= _FEWEST and max(len(chapter.text) for chapter in chapters) <= _LARGEST * len(text):
            return chapters, others
    return _passages(lines, sections, text), []


def _chapters(lines: list[str], sections: Iterable[_Section]) -> tuple[list[_Part], list[tuple[str, str]]]:
    """The chapters, and what is none: place and reason."""
    chapters: list[_Part] = []
    others: list[tuple[str, str]] = []
    part, opened, empty = "", 0, 0  # the heading above chapters, the line where the next text begins, headings without
    for heading, first, after, end in sections:
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


def _sections(lines: list[str]) -> Iterator[_Section]:
    heading, first, after = "", 0, 0
    for start, end in _paragraphs(lines):
        if found := _heading(lines, start, end):
            yield heading, first, after, start
            heading, first, after = found, start, end
    yield heading, first, after, len(lines)


def _paragraphs(lines: list[str]) -> Iterator[tuple[int, int]]:
    start = -1
    for number, line in enumerate(lines):
        if line and not line.isspace():
            start = number if start < 0 else start
        elif start >= 0:
            yield start, number
            start = -1
    if start >= 0:
        yield start, len(lines)


def _heading(lines: list[str], start: int, end: int) -> str:
    """The words of a paragraph that is a heading, or nothing."""
    if end - start > _HEADING_LINES or not lines[start].lstrip()[0].isupper():
        return ""
    words = [line.strip() for line in lines[start:end]]
    short = all(len(line) <= _HEADING_WIDTH for line in words)
    named = short and (_PART.match(words[0]) or _CHAPTER.match(words[0]) or _ROMAN.fullmatch(words[0]))
    return " ".join(words) if named else ""


def _filled(lines: list[str]) -> bool:
    return any(line.strip() for line in lines)


def _is_prose(lines: list[str]) -> bool:
    for start, end in _paragraphs(lines):
        size = sum(len(line.strip()) for line in lines[start:end])
        if size >= _PROSE and size >= _WRAPPED * (end - start):
            return True
    return False


def _passages(lines: list[str], sections: list[_Section], text: str) -> Iterator[_Part]:
    """The passages of each section that has a name, or of the whole where such sections would be many and short."""
    starts = [(first, heading) for heading, first, _, _ in sections if not _ROMAN.fullmatch(heading)]
    if len(starts) * _LONG > len(text):
        starts = [(0, "")]
    number = 0
    for (first, heading), (after, _) in zip(starts, [*starts[1:], (len(lines), "")], strict=True):
        section = "\n".join(lines[first:after])
        for start, end in passages(section, len(text)):
            number += 1
            yield _Part(f"passage {number}", heading, section[start:end])
