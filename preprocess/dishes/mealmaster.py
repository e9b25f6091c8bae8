"""Meal-Master, the format of the bulletin boards of the 1990s -> dishes.

    MMMMM----- Recipe via Meal-Master (tm) v8.02
          Title: Bread                            a line alone, MMMMM, ends a recipe; a file holds any number
     Categories: Breads, Basics                   seven columns of amount, two of unit, twenty-eight of words,
          Yield: 2 loaves                         once or twice a line; "-" goes on with the line above;
                                                  MMMMM-----CRUST----- heads a group
        500 g  Flour                   1 ts Salt
               Water, warm                        the steps follow, wrapped at 75 columns

Collections often have lost the lines of MMMMM, the columns and the empty lines, so a recipe is known by its title with
``Categories`` or ``Yield`` near it, and the ingredients end where lines grow longer than a column.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from preprocess.dishes import Dish

_TITLE = re.compile(r"\s{0,8}Title: *(\S.*)")
_FIELD = re.compile(r"\s{0,8}(Categories|Yield|Servings|Serves): *(.*)")
_FIELDS_WITHIN = 8  # lines after the title
_EDGE = re.compile(r"(?:MMMMM|-----)\s*|(?:MMMMM|-----).*(?:Recipe via|Meal-Master|exported from).*", re.IGNORECASE)
_MIDDLE = 41  # where the second column begins
_CELL = re.compile(r"[ \d/.-]{7} [ A-Za-z]{2} \S")
_COUNTED = re.compile(r"\s*\d[\d/., -]{0,10}(?:\s{1,4}[A-Za-z]{1,3}\.?)?\s{1,5}\S")
_NUMBERED = re.compile(r"\s*\d+[.):]\s")  # a step, not an amount
_COLUMN = 42  # characters of an ingredient's line at most
_BARE = 30  # likewise, where there is no amount
_ORNAMENT = re.compile(r"\s*[^\w\s]{8,}")  # a rule across the page, words after it or not
_WRAPPED = 50  # characters from which on a line may have been wrapped


def dishes(text: str) -> Iterator[Dish | str]:
    """Every recipe of a text in order, and in words what stands between them."""
    lines = text.split("\n")
    starts = [number for number, line in enumerate(lines) if _TITLE.match(line) and _has_fields(lines, number)]
    yield from _outside(lines[: starts[0] if starts else len(lines)])
    for start, after in pairwise([*starts, len(lines)]):
        end = next((number for number in range(start, after) if _EDGE.fullmatch(lines[number])), after)
        yield _dish(lines[start:end])
        yield from _outside(lines[end:after])


def _has_fields(lines: list[str], number: int) -> bool:
    return any(_FIELD.match(line) for line in lines[number + 1 : number + 1 + _FIELDS_WITHIN])


def _outside(lines: list[str]) -> Iterator[str]:
    words = [line for line in lines if line.strip() and not _EDGE.fullmatch(line)]
    if words:
        yield f"outside a recipe: {sum(map(len, words)):,} characters"


def _dish(lines: list[str]) -> Dish:
    title = _TITLE.match(lines[0])
    fields: dict[str, str] = {}
    body: list[str] = []
    for number, line in enumerate(lines[1:], 1):
        field = _FIELD.match(line) if number <= _FIELDS_WITHIN else None
        name = "categories" if field and field[1] == "Categories" else "servings"
        if field and name not in fields:
            fields[name] = field[2].strip()
        else:
            body.append(line)
    ingredients, rest = _ingredients(body)
    return Dish(
        title=_words(title[1]) if title else "",
        ingredients=tuple(ingredients),
        steps=tuple(_paragraphs(rest)),
        categories=tuple(filter(None, map(str.strip, fields.get("categories", "").split(",")))),
        servings=fields.get("servings", ""),
    )


def _ingredients(lines: list[str]) -> tuple[list[str], list[str]]:
    """The ingredients, and the lines after them."""
    found: list[str] = []
    left: list[str] = []
    right: list[str] = []

    def turn_over() -> None:
        found.extend([*left, *right])
        left.clear()
        right.clear()

    filled = [number for number, line in enumerate(lines) if line.strip()]
    last = -1
    for number, after in pairwise([*filled, len(lines)]):
        line = lines[number]
        if group := _group(line) or _named_group(line, lines[after : after + 1]):
            turn_over()
            found.append(f"{group}:")
        elif last >= 0 and number > last + 1 and not _is_counted(line):
            break  # after an empty line come steps, unless an amount shows otherwise
        elif _is_double(line):
            _put(left, line[:_MIDDLE])
            _put(right, line[_MIDDLE:])
        elif _is_single(line):
            _put(left, line)
        else:
            break
        last = number
    turn_over()
    return found, lines[last + 1 :]


def _group(line: str) -> str:
    """What ``MMMMM-----CRUST-----`` heads, or nothing."""
    words = line.removeprefix("MMMMM").strip("- ") if line.startswith(("MMMMM", "-----")) else ""
    return "" if "--" in words else _words(words)


def _named_group(line: str, after: list[str]) -> str:
    """What ``Filling:`` heads if an amount comes next, or nothing."""
    words = line.strip()
    heads = words.endswith(":") and len(words) <= _BARE and bool(after) and _is_counted(after[0])
    return _words(words[:-1]) if heads else ""


def _is_double(line: str) -> bool:
    halves = line[:_MIDDLE], line[_MIDDLE:]
    return bool(_CELL.match(halves[1])) and line[_MIDDLE - 2 : _MIDDLE] == "  " and _is_single(halves[0])


def _is_counted(line: str) -> bool:
    short = len(line.strip()) <= _COLUMN
    return _is_double(line) or (short and bool(_COUNTED.match(line)) and not _NUMBERED.match(line))


def _is_single(line: str) -> bool:
    words = line.strip()
    if not words or len(words) > _COLUMN:
        return False
    bare = len(words) <= _BARE and words[-1] not in ".:!?" and ". " not in words
    return words.startswith("-") or _is_counted(line) or bare


def _put(column: list[str], cell: str) -> None:
    words = _words(cell)
    if words.startswith("-") and column and not column[-1].endswith(":"):
        column[-1] = f"{column[-1]} {words.lstrip('- ')}".rstrip()
    elif words := words.lstrip("- "):
        column.append(words)


def _paragraphs(lines: list[str]) -> Iterator[str]:
    """Parts between empty lines and ornaments, lines that were wrapped joined."""
    paragraph, wrapped = "", False
    for line in [*lines, ""]:
        ornament = _ORNAMENT.match(line)
        words = _words(line[ornament.end() :] if ornament else line)
        if paragraph and (ornament or not words):
            yield paragraph
            paragraph = ""
        if words:
            paragraph += (" " if wrapped else "\n") * bool(paragraph) + words
            wrapped = len(line.strip()) >= _WRAPPED


def _words(text: str) -> str:
    return " ".join(text.split())
