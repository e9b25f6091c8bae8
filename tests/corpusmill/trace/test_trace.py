"""From words to the document and the fetch they are from."""

import json
import os
import subprocess
import sys

import pytest

from corpusmill.errors import UnknownNameError, UsageError
from corpusmill.store import Store
from corpusmill.trace import SIZES, trace
from corpusmill.types import Version
from preprocess.build import build
from tests import needs
from tests.corpusmill.samples import keep
from tests.corpusmill.samples import run as run_of
from tests.preprocess.snapshots import corpus, take

PASSAGES = [f"In the {n} mill the stones turn {n * n} times — slowly, and the miller counts." for n in range(60)]
BODIES = {
    "https://host/one.txt": "\n\n".join(PASSAGES[:30]).encode(),
    "https://host/two.txt": "\n\n".join(PASSAGES[30:]).encode(),
}


@pytest.fixture
def version(store) -> Version:
    declared = corpus(clean={"dedup": False})
    snapshot = take(store, declared.name, BODIES)
    keep(store, snapshot)
    return build(declared, snapshot, store, processes=1)[0]


def document_of(version: Version, store: Store, id_: str) -> dict:
    import pyarrow.parquet as pq

    table = pq.read_table(store.version_folder(version) / "data", page_checksum_verification=True)
    return next(row for row in table.to_pylist() if row["id"] == id_)


def training_texts(version: Version, store: Store) -> list[str]:
    from corpusmill.store import shards

    return list(shards.texts(store.version_folder(version), version.shards, "train"))


def test_a_match_names_document_place_and_fetch(store, version):
    words = training_texts(version, store)[-1][5:65]

    found = trace(store, version, f"§§{words}§")

    (match,) = found.matches
    document = document_of(version, store, match.document)
    assert (match.start, match.end, match.text) == (2, 62, words)
    assert document["text"][match.offset : match.offset + 60] == words
    assert (match.source, match.title) == (document["source"], document["title"])
    assert match.url == document["source"] in BODIES
    assert match.sha256 == document["raw_sha256"]
    assert (match.status, match.robots, match.snapshot) == (200, "unchecked", f"mill/snapshots/{version.snapshot}")
    assert (found.version, found.characters, found.covered, found.matches_in_all) == ("mill@v1", 63, 60, 1)
    assert [one.n for one in found.novelty] == list(SIZES)
    assert [one.share for one in found.novelty] == sorted(one.share for one in found.novelty)


def test_a_match_lies_inside_one_document(store, version):
    first, second = training_texts(version, store)[:2]

    found = trace(store, version, first[-30:] + second[:30])

    assert sorted((match.start, match.end) for match in found.matches) == [(0, 30), (30, 60)]


def test_many_documents_are_each_named_right(store, version):
    texts = training_texts(version, store)
    asked = "§".join(texts)

    found = trace(store, version, asked, limit=0)

    assert found.matches_in_all == len(found.matches) == len(texts)
    for match in found.matches:
        assert document_of(version, store, match.document)["text"] == match.text


def test_the_longest_are_told_and_the_others_counted(store, version):
    texts = training_texts(version, store)
    asked = f"{texts[0][:20]}§{texts[1][:40]}§{texts[2][:30]}"

    found = trace(store, version, asked, limit=2)

    assert [len(match.text) for match in found.matches] == [40, 30]
    assert (found.matches_in_all, found.covered) == (3, 90)


def test_what_is_in_many_places_is_counted_and_the_first_named(store, version):
    words = " and the miller counts."
    texts = training_texts(version, store)

    (match,) = trace(store, version, words).matches

    first = next(text for text in texts if words in text)
    assert match.times == sum(text.count(words) for text in texts)
    assert document_of(version, store, match.document)["text"] == first
    assert match.offset == first.index(words)


def test_held_out_texts_are_not_looked_in(store, version):
    from corpusmill.store import shards

    held = next(iter(shards.texts(store.version_folder(version), version.shards, "validation")))

    assert trace(store, version, held, minimum=len(held)).matches == ()


