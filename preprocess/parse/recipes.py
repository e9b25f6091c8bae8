"""Cooking recipes of any kind in one form: the title, the ingredients a line each, the steps a paragraph each.

Read are Meal-Master's exports, whole or with their lines of dashes lost, any number in a file; and web pages that
declare a recipe (schema.org as JSON-LD, microdata or RDFa). In texts from the bulletin boards characters of MS-DOS
(CP437) that were read as Latin-1 are mended and control characters removed; `meta` counts both. The written form, and
the way back from it to its parts, is in `preprocess.dishes`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from corpusmill.types import Document, Drop, RawFile
from preprocess.clean import mend
from preprocess.dishes import Dish, mealmaster, schema_org, to_text
from preprocess.parse import Parsed, TextOptions, document, drop
from preprocess.text import cutting, markup
from preprocess.text.decode import decode, unix

LARGEST = 1 << 24  # bytes of what cannot be cut; reading takes up to forty times as much
_PAGE = re.compile(rb"\s*<|[^\n]{0,3}<!doctype html", re.IGNORECASE)
_TAGS = 100_000  # in a page; the longest of a thousand recipes has 9,000
_NULS = 0.001  # of the bytes of a text; a transfer by modem left a few
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")  # marks of UTF-16 and UTF-32


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(TextOptions):
    """Keys of ``[parse]`` for recipes."""


def parse(file: RawFile, body: bytes, options: Options, before: int = 0) -> Parsed:
    """The recipes of a file, and a drop for what is none; `before` have been in pieces before. Raises ParseError."""
    yield from _page(file, body, options) if _PAGE.match(body) else _text(file, body, options, before)


def cut(body: bytes, options: Options) -> tuple[int, int]:
    """Where the last recipe of a collection begins, and how many are before it; 0, 0 for a page, or one recipe."""
    _, lines = cutting.lines(body, options.encoding)
    if not lines or _PAGE.match(body) or body.count(b"\r") != body.count(b"\r\n"):
        return 0, 0
    begin = mealmaster.beginnings(body.decode("latin-1"))  # a character a byte
    return (begin[-1], len(begin) - 1) if len(begin) > 1 else (0, 0)


def _page(file: RawFile, body: bytes, options: Options) -> Parsed:
    if (tags := body.count(b"<")) > _TAGS:
        yield drop(file, "", f"too large: {tags:,} tags in one page")
        return
    decoded = markup.page(body, options.encoding)
    number = 0
    for number, dish in enumerate(schema_org.dishes(markup.tree(decoded.text)), 1):
        yield _document(file, number, dish, {"format": "schema.org"} | decoded.meta)
    if not number:
        yield drop(file, "", "no recipe: the page declares none")


def _text(file: RawFile, body: bytes, options: Options, before: int) -> Iterator[Document | Drop]:
    nuls = body.count(0) if not body.startswith(_WIDE) else 0
    decoded = decode(body.replace(b"\0", b"") if nuls <= len(body) * _NULS else body, options.encoding)
    first, *recipes = mealmaster.parts(unix(decoded.text))
    title_end = mealmaster.title_end(first) if recipes and not before else ""
    if not title_end:
        yield from _outside(file, before, mealmaster.outside(first))
    for number, part in enumerate(recipes, before + 1):
        text, counts = _mended(part)
        dish, outside = mealmaster.read(text, title_end if number == 1 else "")
        meta = {"format": "meal-master"} | counts | decoded.meta
        if not dish.title or not (dish.ingredients or dish.steps):
            yield drop(file, number, f"no recipe: nothing under {dish.title!r}")
        else:
            yield _document(file, number, dish, meta)
        yield from _outside(file, number, outside)


def _mended(text: str) -> tuple[str, dict[str, int]]:
    """A recipe with its characters put right, and how many were."""
    text, letters = (text, 0) if text.isascii() else mend.cp437(text)
    text, controls = mend.controls(text)
    counts = {"mended_cp437": letters, "mended_controls": controls}
    return text, {name: count for name, count in counts.items() if count}


def _outside(file: RawFile, number: int, characters: int) -> Iterator[Drop]:
    """A drop for what stands after a recipe, or before the first."""
    if characters:
        yield drop(file, f"after {number}", f"outside a recipe: {characters:,} characters")


def _document(file: RawFile, number: int, dish: Dish, meta: dict[str, str | int]) -> Document:
    about = {"categories": dish.categories, "servings": dish.servings}
    counts = {"ingredients": len(dish.ingredients), "steps": len(dish.steps)}
    return document(file, number, to_text(dish), title=dish.title, meta=about | counts | meta)
