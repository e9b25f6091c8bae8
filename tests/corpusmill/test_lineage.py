import dataclasses
import json
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusmill import lineage
from corpusmill.errors import UnknownNameError
from corpusmill.lineage import Graph, Node
from corpusmill.store import MANIFEST, recited, refs
from corpusmill.types import Removal
from tests.corpusmill.samples import keep, raw, run, snapshot, version

SNAPSHOT, OTHER = snapshot("5aa1115aa111"), snapshot("5bb1115bb111")
FIRST, SECOND = version(1, "7bb1", snapshot=SNAPSHOT.id), version(2, "7bb2", snapshot=SNAPSHOT.id)
THIRD = version(3, "7bb3", snapshot=OTHER.id)
RUN, SISTER, COUSIN = run("9cc1", FIRST.id), run("9cc2", FIRST.id), run("9cc3", SECOND.id)

FETCHED = "2024-05-01T10:00:00+00:00 https://host/a.txt"


@pytest.fixture
def filled(store):
    keep(store, SNAPSHOT, OTHER, FIRST, SECOND, THIRD, RUN, SISTER, COUSIN)
    (store.run_folder("bible", RUN.id) / "report.html").write_bytes(b"<html>")
    return store


def told(graph: Graph) -> set[str]:
    return {f"{node.kind} {node.id.rpartition('/')[2]}" for node in graph.nodes}


@pytest.mark.parametrize(
    ("ref", "nodes"),
    [
        ("bible/runs/9cc1", {"snapshot 5aa1115aa111", "version bible@v1", "run 9cc1", "report report.html"}),
        ("bible/runs/9cc3", {"snapshot 5aa1115aa111", "version bible@v2", "run 9cc3"}),
        ("bible@v1", {"snapshot 5aa1115aa111", "version bible@v1", "run 9cc1", "run 9cc2", "report report.html"}),
        ("bible", {"snapshot 5bb1115bb111", "version bible@v3"}),
        ("bible/snapshots/5bb", {"snapshot 5bb1115bb111", "version bible@v3"}),
        (
            "bible/snapshots/5aa",
            {
                "snapshot 5aa1115aa111",
                "version bible@v1",
                "version bible@v2",
                "run 9cc1",
                "run 9cc2",
                "run 9cc3",
                "report report.html",
            },
        ),
    ],
)
def test_a_thing_is_followed_back_to_its_files_and_on_to_all_that_was_made_of_it(filled, ref, nodes):
    always = {"source a.txt", "fetch a.txt", "document documents"}
    assert told(lineage.trace(filled, ref)) == always | nodes


def test_a_report_can_be_asked_for_by_its_path(filled):
    path = filled.run_folder("bible", "9cc1") / "report.html"
    assert lineage.trace(filled, str(path)) == lineage.trace(filled, "bible/runs/9cc1")


def test_edges_lead_from_the_files_to_the_report(filled):
    graph = lineage.trace(filled, "bible/runs/9cc1")
    report = str(filled.run_folder("bible", "9cc1") / "report.html")
    taken = refs.ref_of(SNAPSHOT)
    assert graph.edges == (
        ("https://host/a.txt", FETCHED),
        (FETCHED, taken),
        (taken, "bible@v1/documents"),
        ("bible@v1/documents", "bible@v1"),
        ("bible@v1", RUN.ref),
        (RUN.ref, report),
    )


def test_every_edge_joins_two_nodes_of_the_graph(filled):
    for ref in ("bible", "bible@v1", "bible/snapshots/5aa", "9cc3"):
        graph = lineage.trace(filled, ref)
        assert {end for edge in graph.edges for end in edge} <= {node.id for node in graph.nodes}


def test_the_text_has_a_line_a_node_indented_by_its_stage(filled):
    assert lineage.trace(filled, "bible/runs/9cc3").text().splitlines() == [
        "source https://host/a.txt",
        f"   fetch {FETCHED}  (status 200, 5 bytes, sha256 555555555555, robots unchecked, CC0-1.0)",
        "      snapshot bible/snapshots/5aa1115aa111  (1 file, collected 2024-05-01)",
        "         document bible@v2/documents  (3 documents kept, 1 left out)",
        "            version bible@v2  (3 documents, 1,234 characters, CC0-1.0)",
        "               run bible/runs/9cc3  (2.164 bits per byte, 123,456 parameters)",
    ]


