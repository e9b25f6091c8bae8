"""Over HTTP: what is forgotten is not asked for, and what leads to it is not kept."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

import collectors
from corpusmill import spec
from corpusmill.errors import BuildError
from corpusmill.http import Client, Network
from corpusmill.store import commit, encode, pins
from corpusmill.store.tombstones import is_mask
from preprocess.build import build
from preprocess.publish.again import rebuilds
from tests.corpusmill.store.hunt import hits
from tests.corpusmill.store.poems import CORPUS, documents, forgotten, text, whole

ALL = os.environ.get("CORPUSMILL_FAULTS") == "all"  # read before a fixture takes it away
URLS = [f"https://host/{page}.txt" for page in "abc"]


@pytest.fixture
def mirror(tmp_path, serve):
    place = tmp_path / "web" / "host"
    place.mkdir(parents=True)
    for page in "abc":
        (place / f"{page}.txt").write_text("\n".join(text(page, line) for line in range(9)), encoding="utf-8")
    return serve(tmp_path / "web")


def refreshed(store, mirror):
    corpus = replace(CORPUS, source={"transport": "files", "urls": URLS})
    taken = collectors.collect(corpus, store, Client(Network(mirror=mirror)), accept=True)
    return taken, build(corpus, taken.snapshot, store, processes=0)


def test_an_address_is_not_asked_for_again(store, mirror):
    refreshed(store, mirror)
    forgotten(store, URLS[1])
    taken, (_, made) = refreshed(store, mirror)
    asked = taken.economics["requests"] - 1  # robots.txt
    assert (asked, made, taken.notes) == (2, False, ())
    assert [file.status for file in taken.snapshot.files if is_mask(file.url)] == [410]
    assert not hits(store.root, [URLS[1], text("b", 3)])


def test_a_file_with_other_documents_is_fetched_whole_and_goes_once_it_is_built(store, mirror):
    refreshed(store, mirror)
    gone = next(d for d in documents(store) if d.text == text("b", 3))
    forgotten(store, gone.id)
    for _ in range(2):
        taken, (_, made) = refreshed(store, mirror)
        assert (taken.economics["unchanged"], made) == (2, False)
        assert text("b", 4) in {d.text for d in documents(store)}
        assert not hits(store.root, [gone.id, gone.text])
    whole(store)


def test_what_leads_to_it_goes_with_it_and_is_not_kept(store, mirror):
    refreshed(store, mirror)
    snapshot = store.latest_snapshot("poems")
    elsewhere = "https://elsewhere/secret.txt"
    moved = tuple(replace(f, final_url=elsewhere) if f.url == URLS[0] else f for f in snapshot.files)
    path = store.snapshot_folder("poems", snapshot.id) / commit.MANIFEST
    path.write_bytes(encode(replace(snapshot, files=moved)))
    (done,) = forgotten(store, elsewhere)
    assert (done.documents, done.files) == (9, 1)
    whole(store)
    assert not hits(store.root, [elsewhere, text("a", 3)])


def test_a_journal_of_a_collect_that_was_cut_off_is_forgotten_too(store, mirror):
    refreshed(store, mirror)
    for name in (".collect-0123456789ab.db", ".parts/x"):
        path = store.corpus("poems") / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(URLS[1])
    forgotten(store, URLS[1])
    assert not hits(store.root, [URLS[1]])


def test_a_collect_holds_the_bodies_that_no_snapshot_names_yet(store, mirror):
    seen = []

    def progress(*_):
        with pins.nobody_puts(store) as free:
            seen.append(free)

    corpus = replace(CORPUS, source={"transport": "files", "urls": URLS})
    collectors.collect(corpus, store, Client(Network(mirror=mirror)), progress=progress)
    assert seen
    assert not any(seen)


def test_all_is_well_by_verify_afterwards_and_a_rebuild_says_why_there_is_none(store, mirror):
    refreshed(store, mirror)
    gone = next(d for d in documents(store) if d.text == text("b", 3))

    forgotten(store, gone.id)
    environment = os.environ | {"CORPUSMILL_STORE": str(store.root)}
    command = [sys.executable, "-m", "corpusmill", "verify"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, "all as it was stored" in done.stdout) == (0, True), done.stderr
    with pytest.raises(BuildError, match="poems@v1 was built with what had to be forgotten since"):
        next(rebuilds(store.latest_version("poems"), store))


def test_a_hundred_ids_of_a_real_corpus(store, web):
    corpus = spec.load("manele" if ALL else "abc")

    def made():
        taken = collectors.collect(corpus, store, Client(Network(mirror=web)), accept=True)
        return build(corpus, taken.snapshot, store, processes=0)

    version, _ = made()
    gone = documents(store, version)[::8][:100]
    sought = [needle for d in gone for needle in (d.id, d.text)]
    forgotten(store, *(d.id for d in gone))
    assert not hits(store.root, sought)
    made()
    assert len(gone) == 100
    assert not hits(store.root, sought)