def test_a_run_means_the_version_it_learnt_from(store, version):
    run = run_of("ccc1", version.id, corpus="mill", version_ref=version.ref)
    keep(store, run)

    assert trace(store, run, PASSAGES[0]) == trace(store, version, PASSAGES[0])
    gone = run_of("ccc2", "0000", corpus="mill")
    keep(store, gone)
    with pytest.raises(UnknownNameError, match="ccc2 learnt from, is not in the store"):
        trace(store, gone, "the mill")


@pytest.mark.parametrize("text", ["x", "\ud800", "\0", "￿" * 30])
def test_what_is_nowhere_has_no_match(text, store, version):
    found = trace(store, version, text)

    assert (found.matches, found.covered, found.matches_in_all) == ((), 0, 0)


def test_an_empty_text_is_refused(store, version):
    with pytest.raises(UsageError, match="there is no text to trace"):
        trace(store, version, "")


@pytest.fixture
def corpusmill(tmp_path, version):
    """Run the program on the store that has the version."""

    def call(*arguments: str, text: bytes = b""):
        return subprocess.run(
            [sys.executable, "-m", "corpusmill", "trace", *arguments, "--store", str(tmp_path / "store")],
            env=os.environ | {"COLUMNS": "200"},
            capture_output=True,
            input=text,
            check=False,
        )

    return call


def test_the_command_tells_people_and_machines(corpusmill, store, version):
    words = training_texts(version, store)[0][:50]

    told = corpusmill("mill", "-", text=f"{words}§".encode())
    value = json.loads(corpusmill("mill@v1", f"{words}§", "--json", "--min", "5", "--limit", "3").stdout)

    lines = told.stdout.decode().splitlines()
    assert lines[0] == "mill@v1: 1 match of 20 or more characters, 50 of 51 characters (98 %)"
    assert lines[2] == f"    50 characters at 0: {words!r}"
    assert lines[4].strip() in BODIES
    assert lines[5].strip().endswith("status 200, robots unchecked; CC0-1.0")
    assert lines[7].startswith("new, of the runs of n characters   5: 2 %   10: 2 %")
    assert list(value) == ["version", "characters", "minimum", "matches", "matches_in_all", "covered", "novelty"]
    assert list(value["novelty"][0]) == ["n", "novel", "of", "share"]
    assert value["matches"][0]["text"] == words
    assert value["minimum"] == 5


def test_the_command_refuses_in_one_line(corpusmill, store, version):
    snapshot = f"mill/snapshots/{version.snapshot}"
    for arguments, text, status, said in [
        (["mill", "-"], b"", 2, "there is no text to trace"),
        (["mill", "-"], b"ab\xff", 1, "standard input is not UTF-8: byte 2"),
        (["mill@v9", "x"], b"", 1, "mill@v9 is not in the store"),
        ([snapshot, "x"], b"", 1, "is a snapshot: name a run or a version"),
        (["mill", "x", "--min", "0"], b"", 2, "--min"),
        (["mill", "\udcff"], b"", 0, ""),
    ]:
        done = corpusmill(*arguments, text=text)

        assert done.returncode == status, done.stderr
        assert said in done.stderr.decode()
        assert b"Traceback" not in done.stderr


def test_hostile_titles_do_not_reach_the_terminal():
    from corpusmill.cli.trace import _printable

    assert (
        _printable("a\x1b[2J\u202eb\n")
        == "a\N{REPLACEMENT CHARACTER}[2J" + "\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"
    )


def test_real_words_are_traced_to_their_file(tmp_path, serve):
    web = serve(needs.shared("web"))
    environment = os.environ | {"CORPUSMILL_STORE": str(tmp_path / "real"), "CORPUSMILL_MIRROR": web}

    def call(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "corpusmill", *arguments], env=environment, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    call("collect", "turtlesim")
    call("build", "turtlesim")
    told = json.loads(call("trace", "turtlesim", "#include <ros/ros.h>", "--json", "--min", "8"))

    (match,) = told["matches"]
    assert match["text"] == "#include <ros/ros.h>"
    assert match["url"].startswith("https://")
    assert match["status"] == 200
    assert match["fetched_at"] > "2026"
    assert match["robots"].startswith("allowed")