def test_what_was_taken_out_of_a_version_is_told(store):
    gone = Removal(at="2024-06-01T10:00:00+00:00", reason="asked", documents=2, hashes=("00",), content="ab")
    keep(store, snapshot(), version(removals=(gone,)))
    (node,) = [node for node in lineage.trace(store, "bible").nodes if node.kind == "version"]
    assert node.facts[-1] == "2 documents taken out"


def test_a_run_that_learnt_from_what_was_taken_out_says_so(filled):
    (filled.run_folder("bible", "9cc3") / recited.FILE).write_bytes(b"{}")
    assert "learnt from documents that were taken out since" in lineage.trace(filled, "9cc3").text()
    assert "taken out" not in lineage.trace(filled, "9cc1").text()


SAMPLES = {f"samples/{name}.json": "0" * 64 for name in ("000100", "000200", "ladder")}


@pytest.fixture
def wrote(store):
    keep(store, SNAPSHOT, FIRST, run("9cc1", FIRST.id, files={**SAMPLES, "config.json": "1" * 64}))
    (store.run_folder("bible", "9cc1") / "report.html").write_bytes(b"<html>")
    return store


def test_samples_stand_between_the_run_and_its_report(wrote):
    graph = lineage.trace(wrote, "bible@v1")
    assert [node.id for node in graph.nodes if node.kind == "sample"] == [f"bible/runs/9cc1/{name}" for name in SAMPLES]
    report = str(wrote.run_folder("bible", "9cc1") / "report.html")
    for name in SAMPLES:
        assert {("bible/runs/9cc1", f"bible/runs/9cc1/{name}"), (f"bible/runs/9cc1/{name}", report)} <= set(graph.edges)


@pytest.mark.parametrize("by_path", [False, True])
def test_one_sample_leads_back_to_the_fetch(wrote, by_path):
    ref = "bible/runs/9cc1/samples/000200.json"
    graph = lineage.trace(wrote, str(wrote.root / ref) if by_path else ref)
    assert [node.id for node in graph.nodes if node.kind in ("sample", "source")] == ["https://host/a.txt", ref]


def test_many_samples_of_a_run_are_one_node_that_can_be_asked_for(store):
    many = {f"samples/{n:06d}.json": "0" * 64 for n in range(lineage.NAMED + 1)}
    keep(store, SNAPSHOT, FIRST, run("9cc1", FIRST.id, files=many))
    graph = lineage.trace(store, "bible/runs/9cc1/samples")
    assert [node for node in graph.nodes if node.kind == "sample"] == [
        Node("bible/runs/9cc1/samples", "sample", ("4 files",))
    ]


def test_a_sample_that_is_not_there_is_named_with_the_nearest(wrote):
    with pytest.raises(UnknownNameError, match=r"bible/runs/9cc1 has no sample laddr.json: did you mean ladder.json"):
        lineage.trace(wrote, "bible/runs/9cc1/samples/laddr.json")


def test_people_are_shown_a_dozen_of_a_kind_and_how_many_more_there_are(store):
    keep(store, SNAPSHOT, *(version(n, f"7bb{n:03d}", snapshot=SNAPSHOT.id) for n in range(1, 31)))
    graph = lineage.trace(store, "bible/snapshots/5aa")
    folded = graph.folded()
    assert sum(node.kind == "version" for node in graph.nodes) == 30
    assert [node.id for node in folded.nodes if node.kind == "version"][-2:] == ["bible@v11", "19 more versions"]
    assert folded.nodes[-1].facts == ("to bible@v30",)
    assert {end for edge in folded.edges for end in edge} <= {node.id for node in folded.nodes}
    assert len(graph.text().splitlines()) == 3 + 2 * lineage.LISTED
    assert folded.folded() == folded


SMALL = Graph(
    nodes=(Node("https://h/a", "source", ("5 bytes",)), Node("a/snapshots/1", "snapshot", ())),
    edges=(("https://h/a", "a/snapshots/1"),),
)


def test_mermaid_is_a_flow_chart():
    assert SMALL.mermaid().splitlines() == [
        "flowchart LR",
        '  n0["source<br/>https://h/a<br/>5 bytes"]',
        '  n1["snapshot<br/>a/snapshots/1"]',
        "  n0 --> n1",
    ]


