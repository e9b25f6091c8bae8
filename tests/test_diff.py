"""`corpusmill diff`, `lineage` and `versions` as a user meets them."""

import json
import signal
from dataclasses import dataclass

import pytest

from corpusmill.cli import main
from corpusmill.store import Store, tags
from model.train import fit
from preprocess.build import build
from tests.corpusmill.samples import keep
from tests.preprocess.snapshots import corpus, take

PASSAGES = [f"Passage {n}: the mill turns {n} times, and the river runs on to the sea." * 12 for n in range(60)]
TINY = {"steps": 2, "hidden": 8, "samples": {"length": 20}, "batch": 2, "length": 32}
PAGE = "https://host/verses.txt"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Two versions of a page, a run on the first, and another corpus."""
    made = Store(tmp_path_factory.mktemp("store"))
    declared = corpus(parse={"kind": "lines"}, train=TINY)
    later = [
        PASSAGES[0].replace("river", "Ωρα\x1b[2J"),
        *PASSAGES[1:50],
        *(p.replace("mill", "wheel") for p in PASSAGES),
    ]
    for texts in (PASSAGES, later):
        snapshot = take(made, "mill", {PAGE: "\n\n".join(texts).encode()})
        keep(made, snapshot)
        version, _ = build(declared, snapshot, made, processes=0)
        if version.number == 1:
            fit(declared, version, made)
    tags.put(made, version, "paper")
    other = take(made, "lake", {PAGE: "\n\n".join(PASSAGES[:9]).encode()})
    keep(made, other)
    build(corpus("lake", parse={"kind": "lines"}), other, made, processes=0)
    return made


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def corpusmill(store, capsys):
    """Run the program on the store, in this process."""

    def call(*arguments):
        handler = signal.getsignal(signal.SIGTERM)
        try:
            with pytest.raises(SystemExit) as ended:
                main([*arguments, "--store", str(store.root)])
        finally:
            signal.signal(signal.SIGTERM, handler)
        return Done(ended.value.code, *capsys.readouterr())

    return call


def test_a_version_alone_is_compared_with_the_one_before(corpusmill):
    done = corpusmill("diff", "mill", "--limit", "2")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "mill@v1 -> mill@v2"
    told = {line[:22].strip(): line[22:].strip() for line in lines if line.startswith("  ")}
    assert any(line.split()[:1] == ["documents"] and "added" in line for line in lines), told
    assert any(line.startswith("  by snapshot ") for line in lines)
    assert any(line.startswith("  characters gained") and "Ω" in line for line in lines)
    assert sum(line.startswith("+  ") for line in lines) == 3
    assert "more: --limit 0 lists all" in done.stdout
    assert "compare" in done.stderr


def test_json_has_its_documented_keys_and_counts_what_it_does_not_list(corpusmill):
    value = json.loads(corpusmill("diff", "mill@v1", "mill@v2", "--limit", "1", "--json").stdout)
    assert set(value) == {
        "before",
        "after",
        "counts",
        "added",
        "removed",
        "changed",
        "moved",
        "vocabulary_added",
        "vocabulary_removed",
        "licences",
        "drops",
        "stats",
        "sources",
        "causes",
        "shards_reused",
        "shards",
        "score",
    }
    assert set(value["counts"]) == {"added", "removed", "changed", "moved", "refetched", "unchanged"}
    assert len(value["added"]) == 1 < value["counts"]["added"]
    assert value["sources"] == {"added": [], "removed": [], "changed": [PAGE]}
    assert value["score"] is None
    assert corpusmill("diff", "mill@v1", "mill@v1", "--json").returncode == 0


def test_a_text_is_shown_with_what_changed_and_nothing_for_the_terminal_to_obey(corpusmill):
    listed = json.loads(corpusmill("diff", "mill", "--limit", "0", "--json").stdout)
    changed = next(change["id"] for change in listed["changed"] if change["text"])
    shown = corpusmill("diff", "mill", "--text", changed).stdout
    assert shown.startswith(f"--- mill@v1 {changed}\n+++ mill@v2 {changed}\n@@ ")
    assert "\x1b" not in shown
    value = json.loads(corpusmill("diff", "mill", "--text", changed, "--json").stdout)
    assert set(value) == {"before", "after", "id", "text"}


def test_an_earlier_run_is_scored_on_what_is_new_beside_its_validation(store, corpusmill):
    (run,) = store.runs("mill")
    value = json.loads(corpusmill("diff", "mill", "--run", "mill@v1", "--characters", "900", "--json").stdout)
    scored = value["score"]
    assert (scored["run"], scored["learnt_from"], scored["note"]) == (run.ref, "mill@v1", "")
    assert scored["documents"] == value["counts"]["added"] + sum(change["text"] for change in value["changed"])
    assert scored["characters"] == 900 < scored["of_characters"]
    assert scored["reset"] == run.best["reset"]
    assert scored["validation_bits_per_byte"] == run.best["bits_per_byte"]
    assert 2 < scored["bits_per_byte"] < 10


def test_a_run_that_may_have_read_what_is_new_is_said_to(corpusmill):
    done = corpusmill("diff", "mill@v2", "mill@v1", "--run", "mill@v1", "--characters", "200")
    assert done.returncode == 0, done.stderr
    assert "it learnt from mill@v1, not from mill@v2, and has read some of them" in done.stdout
    assert "on its validation split" in done.stdout


def test_where_no_text_is_new_nothing_is_scored(corpusmill):
    done = corpusmill("diff", "mill@v1", "mill@v1", "--run", "mill@v1")
    assert done.returncode == 0
    assert done.stdout.endswith("no text is new, so there is nothing to score\n")


def test_two_corpora_are_compared_with_a_word_of_warning(corpusmill):
    assert "two corpora" in corpusmill("diff", "mill@v1", "lake").stdout


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["diff", "mill@v1"], 1, "mill@v1 is the first version: name two versions to compare"),
        (["diff", "mill", "nobody"], 1, "nobody"),
        (["diff", "mill", "--text", "ab" * 16], 1, "neither mill@v1 nor mill@v2 has a document abab"),
        (["diff", "mill", "--text", "ab" * 16, "--run", "mill"], 2, "give one of them"),
        (["diff", "mill", "--run", "lake"], 1, "lake has no run yet"),
        (["lineage", "mill", "--rows", "2", "--dot"], 2, "--rows makes a list"),
        (["lineage", "mill", "--mermaid", "--dot"], 2, "three ways to print"),
        (["lineage", "https://host/verse.txt"], 1, "did you mean https://host/verses.txt"),
    ],
)
def test_what_cannot_be_compared_or_followed_is_said_in_a_line(corpusmill, arguments, status, said):
    done = corpusmill(*arguments)
    assert done.returncode == status
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("corpusmill: ")]
    assert said in line


def test_lineage_of_an_address_reaches_the_runs(corpusmill):
    graph = json.loads(corpusmill("lineage", PAGE, "--json").stdout)
    assert set(graph) == {"nodes", "edges"}
    assert {node["kind"] for node in graph["nodes"]} >= {"source", "fetch", "snapshot", "document", "version", "run"}
    assert {"mill@v1", "mill@v2", "lake@v1"} <= {node["id"] for node in graph["nodes"]}


def test_lineage_of_rows_has_a_fetch_for_each(corpusmill):
    value = json.loads(corpusmill("lineage", "mill@v1", "--rows", "7", "--json").stdout)
    assert value["version"] == "mill@v1"
    assert [row["url"] for row in value["rows"]] == [PAGE] * 7
    shown = corpusmill("lineage", "mill@v1", "--rows", "7").stdout.splitlines()
    assert shown[0].split() == ["ID", "SPLIT", "FETCHED", "STATUS", "SHA256", "ROBOTS", "LICENCE", "SOURCE"]
    assert len(shown) == 8


def test_versions_tells_tags(corpusmill):
    listed = json.loads(corpusmill("versions", "mill", "--json").stdout)["versions"]
    assert [(entry["version"], entry["tags"]) for entry in listed] == [("mill@v1", []), ("mill@v2", ["paper"])]
    assert corpusmill("versions", "mill").stdout.splitlines()[-1].endswith("paper")
