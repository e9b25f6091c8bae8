"""The lineages that a site draws, put together of the same stages as `corpusmill lineage` prints.

Built from what is read already: asking for each by its ref would read every manifest of a corpus once for each page.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from corpusmill.lineage import Graph, stages
from corpusmill.lineage.graph import Builder
from corpusmill.store import Store
from corpusmill.types import Run, Version
from reports.site.rows import report_page, run_page
from reports.site.shelf import Shelf, report_of

RECENT = 6  # versions in the lineage of a corpus


def of_corpus(store: Store, shelf: Shelf) -> Graph | None:
    """Its latest versions; None where there is none with a snapshot."""
    versions = shelf.versions[-RECENT:]
    return _graph(store, shelf, versions, [run for version in versions for run in shelf.runs_of(version)])


def of_version(store: Store, shelf: Shelf, version: Version) -> Graph | None:
    """A version, what it was made of and all that was made of it; None where its snapshot is gone."""
    return _graph(store, shelf, [version], shelf.runs_of(version))


def of_run(store: Store, shelf: Shelf, run: Run) -> Graph | None:
    """A run back to the fetches; None where its version or the snapshot of that is gone."""
    version = shelf.version(run.version)
    return _graph(store, shelf, [version], [run]) if version else None


def pages(shelf: Shelf, up: str) -> dict[str, str]:
    """Node -> the way to the page about it; `up` leads to the corpus's folder."""
    versions = {version.ref: f"{up}{version.name}.html" for version in shelf.versions}
    runs = {run.ref: f"{up}{run_page(run)}" for run in shelf.runs}
    reports = {_report(run): f"{up}{report_page(run)}" for run in shelf.runs if run.id in shelf.reports}
    return versions | runs | reports


def _graph(store: Store, shelf: Shelf, versions: Sequence[Version], runs: Iterable[Run]) -> Graph | None:
    builder = Builder()
    made: dict[str, str] = {}
    for version in versions:
        if taken := shelf.snapshot(version.snapshot):
            collected = stages.snapshot(builder, taken, taken.files)
            made[version.id] = stages.version(builder, version, [stages.documents(builder, version, [collected])])
    here: dict[str, str] = {}
    for run in runs:
        if run.version in made:
            stages.run(builder, store, run, [made[run.version]])
            here[str(report_of(store, run))] = _report(run)
    return _renamed(builder.graph(), here) if made else None


def _renamed(graph: Graph, names: dict[str, str]) -> Graph:
    """With reports under a ref instead of where they lie on this machine, which is nobody's business."""
    nodes = tuple(replace(node, id=names.get(node.id, node.id)) for node in graph.nodes)
    return Graph(nodes, tuple((names.get(a, a), names.get(b, b)) for a, b in graph.edges))


def _report(run: Run) -> str:
    return f"{run.ref}/report.html"
