"""What of a text stands word for word in the training split of a version, and where that was fetched.

    found = trace(store, version, "And God said, Let there be light")
    found.matches[0].url, found.matches[0].fetched_at, found.matches[0].licence
    found.novelty                           # of its runs of 5 to 50 characters, the share that is nowhere in train

A match lies inside one document; white space, case and marks count as they stand. Matches do not overlap: the longest
is taken first, then the longest in what is left (`search.cover`). Of several places with the same words the first in
the order of shards and rows is named, and their number told.

Novelty is the n-novelty of Merrill, Smith and Elazar 2024 (arXiv:2406.13069), after RAVEN (McCoy et al. 2021,
arXiv:2111.09509): the share of the n-grams written that are not in the training data. Here n counts characters.

It reads stored things alone: shards, manifests, and the sorted texts of `index`, which it makes when they are first
needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from corpusmill.errors import UsageError
from corpusmill.lineage.provenance import Provenance, provenance
from corpusmill.store import Store, pins, refs
from corpusmill.trace.finder import LIMIT, MINIMUM, SIZES, Finder, Findings, Found, Place, rows
from corpusmill.trace.search import Novelty, pooled
from corpusmill.types import Progress, Run, Version, silent

__all__ = ["SIZES", "Finder", "Findings", "Found", "Match", "Novelty", "Place", "Trace", "pooled", "rows", "trace"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Words of a text that are in a training document, and the fetch that brought them."""

    start: int  # characters `start` to `end` of the text
    end: int
    text: str
    times: int  # places in the training split that have them
    document: str  # id of the first that does
    title: str
    offset: int  # characters of the document before them
    source: str
    url: str
    fetched_at: str
    status: int
    sha256: str  # of the body that was fetched
    robots: str
    licence: str
    snapshot: str  # ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What of a text was in the training split, and what was not."""

    version: str  # ref
    characters: int  # of the text
    minimum: int  # characters of the shortest match
    matches: tuple[Match, ...]  # the longest first, as many as were asked for
    matches_in_all: int
    covered: int  # characters of the text that are in a match
    novelty: tuple[Novelty, ...]


def trace(
    store: Store,
    thing: Run | Version,
    text: str,
    *,
    minimum: int = MINIMUM,
    limit: int = LIMIT,
    progress: Progress = silent,
) -> Trace:
    """Look for a text in the training split that a run learnt from, or in that of a version.

    `limit` is how many matches are told, 0 for all. Raises UsageError for an empty text or a senseless number,
    UnknownNameError for a run whose version is gone, CorruptError for damage, StoreError.
    """
    version = refs.version(store, thing.ref)
    if not text:
        raise UsageError("there is no text to trace", "give some words, or - to read standard input")
    if minimum < 1 or limit < 0:
        raise UsageError(f"minimum={minimum}, limit={limit}", "minimum is 1 or more, limit 0 or more")
    with pins.held(store, version):
        findings = Finder.open(store, version, progress).find(text, minimum=minimum, limit=limit, progress=progress)
        matches = tuple(_matches(store, version, text, findings.found))
    return Trace(
        version=version.ref,
        characters=len(text),
        minimum=minimum,
        matches=matches,
        matches_in_all=findings.matches,
        covered=findings.covered,
        novelty=findings.novelty,
    )


def _matches(store: Store, version: Version, text: str, found: Sequence[Found]) -> list[Match]:
    ids = [row["id"] for row in rows(store, version, [one.place for one in found], ["id"])]
    origins = {origin.id: origin for origin in provenance(store, version, set(ids))} if ids else {}
    return [_match(text, one, origins[id_]) for one, id_ in zip(found, ids, strict=True)]


def _match(text: str, found: Found, origin: Provenance) -> Match:
    start, end = found.stretch.start, found.stretch.end
    return Match(
        start=start,
        end=end,
        text=text[start:end],
        times=found.times,
        document=origin.id,
        title=origin.title,
        offset=found.place.offset,
        source=origin.source,
        url=origin.url,
        fetched_at=origin.fetched_at,
        status=origin.status,
        sha256=origin.sha256,
        robots=origin.robots,
        licence=origin.licence,
        snapshot=origin.snapshot,
    )
