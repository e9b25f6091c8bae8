"""What there is: corpora, versions, show, lineage. All from TOMLs and manifests; nothing heavy is imported."""

from collections import Counter
from typing import Annotated, Any

import msgspec
import typer

from corpusmill import lineage as graphs
from corpusmill import spec
from corpusmill.cli.console import emit, table
from corpusmill.cli.settings import JsonOption, StoreOption, open_store
from corpusmill.errors import UnknownNameError, UsageError
from corpusmill.store import Store, refs, sweeps, tags
from corpusmill.types import Run, Snapshot, Version

_WHAT = "A ref, a sample's or report's path, the address of a raw file, a SHA-256, the id of a document."
Ref = Annotated[str, typer.Argument(metavar="REF", help="bible, bible@v3, bible/runs/ID, or the start of an id.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog="Example: corpusmill corpora --json")(corpora)
    app.command(epilog="Example: corpusmill versions bible")(versions)
    app.command(epilog="Example: corpusmill show bible@v1")(show)
    app.command(epilog="Example: corpusmill lineage bible --mermaid")(lineage)


def corpora(store: StoreOption = None, as_json: JsonOption = False) -> None:
    """List the catalogue, and your own corpora in the store."""
    opened = open_store(store)
    listed = [_entry(name, opened) for name in sorted({*spec.names(), *opened.corpora()})]
    keys = ("name", "title", "size", "licence", "version", "refreshed")
    rows = [[entry[key] or "-" for key in keys] for entry in listed]
    for row, entry in zip(rows, listed, strict=True):
        row[-1] += "  held: look at it, then collect --accept" if entry["held"] else ""
    emit({"corpora": listed}, table(rows, [key.upper() for key in keys]), as_json=as_json)


def versions(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A corpus.")],
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the versions of a corpus and the runs made from each."""
    opened = open_store(store)
    found = opened.versions(name)
    if not found:
        known = sorted({*spec.names(), *opened.corpora()})
        hint = f"build one: corpusmill build {name}" if name in known else spec.nearest(name, known, "corpora")
        raise UnknownNameError(f"{name} has no version in {opened.place}", hint)
    runs = Counter(run.version for run in opened.runs(name))
    tagged = tags.of(opened, name)
    listed = [_version_entry(v, runs[v.id], [tag for tag, n in tagged.items() if n == v.number]) for v in found]
    rows = [[" ".join(cell) if isinstance(cell, list) else cell for cell in entry.values()] for entry in listed]
    text = table(rows, [key.upper() for key in listed[0]])
    emit({"corpus": name, "versions": listed}, text, as_json=as_json)


def show(ref: Ref, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Show what a snapshot, version or run is."""
    opened = open_store(store)
    found = refs.resolve(opened, ref)
    value = msgspec.to_builtins(found)
    emit({"ref": refs.ref_of(found), **value}, _described(found, opened), as_json=as_json)


def lineage(
    what: Annotated[str, typer.Argument(metavar="WHAT", help=_WHAT)],
    mermaid: Annotated[bool, typer.Option("--mermaid", help="As a mermaid flow chart.")] = False,
    dot: Annotated[bool, typer.Option("--dot", help="As a Graphviz digraph.")] = False,
    rows: Annotated[int, typer.Option(min=0, help="Instead: the fetches of so many documents of a version.")] = 0,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a thing was made of and what was made of it."""
    if mermaid + dot + as_json > 1:
        raise UsageError("--mermaid, --dot and --json are three ways to print", "give one of them")
    if rows and (mermaid or dot):
        raise UsageError("--rows makes a list, --mermaid and --dot draw", "give one of them")
    opened = open_store(store)
    if rows:
        _fetches(opened, refs.version(opened, what), rows, as_json=as_json)
        return
    graph = graphs.trace(opened, what)
    text = graph.mermaid() if mermaid else graph.dot() if dot else graph.text()
    emit(graph, text, as_json=as_json)


def _fetches(store: Store, version: Version, count: int, *, as_json: bool) -> None:
    """Where documents came from, one line each."""
    found = list(graphs.provenance(store, version, graphs.sample(store, version, count)))
    lines = [[p.id, p.split, p.fetched_at, p.status, p.sha256[:12], p.robots, p.licence, p.source] for p in found]
    header = ("ID", "SPLIT", "FETCHED", "STATUS", "SHA256", "ROBOTS", "LICENCE", "SOURCE")
    text = table([[graphs.printable(str(cell)) for cell in line] for line in lines], header)
    emit({"version": version.ref, "rows": found}, text, as_json=as_json)


def _entry(name: str, store: Store) -> dict[str, Any]:
    """One row of the catalogue; an own corpus is described by what the store knows."""
    version, snapshot = store.latest_version(name), store.latest_snapshot(name)
    declared = spec.load(name) if name in spec.names() else None
    known = declared or version
    return {
        "name": name,
        "title": known.title if known else name,
        "size": declared.size if declared else "",
        "licence": known.licence if known else "",
        "version": version.ref if version else "",
        "refreshed": (store.latest(name, "checked") or snapshot.collected_at)[:10] if snapshot else "",
        "held": store.latest(name, "held") or "",
    }


def _version_entry(version: Version, runs: int, tagged: list[str]) -> dict[str, Any]:
    return {
        "version": version.ref,
        "id": version.id,
        "documents": sum(shard.rows for shard in version.shards),
        "characters": sum(shard.characters for shard in version.shards),
        "dropped": sum(version.drops.values()),
        "split": version.spec.get("split", {}).get("scheme", "document"),
        "runs": runs,
        "snapshot": version.snapshot,
        "tags": tagged,
    }


def _described(thing: refs.Thing, store: Store) -> str:
    """The facts of one thing, a line each."""
    return "\n".join(f"{name:<12} {value}" for name, value in _FACTS[type(thing)](thing, store))


def _snapshot_facts(snapshot: Snapshot, _store: Store) -> list[tuple[str, object]]:
    size = sum(file.bytes for file in snapshot.files)
    return [
        ("snapshot", refs.ref_of(snapshot)),
        ("origin", snapshot.origin),
        ("collected", snapshot.collected_at),
        ("files", f"{len(snapshot.files):,} ({size:,} bytes)"),
        *(("", f"{f.status} {f.sha256[:12]} {f.bytes:>11,}  {f.url}") for f in snapshot.files),
    ]


def _version_facts(version: Version, store: Store) -> list[tuple[str, object]]:
    return [
        ("version", f"{version.ref}  (id {version.id})"),
        ("folder", f"{store.place}/{version.corpus}/versions/{version.name}"),
        ("title", version.title),
        ("licence", f"{version.licence}  {version.licence_note}".strip()),
        *([("personal", version.personal_data)] if version.personal_data else []),
        ("snapshot", version.snapshot),
        ("spec", msgspec.json.encode(version.spec).decode()),
        *(
            ("shard", f"{s.split:<10} {s.rows:>9,} rows {s.characters:>13,} characters  {s.path}")
            for s in version.shards
        ),
        *(("dropped", f"{count:,}  {reason}") for reason, count in version.drops.items()),
        *(("taken out", f"{r.documents:,} on {r.at[:10]}  {r.reason}") for r in version.removals),
    ]


def _run_facts(run: Run, store: Store) -> list[tuple[str, object]]:
    return [
        ("run", run.ref),
        ("folder", f"{store.place}/{run.corpus}/runs/{run.id}"),
        ("version", f"{run.version_ref}  (id {run.version})"),
        *([("started from", run.parent)] if run.parent else []),
        *(("sweep", sweep) for sweep in sweeps.by_run(store).get(run.ref, ())),
        (
            "validation",
            f"{run.best['bits_per_byte']:.4f} bits per byte, {run.best['nats_per_char']:.4f} nats per character",
        ),
        ("model", f"{run.parameters:,} parameters, vocabulary of {run.vocabulary:,}"),
        ("trained", f"{run.iterations:,} iterations, {run.clock.get('seconds', 0):,.0f} s, stopped by {run.stopped}"),
        ("config", msgspec.json.encode(run.config).decode()),
        ("machine", msgspec.json.encode(run.machine).decode()),
    ]


_FACTS: dict[type, Any] = {Snapshot: _snapshot_facts, Version: _version_facts, Run: _run_facts}
