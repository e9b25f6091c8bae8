"""The way from fetch to report as a drawing: boxes in stages, arrows that say what was done.

Drawn twice from the same boxes, across for a wide page and down for a narrow one; the style sheet shows one of them. It
knows boxes and words, not what they stand for.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reports import svg
from reports.svg import Element, add
from reports.visible import middle_cut, plain

HEAD, ROW, PAD = 40, 17, 12  # heights of a box's two first lines, of a fact, of its padding
GAP = 14  # between boxes of one stage
WIDTH, BETWEEN = 176.0, 42.0  # of a box, and between two columns, in the wide drawing
LETTERS = 22  # of a fact that fit into a box
NAME_LETTERS = 18  # of a name, which is bold and larger


@dataclass(frozen=True, slots=True)
class Box:
    """One thing: what kind, which one, and facts about it, a line each. `dashed`: stands for several."""

    kind: str
    name: str
    facts: tuple[str, ...]
    dashed: bool = False

    @property
    def height(self) -> float:
        """What its lines need."""
        return HEAD + ROW * len(self.facts) + PAD


@dataclass(frozen=True, slots=True)
class Stage:
    """Boxes side by side, and the verb on the arrow that leads to them."""

    verb: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """A box and where it stands."""

    box: Box
    x: float
    y: float
    width: float


def across(stages: Sequence[Stage], description: str) -> Markup:
    """From left to right, each stage a column around one middle line."""
    columns = [sum(box.height + GAP for box in stage.boxes) - GAP for stage in stages]
    height = max(columns) + 2
    placed = []
    for index, stage in enumerate(stages):
        y = (height - columns[index]) / 2
        column = []
        for box in stage.boxes:
            column.append(Placed(box, 1 + index * (WIDTH + BETWEEN), y, WIDTH))
            y += box.height + GAP
        placed.append(column)
    picture = _canvas("lineage-wide", 2 + len(stages) * (WIDTH + BETWEEN) - BETWEEN, height, description)
    for before, after, stage in zip(placed, placed[1:], stages[1:], strict=False):
        for start in before:
            arrow_across(picture, start, after[0])
        middle = after[0].x - BETWEEN / 2
        add(picture, "text", stage.verb, class_="verb", x=middle, y=height / 2 - 8, text_anchor="middle")
    return _finished(picture, placed)


def down(stages: Sequence[Stage], description: str) -> Markup:
    """From top to bottom, the boxes of a stage one below the other."""
    width, gap, y = 340.0, 36.0, 1.0
    placed = []
    for stage in stages:
        column = []
        for box in stage.boxes:
            column.append(Placed(box, 1, y, width))
            y += box.height + GAP
        placed.append(column)
        y += gap - GAP
    picture = _canvas("lineage-narrow", width + 2, y - gap + 1, description)
    for before, after, stage in zip(placed, placed[1:], stages[1:], strict=False):
        start, end = before[-1].y + before[-1].box.height, after[0].y
        add(picture, "path", class_="arrow", d=svg.path([(40, start), (40, end - 5)]))
        _head(picture, 40, end, (-4, -7), (4, -7))
        add(picture, "text", stage.verb, class_="verb", x=54, y=(start + end) / 2 + 4)
    return _finished(picture, placed)


def _canvas(name: str, width: float, height: float, description: str) -> Element:
    return svg.canvas(name, width, height, "From fetch to report", description)


def _finished(picture: Element, placed: Sequence[Sequence[Placed]]) -> Markup:
    for column in placed:
        for one in column:
            draw(picture, one)
    return svg.markup(picture)


def draw(picture: Element, placed: Placed) -> None:
    """A box; the nested picture cuts off whatever would run over its edge."""
    box, wider = placed.box, placed.width / WIDTH
    x, y, width, height = placed.x, placed.y, placed.width, box.height
    kind = "box dashed" if box.dashed else "box"
    add(picture, "rect", class_=kind, x=x, y=y, width=width, height=height, rx=5)
    inside = add(picture, "svg", x=x, y=y, width=width, height=height)
    add(inside, "text", box.kind, class_="kind", x=PAD, y=19)
    add(inside, "text", middle_cut(box.name, int(NAME_LETTERS * wider)), class_="name", x=PAD, y=36)
    for row, fact in enumerate(box.facts):
        add(inside, "text", plain(fact, int(LETTERS * wider)), class_="fact", x=PAD, y=HEAD + 14 + ROW * row)


def arrow_across(picture: Element, start: Placed, end: Placed) -> None:
    """From the right side of one box to the left side of another."""
    x1, y1 = start.x + start.width, start.y + start.box.height / 2
    x2, y2 = end.x, end.y + end.box.height / 2
    bend = (x1 + x2) / 2
    curve = f"M{x1:g},{y1:g}C{bend:g},{y1:g} {bend:g},{y2:g} {x2 - 5:g},{y2:g}"
    add(picture, "path", class_="arrow", d=curve)
    _head(picture, x2, y2, (-7, -4), (-7, 4))


def _head(picture: Element, x: float, y: float, *wings: tuple[float, float]) -> None:
    corners = [(x, y), *((x + dx, y + dy) for dx, dy in wings)]
    add(picture, "path", class_="head", d=svg.path(corners) + "Z")
