"""A lineage as a drawing whose boxes are links, and as a table that says the same.

Boxes stand in columns by kind, made of the same graph that `corpusmill lineage` prints; the script of the site lets a
reader zoom and move it, without script it scrolls.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from corpusmill.lineage import KINDS, Graph, Node
from reports import svg, words
from reports.lineage_picture import BETWEEN, GAP, WIDTH, Box, Placed, arrow_across, draw
from reports.sections.lineage import host, wrapped
from reports.svg import Element, add

ROWS = 200  # of the table
PARENTS = 3  # named in a row of it


@dataclass(frozen=True, slots=True)
class Row:
    """One thing of the graph in words."""

    kind: str
    name: str
    href: str  # the page about it; empty for none
    facts: str
    made_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """The picture and the table."""

    title: str
    picture: Markup
    rows: tuple[Row, ...]
    unlisted: int  # things that the table leaves out


def drawing(graph: Graph, pages: Mapping[str, str], title: str) -> Drawing:
    """Graph -> drawing; `pages` has the way to the page about a node, by the node's id."""
    rows = list(_rows(graph, pages))
    return Drawing(
        title=title, picture=_picture(graph, pages, title), rows=tuple(rows[:ROWS]), unlisted=len(rows[ROWS:])
    )


def _rows(graph: Graph, pages: Mapping[str, str]) -> Iterator[Row]:
    made_of: dict[str, list[str]] = defaultdict(list)
    for before, after in graph.edges:
        made_of[after].append(before)
    for node in graph.nodes:
        parents = made_of[node.id]
        named = [*parents[:PARENTS], *([f"{len(parents) - PARENTS:,} more"] if len(parents) > PARENTS else [])]
        yield Row(node.kind, node.id, pages.get(node.id, ""), ", ".join(filter(None, node.facts)), words.listed(named))


def _picture(graph: Graph, pages: Mapping[str, str], title: str) -> Markup:
    shown = graph.folded()
    columns = _columns(shown, {node.id for node in graph.nodes})
    heights = [sum(box.height + GAP for _, box in column) - GAP for column in columns]
    height = max(heights) + 2
    picture = svg.canvas("lineage", 2 + len(columns) * (WIDTH + BETWEEN) - BETWEEN, height, title, _in_words(graph))
    picture.set("role", "group")  # not "img", whose links nobody could reach
    placed: dict[str, Placed] = {}
    for index, column in enumerate(columns):
        y = (height - heights[index]) / 2
        for name, box in column:
            placed[name] = Placed(box, 1 + index * (WIDTH + BETWEEN), y, WIDTH)
            y += box.height + GAP
    for before, after in shown.edges:
        if placed[before].x < placed[after].x:
            arrow_across(picture, placed[before], placed[after])
    for name, one in placed.items():
        draw(_linked(picture, pages.get(name, "")), one)
    return svg.markup(picture)


def _columns(graph: Graph, known: set[str]) -> list[list[tuple[str, Box]]]:
    """Boxes by kind, in the order of the stages; a box that stands for several is dashed."""
    columns: dict[str, list[tuple[str, Box]]] = defaultdict(list)
    for node in graph.nodes:
        facts = wrapped(*filter(None, node.facts))
        columns[node.kind].append((node.id, Box(node.kind, _short(node), facts, dashed=node.id not in known)))
    return [columns[kind] for kind in KINDS if kind in columns]


def _linked(picture: Element, href: str) -> Element:
    return add(picture, "a", href=href) if href else picture


def _short(node: Node) -> str:
    """What tells a thing from its neighbours: a source's host, the end of what was fetched there, the end of a ref."""
    if node.kind == "source":
        return host(node.id)
    name = node.id.partition(" for ")[0] if node.kind == "fetch" and "://" not in node.id else node.id
    return name if node.kind == "document" else name.rstrip("/").rpartition("/")[2] or name


def _in_words(graph: Graph) -> str:
    """``2 sources, 1 snapshot, 1 version``."""
    counted = [(kind, sum(node.kind == kind for node in graph.nodes)) for kind in KINDS]
    return f"From left to right: {words.listed([words.count(number, kind) for kind, number in counted if number])}."
