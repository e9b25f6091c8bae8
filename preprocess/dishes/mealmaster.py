"""Meal-Master, the format of the bulletin boards of the 1990s -> dishes.

    MMMMM----- Recipe via Meal-Master (tm) v8.02
          Title: Bread                            a line alone, MMMMM, ends a recipe; a file holds any number
     Categories: Breads, Basics
          Yield: 2 loaves                         seven columns of amount, two of unit, twenty-eight of words,
                                                  once or twice a line; "-" goes on with the line above;
        500 g  Flour                   1 ts Salt  MMMMM-----CRUST----- heads a group
               Water, warm                        the steps follow, wrapped at 75 columns

Collections often have lost the lines of MMMMM, the columns and the empty lines, so a recipe is known by its title with
``Categories`` or ``Yield`` near it, and the ingredients end where lines grow longer than a column and no amounts come.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from preprocess.dishes import Dish, columns, dish, words

# Where a text is parted depends on its ASCII characters and LF alone, so that bytes can be parted in the same places.
_START = re.compile(
    r"^[ \t]{0,12}Title:[ \t]*+(?=[^ \t\r\n])(?=(?:[^\n]*\n){1,8}?[ \t]{0,12}(?:Categories|Yield|Servings|Serves):)",
    re.MULTILINE,
)
_BEFORE = 200  # characters before a title that its recipe's first line may begin in
_HEADER = re.compile(
    r"(?:^(?:MMMMM|-----).{0,60}?|MMMMM-{5} {0,9})(?:Recipe via|Meal-Master|exported from)", re.IGNORECASE
)
_END = re.compile(r"(?:MMMMM|-----)\s*")
_TITLE = re.compile(r"\s*Title: *(.*)")
_FIELD = re.compile(r"\s{0,12}(Categories|Yield|Servings|Serves): *(.*)")
_FIELDS_WITHIN = 8  # lines after the title, as in _START
_JOINED = re.compile(r"(\S.{0,29}?) {2,}(\S.*)")  # the yield, and a line that was joined to it
_ORNAMENT = re.compile(r"\s*[^\w\s]{8,}")  # a rule across the page, words after it or not
_RULE = re.compile(r"[-=_~ ]{3,}")  # a short one
_EMPTY = re.compile(r"\n{3,}")
_LONG_TITLE = 60  # characters of the end of a title
_WRAPPED = 50  # characters from which on a line may have been wrapped


def beginnings(text: str) -> list[int]:
    """Where recipes begin: the offset of the header before each title, else of the title's line."""
    return [_beginning(text, match.start()) for match in _START.finditer(text)]


def parts(text: str) -> Iterator[str]:
    """What is before the first recipe, and from the beginning of each to the next; together, the text."""
    yield from (text[start:end] for start, end in pairwise([0, *beginnings(text), len(text)]))


def title_end(text: str) -> str:
    """What is before a first recipe if it is the end of a long title, which some collections have above the title."""
    words_in = text.strip()
    alone = "\n" not in words_in and len(words_in) <= _LONG_TITLE and not text.endswith("\n\n")
    return "" if not alone or _HEADER.match(words_in) or _END.fullmatch(words_in) else words_in.strip("- ")


def read(part: str, title_end: str = "") -> tuple[Dish, int]:
    """The dish of a part that begins with a recipe, and how many characters stand outside of it."""
    lines = _EMPTY.sub("\n\n", part).split("\n")
    mark = _HEADER.match(lines[0])
    first = next((number for number, line in enumerate(lines) if _TITLE.match(line)), 0)
    lines = lines[first:]
    marks = part[:5] if mark else ("MMMMM", "-----")
    end = next(
        (number for number, line in enumerate(lines) if line.startswith(marks) and _END.fullmatch(line)), len(lines)
    )
    return _dish(lines[:end], title_end), outside("\n".join(lines[end:]))


def outside(text: str) -> int:
    """How many characters are no recipe, the lines that begin and end one apart."""
    words_in = (line for line in text.split("\n") if line.strip())
    return sum(len(line) for line in words_in if not _END.fullmatch(line) and not _HEADER.match(line))


def _beginning(text: str, title: int) -> int:
    before = text[max(0, title - _BEFORE) : title].rstrip()
    line = before[before.rfind("\n") + 1 :]
    header = _HEADER.search(line)
    shown = min(title, _BEFORE)  # how much of what is before the title was looked at
    return title - shown + len(before) - len(line) + header.start() if header else title


def _dish(lines: list[str], title_end: str) -> Dish:
    title = _TITLE.match(lines[0])
    fields: dict[str, str] = {}
    body: list[str] = []
    for number, line in enumerate(lines[1:], 1):
        field = _FIELD.match(line) if number <= _FIELDS_WITHIN else None
        name = "categories" if field and field[1] == "Categories" else "servings"
        if not field or name in fields:
            body += [line] * (line.strip() != ":")  # which some programs leave between lines
        elif name == "servings" and (joined := _JOINED.fullmatch(field[2].strip())):
            fields[name] = joined[1]
            body.append(joined[2])
        else:
            fields[name] = field[2]
    ingredients, rest = columns.ingredients(columns.halved(body))
    return dish(
        title=f"{title[1] if title else ''} {title_end}",
        ingredients=ingredients,
        steps=_paragraphs(rest),
        categories=[fields.get("categories", "")],
        servings=fields.get("servings", ""),
    )


def _paragraphs(lines: list[str]) -> Iterator[str]:
    """Parts between empty lines, ornaments and headings, lines that were wrapped joined."""
    paragraph: list[str] = []
    wrapped = False
    for line in [*lines, ""]:
        ornament = _ORNAMENT.match(line)
        name = columns.group(line)
        said = f"{name}:" if name else words(line[ornament.end() :] if ornament else line)
        said = "" if _RULE.fullmatch(said) else said
        if paragraph and (ornament or name or not said):
            yield "".join(paragraph)
            paragraph = []
        if said:
            paragraph += [" " if wrapped else "\n"] * bool(paragraph) + [said]
            wrapped = len(line.strip()) >= _WRAPPED and not name