def test_dot_is_a_digraph():
    assert SMALL.dot().splitlines() == [
        "digraph lineage {",
        "  rankdir=LR; node [shape=box];",
        '  n0 [label="source\\nhttps://h/a\\n5 bytes"];',
        '  n1 [label="snapshot\\na/snapshots/1"];',
        "  n0 -> n1;",
        "}",
    ]


def test_json_is_nodes_and_edges():
    assert json.loads(msgspec.json.encode(SMALL)) == {
        "nodes": [
            {"id": "https://h/a", "kind": "source", "facts": ["5 bytes"]},
            {"id": "a/snapshots/1", "kind": "snapshot", "facts": []},
        ],
        "edges": [["https://h/a", "a/snapshots/1"]],
    }


def test_many_files_of_one_host_are_one_node_with_a_count(store):
    files = tuple(raw(f"https://many/{n}", licence="MIT") for n in range(lineage.NAMED + 1))
    few = tuple(raw(f"https://few/{n}") for n in range(lineage.NAMED))
    keep(store, snapshot(files=(*files, *few, raw("file:my%20poem.txt"))))
    graph = lineage.trace(store, "bible/snapshots/aaa")
    assert [node.id for node in graph.nodes] == [
        "many",
        "https://few/0",
        "https://few/1",
        "https://few/2",
        "file:my%20poem.txt",
        "many for bible/snapshots/aaa111aaa111",
        *(f"2024-05-01T10:00:00+00:00 https://few/{n}" for n in range(3)),
        "2024-05-01T10:00:00+00:00 file:my%20poem.txt",
        "bible/snapshots/aaa111aaa111",
    ]
    assert graph.nodes[5].facts == ("status 200 of 4", "20 bytes", "2024-05-01", "robots unchecked", "MIT")
    assert len(graph.edges) == 10


@pytest.mark.parametrize("ref", ["bible/runs/9cc9", "nobody", "poems@v1"])
def test_what_is_not_there_cannot_be_traced(filled, ref):
    with pytest.raises(UnknownNameError):
        lineage.trace(filled, ref)


def test_a_run_whose_version_was_removed_says_so(store):
    keep(store, SNAPSHOT, RUN)
    with pytest.raises(UnknownNameError, match="bible@v1, which bible/runs/9cc1 learnt from, is not in the store"):
        lineage.trace(store, "9cc1")


HOSTILE = [
    'https://h/"]; evil',
    "https://h/\n  n0 --> n1",
    "https://h/\r\u2028\u0085x",
    "https://h/<img src=x onerror=alert(1)>",
    "https://h/&quot;",
    "https://h/back\\",
    '\\"] [label="x',
    "https://h/%%{init: {'theme':'dark'}}%%",
    "\x1b[2Jcleared",
    "\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe",
]
NAMES = st.sampled_from(HOSTILE) | st.text('"\\\n\r<>&%{}[]();# ab\x1b', max_size=20)


def _named(name: str) -> Graph:
    return dataclasses.replace(
        SMALL, nodes=(Node(name, "source", (name,)), SMALL.nodes[1]), edges=((name, SMALL.nodes[1].id),)
    )


@given(NAMES)
def test_no_name_breaks_out_of_its_label(name):
    graph = _named(name)
    mermaid, dot = graph.mermaid().split("\n"), graph.dot().split("\n")
    assert (len(mermaid), len(dot)) == (4, 6)
    assert re.fullmatch(r'  n0\["[^"<>]*(<br/>[^"<>]*)*"\]', mermaid[1])
    assert "%%" not in graph.mermaid()
    assert re.fullmatch(r'  n0 \[label="([^"\\<>]|\\n|\\\\)*"\];', dot[2])
    assert all(line.isprintable() for line in (*mermaid, *dot))


@given(NAMES)
def test_no_name_writes_to_the_terminal_or_begins_a_line(name):
    lines = _named(name).text().split("\n")
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)


@given(st.text())
def test_json_keeps_the_name_as_it_is(name):
    assert json.loads(msgspec.json.encode(_named(name)))["nodes"][0]["id"] == name


@pytest.mark.parametrize("ref", ["bible@v1", "bible/runs/9cc1"])
def test_no_snapshot_is_read_but_the_one_it_is_about(filled, ref):
    (filled.snapshot_folder("bible", OTHER.id) / MANIFEST).write_bytes(b"damaged")
    assert f"snapshot {SNAPSHOT.id}" in told(lineage.trace(filled, ref))
