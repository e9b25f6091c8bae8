"""Lineage of what no ref names: addresses, bodies, documents."""

import pytest

from corpusmill import lineage
from corpusmill.errors import UnknownNameError
from corpusmill.store import refs
from corpusmill.types import Drop
from tests.corpusmill.published import ARCHIVE, document, publish
from tests.corpusmill.samples import keep, raw, run, snapshot

PLAIN, PACKED, MEMBER = "5" * 64, "6" * 64, "7" * 64
PAGE = raw("https://host/a.txt", sha256=PLAIN)
OLD = snapshot(
    "5aa1115aa111", files=(PAGE, raw(ARCHIVE, sha256=PACKED, bytes=99), raw("https://host/gone", status=404, sha256=""))
)
NEW = snapshot("5bb1115bb111", files=(PAGE,), collected_at="2024-06-01T10:00:00+00:00")
ALPHA, BETA = document("alpha"), document("beta")
PACK = document("pack", source=f"{ARCHIVE}!/x!/y.txt", raw_sha256=MEMBER)
GONE = Drop(id=document("gone").id, step="dedup", reason="same text: as alpha", source="https://host/a.txt")


@pytest.fixture
def filled(store):
    keep(store, OLD, NEW)
    first = publish(store, 1, {"train": [ALPHA, PACK], "validation": [BETA]}, [GONE], snapshot=OLD.id)
    second = publish(store, 2, {"train": [BETA], "validation": [ALPHA]}, snapshot=NEW.id)
    keep(store, run("9cc1", first.id), run("9cc2", second.id))
    return store


def told(graph: lineage.Graph) -> dict[str, set[str]]:
    kinds = {node.kind: set() for node in graph.nodes}
    for node in graph.nodes:
        kinds[node.kind].add(node.id.removeprefix("2024-05-01T10:00:00+00:00 "))
    return kinds


EVERYWHERE = {
    "snapshot": {refs.ref_of(OLD), refs.ref_of(NEW)},
    "version": {"bible@v1", "bible@v2"},
    "run": {"bible/runs/9cc1", "bible/runs/9cc2"},
}
ONCE = {"snapshot": {refs.ref_of(OLD)}, "version": {"bible@v1"}, "run": {"bible/runs/9cc1"}}
OF_PAGE = {"source": {PAGE.url}, "fetch": {PAGE.url}}
OF_ARCHIVE = {"source": {ARCHIVE}, "fetch": {ARCHIVE}}
COUNTED = {"document": {"bible@v1/documents"}}


@pytest.mark.parametrize(
    ("what", "nodes"),
    [
        (PAGE.url, EVERYWHERE | OF_PAGE | {"document": {"bible@v1/documents", "bible@v2/documents"}}),
        (PLAIN, EVERYWHERE | OF_PAGE | {"document": {"bible@v1/documents", "bible@v2/documents"}}),
        (ARCHIVE, ONCE | OF_ARCHIVE | COUNTED),
        (PACK.source, ONCE | OF_ARCHIVE | COUNTED),
        (PACKED, ONCE | OF_ARCHIVE | COUNTED),
        (f"sha256:{PACKED}", ONCE | OF_ARCHIVE | COUNTED),
        (PACKED[:12], ONCE | OF_ARCHIVE | COUNTED),
        (MEMBER, ONCE | OF_ARCHIVE | {"document": {PACK.id}}),
        (PACK.id, ONCE | OF_ARCHIVE | {"document": {PACK.id}}),
        (PACK.id[:12], ONCE | OF_ARCHIVE | {"document": {PACK.id}}),
        (ALPHA.id, EVERYWHERE | OF_PAGE | {"document": {ALPHA.id}}),
    ],
)
def test_what_came_of_a_place_is_found_in_all_versions_and_runs(filled, what, nodes):
    graph = lineage.trace(filled, what)
    assert told(graph) == nodes
    assert {end for edge in graph.edges for end in edge} == {node.id for node in graph.nodes}


def facts(graph: lineage.Graph, identity: str) -> tuple[str, ...]:
    return next(node.facts for node in graph.nodes if node.id == identity)


def test_how_many_documents_came_of_a_place_is_told(filled):
    assert facts(lineage.trace(filled, ARCHIVE), "bible@v1/documents") == ("1 of 3 documents",)
    assert facts(lineage.trace(filled, PAGE.url), "bible@v1/documents") == ("2 of 3 documents",)


def test_a_document_tells_its_title_and_in_which_split_of_each_version_it_is(filled):
    said = ("alpha", "train in bible@v1", "validation in bible@v2")
    assert facts(lineage.trace(filled, ALPHA.id), ALPHA.id) == said


def test_a_document_that_was_left_out_tells_why(filled):
    graph = lineage.trace(filled, GONE.id)
    assert told(graph) == OF_PAGE | {"snapshot": {refs.ref_of(OLD)}, "document": {GONE.id}}
    assert facts(graph, GONE.id) == ("left out of bible@v1 (dedup: same text: as alpha)",)


def test_an_address_that_gave_nothing_leads_to_its_versions_but_to_no_run(filled):
    graph = lineage.trace(filled, "https://host/gone")
    assert told(graph) == {"source": {"https://host/gone"}, "fetch": {"https://host/gone"}} | COUNTED | {
        "snapshot": {refs.ref_of(OLD)},
        "version": {"bible@v1"},
    }
    assert facts(graph, "bible@v1/documents") == ("0 of 3 documents",)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("https://host/b.txt", r"did you mean https://host/a.txt"),
        (f"{PAGE.url}x!/y", "nothing was fetched from"),
        ("f" * 64, "no document and no raw file is called ffff"),
        ("f" * 32, "no document and no raw file is called ffff"),
        ("sha256:" + "0" * 64, "no document and no raw file is called 0000"),
        ("https://[", "nothing was fetched from"),
        ("f" * 12, "no document and no raw file"),
    ],
)
def test_a_place_that_is_nowhere_is_refused(filled, what, said):
    with pytest.raises(UnknownNameError, match=said):
        lineage.trace(filled, what)


def test_a_corpus_may_be_called_like_a_digest(store):
    name = "ab" * 10
    keep(store, snapshot(corpus=name))
    publish(store, 1, {"train": [ALPHA]}, corpus=name)
    assert told(lineage.trace(store, name))["version"] == {f"{name}@v1"}


def test_the_digits_of_a_run_name_the_run(store):
    keep(store, OLD, run("5555555555ab", publish(store, 1, {"train": [ALPHA]}, snapshot=OLD.id).id))
    assert "run" in told(lineage.trace(store, "5555555555ab"))


def test_what_a_redirect_led_to_finds_what_was_asked_for(store):
    keep(store, snapshot(files=(raw("https://host/a.txt", final_url="https://other/b.txt"),)))
    publish(store, 1, {"train": [ALPHA]})
    graph = lineage.trace(store, "https://other/b.txt")
    assert facts(graph, "https://host/a.txt") == ("redirected to https://other/b.txt",)
    assert facts(graph, "bible@v1/documents") == ("1 of 1 document",)


def test_a_shard_that_versions_share_is_read_once(store):
    keep(store, snapshot())
    for number in (1, 2, 3):
        later = publish(store, number, {"train": [ALPHA, BETA]})
    for shard in later.shards:
        (store.version_folder(later) / shard.path).unlink()
    graph = lineage.trace(store, ALPHA.id)
    assert told(graph)["version"] == {"bible@v1", "bible@v2", "bible@v3"}
