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
from corpusmill.store import refs
from tests.corpusmill.samples import keep, raw, run, snapshot, version

SNAPSHOT, OTHER = snapshot("5aa1115aa111"), snapshot("5bb1115bb111")
FIRST, SECOND = version(1, "7bb1", snapshot=SNAPSHOT.id), version(2, "7bb2", snapshot=SNAPSHOT.id)
THIRD = version(3, "7bb3", snapshot=OTHER.id)
RUN, SISTER, COUSIN = run("9cc1", FIRST.id), run("9cc2", FIRST.id), run("9cc3", SECOND.id)


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
    assert told(lineage.trace(filled, ref)) == {"source a.txt"} | nodes


def test_edges_lead_from_the_files_to_the_report(filled):
    graph = lineage.trace(filled, "bible/runs/9cc1")
    report = str(filled.run_folder("bible", "9cc1") / "report.html")
    taken = refs.ref_of(SNAPSHOT)
    assert graph.edges == (
        ("https://host/a.txt", taken),
        (taken, "bible@v1"),
        ("bible@v1", RUN.ref),
        (RUN.ref, report),
    )


def test_every_edge_joins_two_nodes_of_the_graph(filled):
    for ref in ("bible", "bible@v1", "bible/snapshots/5aa", "9cc3"):
        graph = lineage.trace(filled, ref)
        assert {end for edge in graph.edges for end in edge} <= {node.id for node in graph.nodes}


def test_the_text_has_a_line_a_node_indented_by_its_stage(filled):
    assert lineage.trace(filled, "bible/runs/9cc3").text().splitlines() == [
        "source https://host/a.txt  (5 bytes, 2024-05-01, CC0-1.0)",
        "   snapshot bible/snapshots/5aa1115aa111  (1 file, collected 2024-05-01)",
        "      version bible@v2  (3 documents, 1,234 characters, CC0-1.0)",
        "         run bible/runs/9cc3  (2.164 bits per byte, 123,456 parameters)",
    ]


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
        "bible/snapshots/aaa111aaa111",
    ]
    assert graph.nodes[0].facts == ("4 files", "20 bytes", "2024-05-01", "MIT")
    assert len(graph.edges) == 5


@pytest.mark.parametrize("ref", ["bible/runs/9cc9", "nobody", "poems@v1"])
def test_what_is_not_there_cannot_be_traced(filled, ref):
    with pytest.raises(UnknownNameError):
        lineage.trace(filled, ref)


def test_a_run_whose_version_was_removed_says_so(store):
    keep(store, SNAPSHOT, RUN)
    with pytest.raises(UnknownNameError, match="bible/runs/9cc1 is no version"):
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
