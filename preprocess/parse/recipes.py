"""Cooking recipes of any kind in one form: the title, the ingredients a line each, the steps a paragraph each.

Read are Meal-Master's exports, whole or with their lines of dashes lost, any number in a file; and web pages that
declare a recipe (schema.org as JSON-LD or microdata). In texts from the bulletin boards characters of MS-DOS (CP437)
that were read as Latin-1 are mended and control characters removed; `meta` counts both.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from corpusmill.types import Document, Drop, RawFile
from preprocess import markup, mend
from preprocess.decode import decode, unix
from preprocess.dishes import Dish, mealmaster, schema_org
from preprocess.parse import Parsed, TextOptions, document, drop

_PAGE = re.compile(rb"\s*<|[^\n]{0,3}<!doctype html", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(TextOptions):
    """Keys of ``[parse]`` for recipes."""


def parse(file: RawFile, body: bytes, options: Options) -> Parsed:
    """The recipes of a file, and a drop for what is none. Raises ParseError."""
    yield from _page(file, body, options) if _PAGE.match(body) else _text(file, body, options)


def _page(file: RawFile, body: bytes, options: Options) -> Parsed:
    decoded = markup.page(body, options.encoding)
    number = 0
    for number, dish in enumerate(schema_org.dishes(markup.tree(decoded.text)), 1):
        yield _document(file, number, dish, {"format": "schema.org"} | decoded.meta)
    if not number:
        yield drop(file, "", "no recipe: the page declares none")


def _text(file: RawFile, body: bytes, options: Options) -> Iterator[Document | Drop]:
    decoded = decode(body, options.encoding)
    text, letters = mend.cp437(unix(decoded.text))
    text, controls = mend.controls(text)
    counts = {"mended_cp437": letters, "mended_controls": controls}
    meta = {"format": "meal-master"} | {name: count for name, count in counts.items() if count} | decoded.meta
    for number, part in enumerate(mealmaster.dishes(text), 1):
        if isinstance(part, str):
            yield drop(file, number, part)
        elif not part.ingredients and not part.steps:
            yield drop(file, number, f"no recipe: nothing under {part.title!r}")
        else:
            yield _document(file, number, part, meta)


def _document(file: RawFile, number: int, dish: Dish, meta: dict[str, str | int]) -> Document:
    about = {"categories": dish.categories, "servings": dish.servings}
    counts = {"ingredients": len(dish.ingredients), "steps": len(dish.steps)}
    return document(file, number, dish.text, title=dish.title, meta=about | counts | meta)
