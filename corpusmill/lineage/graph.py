"""What a lineage is: things in stages, joined by what was made of what; as text, mermaid or dot.

It knows nodes and words, not what they stand for.
"""

import html
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["source", "fetch", "snapshot", "document", "version", "run", "sample", "report"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LISTED = 12  # things of a kind that are told one by one; of more, the first are told and the rest counted
_DOT_LINE = "\\n"


@dataclass(frozen=True, slots=True)
class Node:
    """One thing: its ref or address, and what is worth saying of it."""

    id: str
    kind: Kind
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes in the order of the stages; edges (from, to) say what was made of what."""

    nodes: tuple[Node, ...]
    edges: tuple[tuple[str, str], ...]

    def text(self) -> str:
        """One line a node, indented by its stage."""
        nodes = self.folded().nodes
        facts = {node: f"  ({', '.join(node.facts)})" if node.facts else "" for node in nodes}
        lines = (f"{'   ' * KINDS.index(node.kind)}{node.kind} {node.id}{facts[node]}" for node in nodes)
        return "\n".join(map(printable, lines))

    def mermaid(self) -> str:
        """A mermaid flow chart."""
        shown = self.folded()
        names = {node.id: f"n{index}" for index, node in enumerate(shown.nodes)}
        # "%%{" would begin a directive, in quotes too
        labels = [_quoted(n.kind, n.id, *n.facts, line="<br/>").replace("%%", "#37;#37;") for n in shown.nodes]
        lines = [f'  {names[n.id]}["{label}"]' for n, label in zip(shown.nodes, labels, strict=True)]
        return "\n".join(["flowchart LR", *lines, *(f"  {names[a]} --> {names[b]}" for a, b in shown.edges)])

    def dot(self) -> str:
        """A Graphviz digraph."""
        shown = self.folded()
        names = {node.id: f"n{index}" for index, node in enumerate(shown.nodes)}
        # a backslash at the end of a label would take its closing quote along
        parts = [[part.replace("\\", "\\\\") for part in (n.kind, n.id, *n.facts)] for n in shown.nodes]
        labels = [_quoted(*of_node, line=_DOT_LINE) for of_node in parts]
        lines = [f'  {names[n.id]} [label="{label}"];' for n, label in zip(shown.nodes, labels, strict=True)]
        arrows = [f"  {names[a]} -> {names[b]};" for a, b in shown.edges]
        return "\n".join(["digraph lineage {", "  rankdir=LR; node [shape=box];", *lines, *arrows, "}"])

    def folded(self, listed: int = LISTED) -> "Graph":
        """The same for people to read: of each kind at most `listed` nodes, the last being what the others are."""
        nodes: list[Node] = []
        stands: dict[str, str] = {}
        for kind in KINDS:
            mine = [node for node in self.nodes if node.kind == kind]
            shown = mine if len(mine) <= listed else mine[: listed - 1]
            rest = mine[len(shown) :]
            more = f"{len(rest):,} more {plural(kind)}"
            nodes += [*shown, *([Node(more, kind, (f"to {rest[-1].id}",))] if rest else [])]
            stands |= {node.id: node.id for node in shown} | {node.id: more for node in rest}
        edges = dict.fromkeys((stands[a], stands[b]) for a, b in self.edges)
        return Graph(tuple(nodes), tuple(edges))


class Builder:
    """A graph as it grows. A thing may be added again; what it was first said to be stays."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._nodes: dict[str, Node] = {}
        self._edges: dict[tuple[str, str], None] = {}

    def add(self, node: Node, made_of: Iterable[str] = ()) -> str:
        """Add a thing and what it was made of; returns its id."""
        self._nodes.setdefault(node.id, node)
        self._edges.update(dict.fromkeys((before, node.id) for before in made_of))
        return node.id

    def graph(self) -> Graph:
        """What there is, in the order of the stages."""
        nodes = sorted(self._nodes.values(), key=lambda node: KINDS.index(node.kind))
        order = {node.id: place for place, node in enumerate(nodes)}
        edges = sorted(self._edges, key=lambda edge: (order[edge[0]], order[edge[1]]))
        return Graph(tuple(nodes), tuple(edges))


def counted(number: int, thing: str) -> str:
    """A number of things in words."""
    return f"{number:,} {thing if number == 1 else plural(thing)}"


def plural(thing: str) -> str:
    """Several of a thing."""
    return f"{thing}es" if thing.endswith("ch") else f"{thing}s"


def printable(text: str) -> str:
    """`text` with a mark for each line break, terminal code or other character that is not for reading."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _quoted(*parts: str, line: str) -> str:
    """Lines of a label; what is quoted cannot end the quotes, open a tag or begin a line."""
    return line.join(html.escape(printable(p), quote=False).replace('"', "&quot;") for p in parts if p)
