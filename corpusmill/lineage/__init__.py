"""From fetch to report and back: the graph, derived from manifests alone and never kept twice.

    trace(store, "bible@v3").mermaid()
    trace(store, "https://example.org/psalms.txt").text()
    list(provenance(store, version, sample(store, version, 1000)))

What can be asked for: a corpus, a snapshot, a version, a run, a sample of a run, by ref or by path; the address of a
raw file or of an archive's member, the SHA-256 of its body, the id of a document, digests by their beginning too.
A run that started from another's weights was made of that too, and of all that it was made of.
"""

import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from corpusmill import spec
from corpusmill.errors import UnknownNameError
from corpusmill.lineage import places, stages
from corpusmill.lineage.graph import KINDS, LISTED, Builder, Graph, Kind, Node, printable
from corpusmill.lineage.provenance import Provenance, provenance, sample
from corpusmill.lineage.stages import NAMED
from corpusmill.store import Store, recited, refs, sweeps
from corpusmill.types import Run, Snapshot, Version

__all__ = [
    "KINDS",
    "LISTED",
    "NAMED",
    "Graph",
    "Kind",
    "Node",
    "Provenance",
    "printable",
    "provenance",
    "sample",
    "trace",
]

_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{12,64})")
_ID_DIGITS, _DOCUMENT_DIGITS = 12, 32  # of snapshots, versions and runs; of documents
_SAMPLE = re.compile(r"([^/@]+/runs/[^/]+)/samples(?:/([^/]+))?")


def trace(store: Store, what: str) -> Graph:
    """Everything that a thing was made of and everything made from it.

    Raises UnknownNameError for what is not there, and for a run whose version somebody removed; CorruptError where
    shards must be read, as for a document, and are damaged.
    """
    return _with_sweeps(store, _traced(store, _from_path(store, what)))


def _traced(store: Store, ref: str) -> Graph:
    digest = _DIGEST.fullmatch(ref)
    if digest and not _is_ref(store, ref):
        return _of_digest(store, digest[1])
    if ":" in ref:
        return places.of_address(store, ref)
    if written := _SAMPLE.fullmatch(ref):
        return _of_sample(store, written[1], written[2] or "")
    return _of_thing(store, refs.resolve(store, ref))


def _with_sweeps(store: Store, graph: Graph) -> Graph:
    """The same, each run with the sweeps that it is a trial of."""
    named = sweeps.by_run(store) if any(node.kind == "run" for node in graph.nodes) else {}
    told = {node.id: tuple(f"trial of {each}" for each in named.get(node.id, ())) for node in graph.nodes}
    nodes = [replace(node, facts=node.facts + told[node.id]) for node in graph.nodes]
    return Graph(tuple(nodes), graph.edges)


def _of_thing(store: Store, found: refs.Thing) -> Graph:
    """A snapshot, version or run."""
    runs = [found] if isinstance(found, Run) else store.runs(found.corpus)
    if isinstance(found, Version):
        versions = [found]
    elif isinstance(found, Run):
        versions = [refs.learnt_from(store, found)]
    else:
        versions = [v for v in store.versions(found.corpus) if v.snapshot == found.id]
    taken = found if isinstance(found, Snapshot) else store.snapshot(found.corpus, versions[0].snapshot)
    builder = Builder()
    if isinstance(found, Run):
        _sources_of_parents(builder, store, found)
    ref = stages.snapshot(builder, taken, taken.files)
    made = {v.id: stages.version(builder, v, [stages.documents(builder, v, [ref])]) for v in versions}
    for trained in runs:
        if trained.version in made:
            stages.run(builder, store, trained, [made[trained.version]])
    for _, child in recited.descended(store, [run for run in runs if run.version in made]):
        stages.run(builder, store, child, [])
    return builder.graph()


def _sources_of_parents(builder: Builder, store: Store, trained: Run) -> None:
    """What the runs that a run's weights go back to learnt from, as far as it is there."""
    while parent := recited.parent_of(store, trained):
        with suppress(UnknownNameError):
            version = refs.learnt_from(store, parent)
            taken = store.snapshot(version.corpus, version.snapshot)
            documents = stages.documents(builder, version, [stages.snapshot(builder, taken, taken.files)])
            stages.run(builder, store, parent, [stages.version(builder, version, [documents])])
        trained = parent


def _of_sample(store: Store, run_ref: str, name: str) -> Graph:
    """What a run wrote, one file or all of them, back to the fetches. Raises UnknownNameError."""
    trained = refs.run(store, run_ref)
    wrote = stages.samples_of(trained)
    if name and f"samples/{name}" not in wrote:
        known = [each.removeprefix("samples/") for each in wrote]
        raise UnknownNameError(f"{trained.ref} has no sample {name}", spec.nearest(name, known, "samples"))
    version = refs.learnt_from(store, trained)
    taken = store.snapshot(version.corpus, version.snapshot)
    builder = Builder()
    _sources_of_parents(builder, store, trained)
    documents = stages.documents(builder, version, [stages.snapshot(builder, taken, taken.files)])
    made = stages.version(builder, version, [documents])
    stages.run(builder, store, trained, [made], [f"samples/{name}"] if name else [])
    return builder.graph()


def _of_digest(store: Store, digits: str) -> Graph:
    """A document or a raw body. Raises UnknownNameError."""
    found = places.of_document(store, digits) if len(digits) <= _DOCUMENT_DIGITS else None
    if graph := found or places.of_body(store, digits):
        return graph
    raise UnknownNameError(
        f"no document and no raw file is called {digits}", "documents are listed in the shards, raw files by show"
    )


def _is_ref(store: Store, ref: str) -> bool:
    """Whether digits are the id of a snapshot, version or run, or what somebody called a corpus."""
    if len(ref) > _ID_DIGITS:
        return ref in store.corpora()
    try:
        refs.resolve(store, ref)
    except UnknownNameError as error:
        return "ambiguous" in error.message
    return True


def _from_path(store: Store, what: str) -> str:
    """A path in the store as the ref of what lies there: a run's sample or report; anything else as it is."""
    path = Path(what)
    if not path.is_absolute() or not path.is_relative_to(store.root):
        return what
    return path.relative_to(store.root).as_posix().removesuffix("/report.html").removesuffix("/manifest.json")
