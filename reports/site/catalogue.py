"""The first page: every corpus of the store, and those of the catalogue that nobody has collected here yet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reports import words
from reports.sections.summary import Figure
from reports.site.frame import Frame, Place, render
from reports.site.rows import best_of, bits_of, characters_of, rows_of
from reports.site.shelf import Shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """A row of what the store has."""

    href: str
    name: str
    title: str
    licence: str
    version: str  # empty for none
    documents: str
    characters: str
    runs: str
    bits: str  # of the best run on the split it was scored on; empty for none
    refreshed: str
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """A row of what can be collected."""

    name: str
    title: str
    about: str
    licence: str
    size: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The first page."""

    figures: tuple[Figure, ...]
    here: tuple[Here, ...]
    elsewhere: tuple[Elsewhere, ...]


def gathered(shelves: Sequence[Shelf]) -> Catalogue:
    """Every corpus -> what the first page says."""
    stored = [shelf for shelf in shelves if shelf.stored]
    rest = [shelf for shelf in shelves if not shelf.stored]
    return Catalogue(
        figures=tuple(_figures(stored)), here=tuple(map(_here, stored)), elsewhere=tuple(map(_elsewhere, rest))
    )


def page(told: Catalogue) -> bytes:
    """What the first page says -> the page."""
    sections = [Place("Collected here", "here"), *([Place("Not collected yet", "elsewhere")] if told.elsewhere else [])]
    return render("catalogue-page.html", Frame(title="Corpora and models", crumbs=(), sections=tuple(sections)), told)


def _figures(shelves: Sequence[Shelf]) -> Iterator[Figure]:
    latest = [shelf.latest for shelf in shelves if shelf.latest]
    runs = [run for shelf in shelves for run in shelf.runs]
    versions = sum(len(shelf.versions) for shelf in shelves)
    licences = {shelf.licence for shelf in shelves}
    seconds = sum(float(run.clock.get("seconds", 0)) for run in runs)
    yield Figure(words.count(len(shelves)), "corpora", f"under {words.count(len(licences), 'licence')}")
    yield Figure(words.count(versions), "versions", "each immutable, each named by a digest")
    yield Figure(words.about(sum(map(rows_of, latest))), "documents", "in the latest version of each")
    yield Figure(words.about(sum(map(characters_of, latest))), "characters", "in the same")
    yield Figure(words.count(len(runs)), "trained models", f"{words.duration(seconds)} of training")
    files = sum(len(shelf.snapshots[-1].files) for shelf in shelves if shelf.snapshots)
    yield Figure(words.about(files), "files fetched", "in the latest snapshot of each")


def _here(shelf: Shelf) -> Here:
    best = best_of(shelf.runs)
    return Here(
        href=f"corpora/{shelf.name}/index.html",
        name=shelf.name,
        title=shelf.title,
        licence=shelf.licence,
        version=f"v{shelf.latest.number}" if shelf.latest else "",
        documents=words.count(rows_of(shelf.latest)) if shelf.latest else "",
        characters=words.about(characters_of(shelf.latest)) if shelf.latest else "",
        runs=words.count(len(shelf.runs)),
        bits=f"{bits_of(best):.3f}" if best else "",
        refreshed=words.day(shelf.refreshed()),
        held=bool(shelf.held),
    )


def _elsewhere(shelf: Shelf) -> Elsewhere:
    known = shelf.declared
    return Elsewhere(
        name=shelf.name,
        title=shelf.title,
        about=known.about if known else "",
        licence=shelf.licence,
        size=known.size if known else "",
    )
