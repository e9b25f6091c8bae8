"""A book of numbered chapters and verses in one JSON file; the numbers may be strings.

    {"book": "Jude", "chapters": [{"chapter": "1", "verses": [{"verse": "1", "text": "…"}]}]}

A document is a chapter, or a verse; its group is the book. Numbers that are not 1, 2, 3 … raise ParseError and are
named: half a book is worse than none, since nothing later would notice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Annotated, Literal

import msgspec

from corpusmill.errors import ParseError
from corpusmill.types import Document, RawFile
from preprocess.parse import Parsed, ParseOptions, document
from preprocess.text import strict_json

LARGEST = 16 << 20  # bytes; the longest of books has 5 million with all its numbers, and values take 30 times as much
_NAMED = 5  # gaps that an error names
Number = Annotated[int, msgspec.Meta(ge=0, le=100_000)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(ParseOptions):
    """Keys of ``[parse]`` for verses."""

    unit: Literal["chapter", "verse"] = "chapter"
    numbers: bool = False  # put "chapter:verse " before each verse of the text


class Verse(msgspec.Struct):
    """One verse of the file."""

    verse: Number
    text: str


class Chapter(msgspec.Struct):
    """One chapter of the file."""

    chapter: Number
    verses: list[Verse]


class Book(msgspec.Struct):
    """The whole file."""

    book: Name
    chapters: list[Chapter]


def parse(file: RawFile, body: bytes, options: Options) -> Parsed:
    """Chapters or verses in their order. Raises ParseError."""
    try:
        book = msgspec.convert(strict_json.loads(body), Book, strict=False)  # not strict: "1" is a number too
    except msgspec.ValidationError as error:
        raise ParseError(f"not a book: {error}", "leave it out with [parse] skip if it is an index") from error
    _refuse_gaps(book)
    for chapter in book.chapters:
        yield from _documents(file, book.book, chapter, options)


def _documents(file: RawFile, book: str, chapter: Chapter, options: Options) -> Iterator[Document]:
    parts = [(verse.verse, _line(chapter.chapter, verse, options)) for verse in chapter.verses]
    title = f"{book} {chapter.chapter}"
    meta = {"book": book, "chapter": chapter.chapter}
    if options.unit == "chapter":
        text = "\n".join(text for _, text in parts)
        yield document(file, title, text, title=title, group=book, meta=meta | {"verses": len(parts)})
        return
    for number, text in parts:
        place = f"{title}:{number}"
        yield document(file, place, text, title=place, group=book, meta=meta | {"verse": number, "verses": 1})


def _line(chapter: int, verse: Verse, options: Options) -> str:
    return f"{chapter}:{verse.verse} {verse.text}" if options.numbers else verse.text


def _refuse_gaps(book: Book) -> None:
    lacks = list(islice(_lacking(book), _NAMED + 1))
    if lacks:
        more = " and more" if len(lacks) > _NAMED else ""
        raise ParseError(f"incomplete: lacks {', '.join(lacks[:_NAMED])}{more}", "fetch the book again")


def _lacking(book: Book) -> Iterator[str]:
    yield from (f"{book.book} {gap}" for gap in _gaps([chapter.chapter for chapter in book.chapters]))
    for chapter in book.chapters:
        blank = (str(verse.verse) for verse in chapter.verses if not verse.text.strip())
        gaps = chain(_gaps([verse.verse for verse in chapter.verses]), blank)
        yield from (f"{book.book} {chapter.chapter}:{gap}" for gap in gaps)


def _gaps(numbers: list[int]) -> Iterator[str]:
    """What keeps numbers from being 1, 2, 3 …, in words: "3", "3-5", "2 in its place"."""
    expected = 1
    for number in numbers:
        if number > expected:
            yield str(expected) if number == expected + 1 else f"{expected}-{number - 1}"
        elif number < expected:
            yield f"{expected} in its place"
        expected = number + 1
    if not numbers:
        yield "1"
