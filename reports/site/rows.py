"""Rows of the lists that several pages have: versions, runs, places to go on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from corpusmill.types import Run, Version
from reports import chart, words
from reports.sections.summary import UNCOMPRESSED
from reports.site.frame import Place
from reports.site.shelf import Shelf

LISTED = 60  # rows of a list on a corpus's own page
CHAPTER = 100  # rows of a page of older ones; such a page is filled once and never changes its rows


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """One row of a list of versions."""

    href: str
    name: str
    day: str
    documents: str
    characters: str
    vocabulary: str
    left_out: str
    runs: str
    tags: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One row of a list of runs."""

    href: str
    id: str
    version: str
    version_href: str  # empty where the version is gone
    day: str
    time: str
    parameters: str
    bits: str
    picture: Markup
    best: bool
    report: str  # the way to its report; empty for none


def version_row(shelf: Shelf, version: Version) -> VersionRow:
    """What a list says of a version; ways lead from the corpus's folder."""
    snapshot = shelf.snapshot(version.snapshot)
    vocabulary = version.stats.get("vocabulary", {})
    return VersionRow(
        href=f"{version.name}.html",
        name=f"v{version.number}",
        day=words.day(snapshot.collected_at) if snapshot else "snapshot gone",
        documents=words.count(rows_of(version)),
        characters=words.about(characters_of(version)),
        vocabulary=words.count(len(vocabulary.get("total", ()))),
        left_out=words.count(version.parsed - rows_of(version)),
        runs=words.count(len(shelf.runs_of(version))),
        tags=", ".join(shelf.tags_of(version)),
    )


def run_row(shelf: Shelf, run: Run, best: Run | None = None, up: str = "") -> RunRow:
    """What a list says of a run; `up` leads to the corpus's folder."""
    version, bits = shelf.version(run.version), bits_of(run)
    return RunRow(
        href=f"{up}{run_page(run)}",
        id=run.id,
        version=run.version_ref.partition("@")[2] or run.version_ref,
        version_href=f"{up}{version.name}.html" if version else "",
        day=words.day(str(run.clock.get("started_at", ""))),
        time=words.duration(number(run.clock.get("seconds"))),
        parameters=words.about(run.parameters),
        bits=f"{bits:.3f}",
        picture=chart.bar(bits / UNCOMPRESSED, "ours" if run is best else "plainly"),
        best=run is best,
        report=f"{up}{report_page(run)}" if run.id in shelf.reports else "",
    )


def best_of(runs: Sequence[Run]) -> Run | None:
    """The run that needs the fewest bits per byte; of equals the first."""
    return min(runs, key=bits_of) if runs else None


def chapters(kind: str, number_of: int) -> tuple[Place, ...]:
    """The pages of all of a list, from the first on, where its corpus's page does not hold it whole."""
    if number_of <= LISTED:
        return ()
    starts = range(0, number_of, CHAPTER)
    return tuple(
        Place(f"{start + 1} to {min(start + CHAPTER, number_of)}", f"{kind}-{index:04}.html")
        for index, start in enumerate(starts, 1)
    )


def run_page(run: Run) -> str:
    """Where in its corpus's folder the page of a run is."""
    return f"runs/{run.id}.html"


def report_page(run: Run) -> str:
    """Where in its corpus's folder the copy of a run's report is."""
    return f"runs/{run.id}-report.html"


def rows_of(version: Version) -> int:
    """How many documents a version keeps."""
    return sum(shard.rows for shard in version.shards)


def characters_of(version: Version) -> int:
    """How many characters a version has."""
    return sum(shard.characters for shard in version.shards)


def bits_of(run: Run) -> float:
    """Its best bits per byte on the validation split."""
    return number(run.best.get("bits_per_byte"))


def number(value: Any) -> float:
    """A figure from a table of figures; 0 where there is none."""
    return float(value) if isinstance(value, int | float) else 0.0
