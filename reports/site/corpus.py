"""A corpus: its versions over time, its runs, where it comes from, what it may be used for and what it cost."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from corpusmill.lineage import Graph
from corpusmill.types import RawFile, Snapshot, Version
from reports import chart, words
from reports.chart import Column
from reports.sections.lineage import host
from reports.sections.summary import Figure
from reports.site.drawing import Drawing, drawing
from reports.site.frame import Frame, Place, render
from reports.site.rows import (
    LISTED,
    RunRow,
    VersionRow,
    best_of,
    bits_of,
    chapters,
    characters_of,
    number,
    rows_of,
    run_row,
    version_row,
)
from reports.site.shelf import Shelf

DRAWN = 48  # versions in a chart over time
FEWEST = 3  # of which a chart says more than the list
SHOWN = 20  # hosts, and snapshots


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture and what it shows."""

    name: str
    picture: Markup


@dataclass(frozen=True, slots=True)
class Host:
    """Where files of the latest snapshot came from."""

    name: str
    files: str
    size: str
    day: str
    robots: str
    licences: str


@dataclass(frozen=True, slots=True)
class Taken:
    """One snapshot."""

    id: str
    day: str
    files: str
    size: str
    new: str  # files whose content the one before it had not


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusPage:
    """What the template sets out."""

    shelf: Shelf
    about: str
    note: str
    personal: str
    language: str
    origin: str
    refreshed: str
    figures: tuple[Figure, ...]
    versions: tuple[VersionRow, ...]
    more_versions: tuple[Place, ...]
    charts: tuple[Chart, ...]
    runs: tuple[RunRow, ...]
    more_runs: tuple[Place, ...]
    hosts: tuple[Host, ...]
    unlisted_hosts: int
    snapshots: tuple[Taken, ...]
    unlisted_snapshots: int
    cost: tuple[tuple[str, str], ...]
    lineage: Drawing | None


def page(shelf: Shelf, graph: Graph | None, pages: dict[str, str]) -> bytes:
    """A corpus -> its page; `graph` is the lineage of its latest version, `pages` the ways to pages about its nodes."""
    known = shelf.latest or shelf.declared
    hosts = _hosts(shelf.snapshots[-1].files) if shelf.snapshots else []
    best = best_of(shelf.runs)
    told = CorpusPage(
        shelf=shelf,
        about=known.about if known else "",
        note=known.licence_note if known else "",
        personal=known.personal_data if known else "",
        language=known.language if known else "",
        origin=shelf.snapshots[-1].origin if shelf.snapshots else "",
        refreshed=words.day(shelf.refreshed()),
        figures=tuple(_figures(shelf)),
        versions=tuple(version_row(shelf, version) for version in reversed(shelf.versions[-LISTED:])),
        more_versions=chapters("versions", len(shelf.versions)),
        charts=tuple(_charts(shelf.versions[-DRAWN:])),
        runs=tuple(run_row(shelf, run, best) for run in reversed(shelf.runs[-LISTED:])),
        more_runs=chapters("runs", len(shelf.runs)),
        hosts=tuple(hosts[:SHOWN]),
        unlisted_hosts=len(hosts[SHOWN:]),
        snapshots=tuple(_snapshots(shelf.snapshots)),
        unlisted_snapshots=max(0, len(shelf.snapshots) - SHOWN),
        cost=tuple(_cost(shelf)),
        lineage=drawing(graph, pages, f"From fetch to report: {shelf.name}") if graph else None,
    )
    frame = Frame(
        title=f"{shelf.title} – corpus",
        crumbs=(Place("All corpora", "../../index.html"),),
        sections=(Place("Versions", "versions"), Place("Models", "models"), Place("Sources", "sources")),
    )
    return render("corpus-page.html", frame, told)


def _figures(shelf: Shelf) -> Iterator[Figure]:
    best, latest = best_of(shelf.runs), shelf.latest
    yield Figure(
        words.count(len(shelf.versions)), "versions", f"the latest is v{latest.number}" if latest else "none yet"
    )
    if latest:
        yield Figure(words.about(rows_of(latest)), "documents", f"{words.about(characters_of(latest))} characters")
    says = f"run {best.id}, on its validation split" if best else "no model yet"
    yield Figure(f"{bits_of(best):.3f}" if best else "–", "bits per byte at best", says)


def _charts(versions: Sequence[Version]) -> Iterator[Chart]:
    """How the versions grew, if there are enough of them."""
    if len(versions) < FEWEST or not all(map(characters_of, versions)):
        return
    yield Chart("Documents", _over_time("documents-over-time", versions, [rows_of(version) for version in versions]))
    sizes = [characters_of(version) for version in versions]
    yield Chart("Characters", _over_time("characters-over-time", versions, sizes))


def _over_time(name: str, versions: Sequence[Version], heights: Sequence[int]) -> Markup:
    what = name.partition("-")[0]
    bars = [Column(f"v{v.number}", high, words.about(high)) for v, high in zip(versions, heights, strict=True)]
    said = f"{what.capitalize()} from {bars[0].label}, {bars[0].says}, to {bars[-1].label}, {bars[-1].says}."
    return chart.columns(name, bars, {"title": f"{what.capitalize()} by version", "description": said, "x": "version"})


def _hosts(files: Sequence[RawFile]) -> list[Host]:
    """Where files came from, the largest first."""
    groups: dict[str, list[RawFile]] = defaultdict(list)
    for file in files:
        groups[host(file.url)].append(file)
    ranked = sorted(groups.items(), key=lambda item: (-sum(file.bytes for file in item[1]), item[0]))
    return [_host(name, of_host) for name, of_host in ranked]


def _host(name: str, files: Sequence[RawFile]) -> Host:
    return Host(
        name=name,
        files=words.count(len(files)),
        size=words.size(sum(file.bytes for file in files)),
        day=words.day(max(file.fetched_at for file in files)),
        robots=words.listed(sorted({file.robots for file in files})),
        licences=words.listed(sorted({file.licence for file in files if file.licence})),
    )


def _snapshots(snapshots: Sequence[Snapshot]) -> Iterator[Taken]:
    """The newest first, each with how much of it the one before had not."""
    before = dict(zip((s.id for s in snapshots[1:]), snapshots, strict=False))
    for snapshot in reversed(snapshots[-SHOWN:]):
        had = {file.sha256 for file in before[snapshot.id].files} if snapshot.id in before else set()
        yield Taken(
            id=snapshot.id,
            day=words.day(snapshot.collected_at),
            files=words.count(len(snapshot.files)),
            size=words.size(sum(file.bytes for file in snapshot.files)),
            new=words.count(sum(file.sha256 not in had for file in snapshot.files)),
        )


def _cost(shelf: Shelf) -> Iterator[tuple[str, str]]:
    """What getting and learning it took, as far as the manifests say."""
    bodies = {file.sha256: file.bytes for snapshot in shelf.snapshots for file in snapshot.files}
    yield "Different bodies kept", f"{words.count(len(bodies))}, {words.size(sum(bodies.values()))} uncompressed"
    yield "Shards of the latest version", words.size(sum(s.bytes for s in shelf.latest.shards) if shelf.latest else 0)
    if shelf.runs:
        yield "Training, by the clock", words.duration(sum(number(run.clock.get("seconds")) for run in shelf.runs))
        yield "Training, processor time", words.duration(sum(number(r.clock.get("cpu_seconds")) for r in shelf.runs))
