"""Which pages a site has, what each is made from, and how to make it.

A page's key is a digest of all that decides its bytes: manifests, the code, the templates. Equal key, equal page: so a
page that is there need not be made again, and making it is put off until somebody asks.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from corpusmill.diff import diff
from corpusmill.store import Store, pins
from corpusmill.store.ids import code_digest, content_id, file_sha256
from corpusmill.types import Run, Version
from reports.site import catalogue, chapter, corpus, lineages, run, version
from reports.site.changes import changes
from reports.site.frame import templates_digest
from reports.site.rows import CHAPTER, best_of, chapters, report_page, run_page, run_row, version_row
from reports.site.shelf import Shelf, report_of, shelves


@dataclass(frozen=True, slots=True)
class Page:
    """One file of a site."""

    path: str  # below the site's folder, with forward slashes
    key: str
    make: Callable[[], bytes]


def plan(store: Store) -> list[Page]:
    """Every page of the site of a store, the first page first. Raises CorruptError for a damaged manifest."""
    known = list(shelves(store))
    told = catalogue.gathered(known)
    first = Page("index.html", _key(told), partial(catalogue.page, told))
    return [first, *(page for shelf in known if shelf.stored for page in _of_corpus(store, shelf))]


def _of_corpus(store: Store, shelf: Shelf) -> Iterator[Page]:
    yield Page(f"corpora/{shelf.name}/index.html", _key(shelf), partial(_corpus, store, shelf))
    yield from _chapters(shelf)
    for number, one in enumerate(shelf.versions):
        around = [v.number for v in (*shelf.versions[max(0, number - 1) : number], *shelf.versions[number + 1 :][:1])]
        yield _version(store, shelf, one, around)
    for trained in shelf.runs:
        yield from _run(store, shelf, trained)


def _corpus(store: Store, shelf: Shelf) -> bytes:
    return corpus.page(shelf, lineages.of_corpus(store, shelf), lineages.pages(shelf, ""))


def _chapters(shelf: Shelf) -> Iterator[Page]:
    """Pages of all versions and of all runs, where the corpus's own page does not hold them."""
    places, best = chapters("versions", len(shelf.versions)), best_of(shelf.runs)
    for index, place in enumerate(places):
        rows = [version_row(shelf, one) for one in shelf.versions[index * CHAPTER :][:CHAPTER]]
        make = partial(chapter.page, shelf, "versions", rows, place, places)
        yield Page(f"corpora/{shelf.name}/{place.href}", _key([shelf.title, places, rows]), make)
    places = chapters("runs", len(shelf.runs))
    for index, place in enumerate(places):
        mine = shelf.runs[index * CHAPTER :][:CHAPTER]
        runs = [run_row(shelf, one, best) for one in mine]
        told = [(one, one is best, one.id in shelf.reports, shelf.version(one.version) is not None) for one in mine]
        make = partial(chapter.page, shelf, "runs", runs, place, places)
        yield Page(f"corpora/{shelf.name}/{place.href}", _key([shelf.title, places, told]), make)


def _version(store: Store, shelf: Shelf, one: Version, around: list[int]) -> Page:
    """A version's page is made from what it is, what it was made after, and what learnt from it."""
    before = shelf.version(one.parent)
    runs = [(trained, trained.id in shelf.reports) for trained in shelf.runs_of(one)]
    parent = (before.ref, before.content, before.build_key) if before else None
    key = _key([shelf.title, one, shelf.snapshot(one.snapshot), parent, around, runs, shelf.tags_of(one)])

    def make() -> bytes:
        ways = lineages.pages(shelf, "")
        with _held(store, one, before):
            found = changes(diff(store, before, one)) if before else None
            return version.page(store, shelf, one, lineages.of_version(store, shelf, one), ways, found)

    return Page(f"corpora/{shelf.name}/{one.name}.html", key, make)


def _run(store: Store, shelf: Shelf, trained: Run) -> Iterator[Page]:
    """A run's page, and its report as it lies in the store."""
    learnt_from = shelf.version(trained.version)
    snapshot = shelf.snapshot(learnt_from.snapshot) if learnt_from else None
    reported = trained.id in shelf.reports

    def make() -> bytes:
        ways = lineages.pages(shelf, "../")
        with _held(store, trained, learnt_from):
            return run.page(store, shelf, trained, lineages.of_run(store, shelf, trained), ways)

    key = _key([shelf.title, trained, learnt_from, snapshot, reported])
    yield Page(f"corpora/{shelf.name}/{run_page(trained)}", key, make)
    if reported:
        report = report_of(store, trained)
        yield Page(f"corpora/{shelf.name}/{report_page(trained)}", file_sha256(report), report.read_bytes)


@contextmanager
def _held(store: Store, *things: Version | Run | None) -> Iterator[None]:
    """Keep what a page is made from as it is while it is read; what is gone already is None."""
    with ExitStack() as reading:
        for thing in things:
            if thing:
                reading.enter_context(pins.held(store, thing))
        yield


def _key(made_of: Any) -> str:
    return content_id(
        [made_of, templates_digest(), code_digest("reports", "corpusmill.lineage", "corpusmill.diff")], 32
    )
