"""The ingredients of a Meal-Master recipe: one column or two, whole or with its spaces lost -> a line each.

Where a line is no ingredient by its looks, the lines that follow decide: amounts behind it show that the list goes on.
"""

import re
from itertools import pairwise

from preprocess.dishes import words

_MIDDLE = 41  # where the second column begins
_CELL = re.compile(r"[ \d/.-]{7} [ A-Za-z]{2} \S")
_AMOUNT = r"[\d½¼¾⅓⅔⅛][\d½¼¾⅓⅔⅛/., -]{0,10}"
_COUNTED = re.compile(rf"\s*{_AMOUNT}(?:\s{{1,4}}[A-Za-z]{{1,4}}\.?)?\s{{1,5}}\S")
_TWO = re.compile(  # the right column moved up to the left one, or out of its place
    rf"(.{{3,45}}?\S) {{3,}}(?:(?<= {{8}})|(?={_AMOUNT} {{0,4}}[A-Za-z]{{0,2}} {{1,5}}\S))(\S.{{0,50}})"
)
_NUMBERED = re.compile(r"\s*\d+[.):]\s")  # a step, not an amount
_COLUMN = 42  # characters of an ingredient's line at most
_BARE = 30  # likewise, where there is no amount
_FOLDED = ("-", ";", "(")  # begin what goes on with the line above
_STEP = re.compile(  # a step that is as short as an ingredient
    r"(?:Preheat|Combine|Mix|Place|Bake|Heat|Beat|Pour|Stir|Add|Put|Serve|Melt|Simmer|Saute|Toss|Let|Makes|In an?) ",
    re.IGNORECASE,
)
_AHEAD, _GO_ON = 3, 2  # lines looked at behind one that is no ingredient, and how many of them must be


def ingredients(lines: list[str]) -> tuple[list[str], list[str]]:
    """The ingredients, groups among them with a colon, and the lines after them."""
    found = _List()
    filled = [number for number, line in enumerate(lines) if line.strip()]
    last = -1
    for place, (number, after) in enumerate(pairwise([*filled, len(lines)])):
        line = lines[number]
        if name := group(line) or _named_group(line, lines[after : after + 1]):
            found.head(name)
        elif last >= 0 and number > last + 1 and not _is_counted(line):
            break  # after an empty line come steps, unless an amount shows otherwise
        elif cells := _cells(line, [lines[later] for later in filled[place + 1 : place + 1 + _AHEAD]]):
            found.put(cells)
        else:
            break
        last = number
    return _without_steps(found.lines(), lines[last + 1 :])


def group(line: str) -> str:
    """What ``MMMMM-----CRUST-----`` heads, or nothing."""
    name = line.removeprefix("MMMMM").strip("- ") if line.startswith(("MMMMM-", "-----")) else ""
    return "" if "--" in name or len(name) > _COLUMN * 2 else words(name)


class _List:
    """Lines in reading order: of a group the left column, then the right one."""

    def __init__(self) -> None:
        self._done: list[list[str]] = []
        self._columns: tuple[list[list[str]], list[list[str]]] = ([], [])

    def head(self, name: str) -> None:
        self._turn_over()
        self._done.append([f"{name}:"])

    def put(self, cells: list[str]) -> None:
        for column, cell in zip(self._columns, cells, strict=False):
            line = words(cell).rstrip(">")
            if column and (line.startswith(_FOLDED) or _is_open(column[-1][-1], line)):
                column[-1].append(line.lstrip("- "))
            elif line := line.lstrip("- "):
                column.append([line])

    def lines(self) -> list[str]:
        self._turn_over()
        return [" ".join(filter(None, pieces)) for pieces in self._done]

    def _turn_over(self) -> None:
        for column in self._columns:
            self._done += column
            column.clear()


def _is_open(above: str, line: str) -> bool:
    """Whether a bracket that the line above opens is closed by this one."""
    return above.count("(") > above.count(")") and ")" in line and not _is_counted(line)


def _without_steps(found: list[str], rest: list[str]) -> tuple[list[str], list[str]]:
    """The same with short steps and headings at the end of the list given to the steps, if there are any."""
    kept = len(found)
    if any(line.strip() for line in rest):
        while kept and (found[kept - 1].endswith(":") or _STEP.match(found[kept - 1])):
            kept -= 1
    return found[:kept], [*found[kept:], *rest]


def _named_group(line: str, after: list[str]) -> str:
    """What ``Filling:`` heads if an amount comes next, or nothing."""
    name = line.strip()
    heads = name.endswith(":") and len(name) <= _BARE and bool(after) and _is_counted(after[0])
    return words(name[:-1]) if heads else ""


def _cells(line: str, ahead: list[str]) -> list[str]:
    """The left cell of a line and the right one, the one it has, or nothing where it is no ingredient."""
    if _is_double(line):
        return [line[:_MIDDLE], line[_MIDDLE:]]
    return [line] if _is_single(line) or sum(map(_shows_a_list, ahead)) >= _GO_ON else []


def _shows_a_list(line: str) -> bool:
    return _is_counted(line) or (line.startswith("-") and len(line) <= _COLUMN) or bool(group(line))


def _is_double(line: str) -> bool:
    left, right = line[:_MIDDLE], line[_MIDDLE:]
    return bool(_CELL.match(right)) and left.endswith("  ") and _is_single(left)


def _is_counted(line: str) -> bool:
    short = len(line.strip()) <= _COLUMN
    return _is_double(line) or (short and bool(_COUNTED.match(line)) and not _NUMBERED.match(line))


def _is_single(line: str) -> bool:
    text = line.strip()
    if not text or len(text) > _COLUMN:
        return False
    bare = len(text) <= _BARE and text[-1] not in ".:!?" and ". " not in text
    return text.startswith("-") or _is_counted(line) or bare


def halved(lines: list[str]) -> list[str]:
    """The lines, those that hold an ingredient of the right column behind one of the left as two."""
    found: list[str] = []
    for line in lines:
        two = _TWO.fullmatch(line.rstrip()) if "   " in line and not _is_double(line) else None
        found += [two[1], two[2]] if two and _is_single(two[1]) else [line]
    return found
