"""Runs that started from another's weights: in a lineage, and where something is forgotten."""

import shutil

import pytest

from corpusmill import lineage
from corpusmill.store import recited
from tests.corpusmill.samples import keep, run, snapshot, version
from tests.corpusmill.store.poems import documents, forgotten, refreshed, written

PARENT = run("9cc1", "7bb1")
CHILD = run("9dd1", "7ee1", "plays", parent=PARENT.ref)
GRANDCHILD = run("9dd2", "7ee1", "plays", parent=CHILD.ref)
RUNS = (PARENT, CHILD, GRANDCHILD)


@pytest.fixture
def filled(store):
    keep(store, snapshot("5aa1"), version(1, "7bb1", snapshot="5aa1"))
    keep(store, snapshot("5cc1", "plays"), version(1, "7ee1", "plays", snapshot="5cc1"), *RUNS)
    return store


@pytest.mark.parametrize("asked", RUNS, ids=lambda asked: asked.ref)
def test_lineage_leads_from_run_to_run_in_both_directions(filled, asked):
    graph = lineage.trace(filled, asked.ref)

    assert {(PARENT.ref, CHILD.ref), (CHILD.ref, GRANDCHILD.ref)} <= set(graph.edges)
    assert {node.id for node in graph.nodes if node.kind == "run"} == {each.ref for each in RUNS}
    assert "bible/snapshots/5aa1" in {node.id for node in graph.nodes}  # what the weights go back to
    assert f"run {GRANDCHILD.ref}  (2.164 bits per byte, 123,456 parameters, started from {CHILD.ref})" in graph.text()
    runs = [n for n, node in enumerate(graph.nodes) if node.kind == "run"]
    assert f"  n{runs[0]} --> n{runs[1]}" in graph.mermaid().splitlines()
    assert f"  n{runs[1]} -> n{runs[2]};" in graph.dot().splitlines()


def test_a_version_leads_to_runs_that_started_from_its_runs(filled):
    assert {each.ref for each in RUNS} <= {node.id for node in lineage.trace(filled, "bible@v1").nodes}


@pytest.mark.parametrize("what", ["run", "version"])
def test_a_parent_that_is_gone_is_said_to_be(filled, what):
    shutil.rmtree(filled.run_folder("bible", "9cc1") if what == "run" else filled.version_folder(version(1, "7bb1")))
    graph = lineage.trace(filled, CHILD.ref)

    assert (PARENT.ref, CHILD.ref) in graph.edges
    assert (f"run {PARENT.ref}  (gone)" in graph.text()) == (what == "run")


@pytest.fixture
def learnt(store, tmp_path):
    """A run of poems, one of plays that started from it, and one that started from that; and a run of its own."""
    made, _ = refreshed(written(tmp_path / "poems"), store)
    recital = "Once more: " + documents(store)[0].text
    first = run("aaa1", made.id, "poems")
    second = run("bbb1", "7ee1", "plays", parent=first.ref)
    third = run("bbb2", "7ee1", "plays", parent=second.ref)
    keep(store, snapshot("5cc1", "plays"), version(1, "7ee1", "plays", snapshot="5cc1", shards=(), drops={}, parsed=0))
    keep(store, first, second, third, run("bbb3", "7ee1", "plays"))
    for each in (first, second, third):
        folder = store.run_folder(each.corpus, each.id) / "samples"
        folder.mkdir()
        (folder / "ladder.json").write_text(f'[{{"temperature": 1, "text": "{recital}"}}]', encoding="utf-8")
    return store, (first, second, third)


def test_a_run_that_started_from_a_tainted_one_is_tainted_too(learnt):
    store, runs = learnt
    gone = documents(store)[0].id
    for dry_run in (True, False):
        (done,) = forgotten(store, gone, corpus="poems", reason="asked", dry_run=dry_run)
        assert done.tainted == tuple(each.ref for each in runs)
    for each in runs:
        (said,) = recited.taints(store, each)
        assert (said.documents, said.reason, said.samples) == (1, "asked", 1)
        body = (store.run_folder(each.corpus, each.id) / "samples" / "ladder.json").read_text(encoding="utf-8")
        assert recited.GONE in body
    assert not recited.taints(store, run("bbb3", "7ee1", "plays"))
