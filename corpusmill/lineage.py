"""The graph from fetch to report, derived from manifests alone and never kept twice.

`trace` follows a ref both ways: back to the files it was made of, on to everything made from it. A graph prints itself
as text, mermaid, dot or JSON.
"""

import html
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from corpusmill.store import Store, refs
from corpusmill.types import RawFile, Run, Snapshot, Version

Kind = Literal["source", "snapshot", "version", "run", "report"]
_DOT_LINE = "\\n"
NAMED = 3  # files of one host that a drawing names; more become one node with a count


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
        depth = {kind: level for level, kind in enumerate(Kind.__args__)}  # type: ignore[attr-defined]
        facts = {node: f"  ({', '.join(node.facts)})" if node.facts else "" for node in self.nodes}
        lines = (f"{'   ' * depth[node.kind]}{node.kind} {node.id}{facts[node]}" for node in self.nodes)
        return "\n".join(map(_printable, lines))

    def mermaid(self) -> str:
        """A mermaid flow chart."""
        names = {node.id: f"n{index}" for index, node in enumerate(self.nodes)}
        # "%%{" would begin a directive, in quotes too
        labels = [_quoted(n.kind, n.id, *n.facts, line="<br/>").replace("%%", "#37;#37;") for n in self.nodes]
        lines = [f'  {names[n.id]}["{label}"]' for n, label in zip(self.nodes, labels, strict=True)]
        return "\n".join(["flowchart LR", *lines, *(f"  {names[a]} --> {names[b]}" for a, b in self.edges)])

    def dot(self) -> str:
        """A Graphviz digraph."""
        names = {node.id: f"n{index}" for index, node in enumerate(self.nodes)}
        # a backslash at the end of a label would take its closing quote along
        parts = [[part.replace("\\", "\\\\") for part in (n.kind, n.id, *n.facts)] for n in self.nodes]
        labels = [_quoted(*of_node, line=_DOT_LINE) for of_node in parts]
        lines = [f'  {names[n.id]} [label="{label}"];' for n, label in zip(self.nodes, labels, strict=True)]
        arrows = [f"  {names[a]} -> {names[b]};" for a, b in self.edges]
        return "\n".join(["digraph lineage {", "  rankdir=LR; node [shape=box];", *lines, *arrows, "}"])


def trace(store: Store, ref: str) -> Graph:
    """Everything `ref` was made of and everything made of it.

    Raises UnknownNameError for a ref that names nothing, and for a run whose version somebody removed.
    """
    found = refs.resolve(store, ref)
    versions, runs = store.versions(found.corpus), store.runs(found.corpus)
    if isinstance(found, Run):
        runs = [found]
        versions = [refs.version(store, refs.ref_of(found))]
    elif isinstance(found, Version):
        versions = [found]
    else:
        versions = [v for v in versions if v.snapshot == found.id]
    runs = [r for r in runs if any(v.id == r.version for v in versions)]
    snapshot = found if isinstance(found, Snapshot) else store.snapshot(found.corpus, versions[0].snapshot)
    return _graph(store, snapshot, versions, runs)


def _graph(store: Store, snapshot: Snapshot, versions: Sequence[Version], runs: Sequence[Run]) -> Graph:
    sources = list(_sources(snapshot.files))
    versions_by_id = {v.id: v.ref for v in versions}
    reports = {r.ref: path for r in runs if (path := store.run_folder(r.corpus, r.id) / "report.html").is_file()}
    taken = refs.ref_of(snapshot)
    return Graph(
        nodes=(
            *sources,
            Node(taken, "snapshot", (_count(len(snapshot.files), "file"), f"collected {snapshot.collected_at[:10]}")),
            *(Node(v.ref, "version", _version_facts(v)) for v in versions),
            *(Node(r.ref, "run", _run_facts(r)) for r in runs),
            *(Node(str(path), "report", ()) for path in reports.values()),
        ),
        edges=(
            *((source.id, taken) for source in sources),
            *((taken, v.ref) for v in versions),
            *((versions_by_id[r.version], r.ref) for r in runs),
            *((ref, str(path)) for ref, path in reports.items()),
        ),
    )


def _sources(files: Iterable[RawFile]) -> Iterator[Node]:
    """A node a file, or one a host where a host gave many."""
    hosts: dict[str, list[RawFile]] = defaultdict(list)
    for file in files:
        parts = urlsplit(file.url)
        hosts[parts.netloc or parts.scheme].append(file)
    for host, of_host in hosts.items():
        if len(of_host) <= NAMED:
            yield from (Node(f.url, "source", (f"{f.bytes:,} bytes", f.fetched_at[:10], f.licence)) for f in of_host)
        else:
            size = f"{sum(f.bytes for f in of_host):,} bytes"
            licences = ", ".join(sorted({f.licence for f in of_host}))
            yield Node(host, "source", (_count(len(of_host), "file"), size, of_host[0].fetched_at[:10], licences))


def _version_facts(version: Version) -> tuple[str, ...]:
    rows = sum(shard.rows for shard in version.shards)
    characters = sum(shard.characters for shard in version.shards)
    return _count(rows, "document"), _count(characters, "character"), version.licence


def _run_facts(run: Run) -> tuple[str, ...]:
    return f"{run.best['bits_per_byte']:.3f} bits per byte", f"{_count(run.parameters, 'parameter')}"


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _quoted(*parts: str, line: str) -> str:
    """Lines of a label; what is quoted cannot end the quotes, open a tag or begin a line."""
    return line.join(html.escape(_printable(p), quote=False).replace('"', "&quot;") for p in parts if p)


def _printable(text: str) -> str:
    """`text` with a mark for each line break, terminal code or other character that is not for reading."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
