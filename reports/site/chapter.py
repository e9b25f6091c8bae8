"""A page of older versions or runs of a corpus that has more of them than its own page lists."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.site.frame import Frame, Place, render
from reports.site.rows import RunRow, VersionRow
from reports.site.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Chapter:
    """Rows of a list, and the pages that hold the others."""

    name: str
    title: str
    kind: str  # "versions" or "runs"
    rows: Sequence[VersionRow] | Sequence[RunRow]
    places: tuple[Place, ...]


def page(
    shelf: Shelf, kind: str, rows: Sequence[VersionRow] | Sequence[RunRow], here: Place, places: tuple[Place, ...]
) -> bytes:
    """Rows -> the page that lists them; `here` is that page among `places`."""
    title = f"{kind.capitalize()} {here.name} of {shelf.title}"
    frame = Frame(title=title, crumbs=(Place("All corpora", "../../index.html"), Place(shelf.title, "index.html")))
    others = tuple(place for place in places if place != here)
    return render("chapter-page.html", frame, Chapter(shelf.name, title, kind, rows, others))
