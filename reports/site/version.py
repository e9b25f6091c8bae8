"""A version: what is in it, what changed, what was left out, where it came from, what learnt from it."""

from collections.abc import Iterator
from dataclasses import dataclass

from corpusmill.lineage import Graph
from corpusmill.store import Store, shards
from corpusmill.types import SPLITS, Shard, Snapshot, Version
from reports import words
from reports.material import stats_of
from reports.sections import corpus, dropped, lineage
from reports.sections.again import flat, toml
from reports.sections.corpus import CorpusFacts
from reports.sections.dropped import Dropped
from reports.sections.lineage import Fetch
from reports.site.changes import Changes
from reports.site.drawing import Drawing, drawing
from reports.site.frame import Frame, Place, render
from reports.site.measures import Sheet, Vocabulary, sheets, vocabulary
from reports.site.rows import RunRow, best_of, characters_of, rows_of, run_row
from reports.site.shelf import Shelf

TEXTS = 2  # documents shown of a split
FETCHES = 12

Pairs = tuple[tuple[str, str], ...]
Cells = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A document of the version, as it is to be shown."""

    split: str
    title: str
    source: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionPage:
    """What the template sets out; `corpus` and `dropped` are sections that reports have too."""

    ref: str
    id: str
    folder: str
    lead: str
    tags: tuple[str, ...]
    removals: Cells
    corpus: CorpusFacts
    vocabulary: Vocabulary
    measures: tuple[Sheet, ...]
    texts: tuple[Text, ...]
    changes: Changes | None
    parent: Place | None
    lineage: Drawing | None
    fetches: tuple[Fetch, ...]
    unlisted_fetches: int
    dropped: Dropped
    runs: tuple[RunRow, ...]
    shards: Cells
    spec: Pairs
    made_by: Pairs


def page(
    store: Store, shelf: Shelf, version: Version, graph: Graph | None, pages: dict[str, str], changes: Changes | None
) -> bytes:
    """A version -> its page. Raises CorruptError for a shard or a ledger that is not what it was."""
    snapshot, folder = shelf.snapshot(version.snapshot), store.version_folder(version)
    stats, runs, before = stats_of(version, store), shelf.runs_of(version), shelf.version(version.parent)
    told = VersionPage(
        ref=version.ref,
        id=version.id,
        folder=f"{version.corpus}/versions/{version.name}",
        lead=_lead(version, snapshot),
        tags=shelf.tags_of(version),
        removals=tuple((words.day(r.at), r.reason, words.count(r.documents, "document")) for r in version.removals),
        corpus=corpus.of_version(version, stats, snapshot.origin if snapshot else "", None),
        vocabulary=vocabulary(version.stats),
        measures=sheets(version.stats),
        texts=tuple(_texts(store, version)),
        changes=changes,
        parent=Place(before.ref, f"{before.name}.html") if before else None,
        lineage=drawing(graph, pages, f"From fetch to report: {version.ref}") if graph else None,
        fetches=lineage.fetches(snapshot.files[:FETCHES]) if snapshot else (),
        unlisted_fetches=max(0, len(snapshot.files) - FETCHES) if snapshot else 0,
        dropped=dropped.of_version(version, shards.drops_of(folder, version) if version.drops else []),
        runs=tuple(run_row(shelf, run, best_of(runs)) for run in runs),
        shards=tuple(_shard(shard) for shard in version.shards),
        spec=tuple((name, toml(value)) for name, value in flat(version.spec)),
        made_by=tuple(_made_by(version)),
    )
    return render("version-page.html", _frame(shelf, version), told)


def _frame(shelf: Shelf, version: Version) -> Frame:
    place = [v.id for v in shelf.versions].index(version.id)
    around = []
    if place:
        around.append(Place(f"← v{shelf.versions[place - 1].number}", f"{shelf.versions[place - 1].name}.html"))
    if after := shelf.versions[place + 1 : place + 2]:
        around.append(Place(f"v{after[0].number} →", f"{after[0].name}.html"))
    named = ("corpus", "changes", "measures", "texts", "lineage", "left-out", "models", "files")
    titles = ("What is in it", "Changes", "Measures", "Documents", "Lineage", "Left out", "Models", "Files")
    return Frame(
        title=f"{version.ref} – {version.title}",
        crumbs=(Place("All corpora", "../../index.html"), Place(shelf.title, "index.html")),
        sections=tuple(map(Place, titles, named)),
        around=tuple(around),
    )


def _lead(version: Version, snapshot: Snapshot | None) -> str:
    out = version.parsed - rows_of(version)
    collected = f", collected {words.day(snapshot.collected_at)}" if snapshot else ""
    size = f"{words.count(rows_of(version), 'document')} of {words.about(characters_of(version))} characters"
    return f"{size}{collected}. {words.count(out, 'document was', 'documents were') if out else 'None was'} left out."


def _texts(store: Store, version: Version) -> Iterator[Text]:
    """The first documents of each split."""
    folder = store.version_folder(version)
    for split in SPLITS:
        shard = next((one for one in version.shards if one.split == split and one.rows), None)
        if shard:
            table = shards.read(folder, shard, ["title", "source", "text"]).slice(0, TEXTS)
            yield from (Text(split, **row) for row in table.to_pylist())


def _shard(shard: Shard) -> tuple[str, ...]:
    figures = words.count(shard.rows), words.count(shard.characters), words.size(shard.bytes)
    return shard.path, shard.split, *figures, shard.sha256


def _made_by(version: Version) -> Iterator[tuple[str, str]]:
    yield "version", version.id
    yield "snapshot", version.snapshot
    yield "inputs", version.build_key
    yield "code", version.code_digest
    yield from sorted(version.libraries.items())
