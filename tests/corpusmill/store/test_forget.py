"""What was asked to be forgotten is nowhere any more, and does not come back."""

import itertools
import json
import os
import random
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from corpusmill.cli.keep import _said
from corpusmill.errors import BusyError, UnknownNameError, UsageError
from corpusmill.store import encode, exchange, pins, recited, shards, tombstones
from corpusmill.store.blobs import blob_path
from corpusmill.store.forget import asked
from corpusmill.types import SPLITS
from tests.corpusmill.samples import keep, run
from tests.corpusmill.store import poems
from tests.corpusmill.store.hunt import hits
from tests.corpusmill.store.poems import documents, forgotten, refreshed, text, whole, written

ALL = os.environ.get("CORPUSMILL_FAULTS") == "all"  # read before a fixture takes it away


@pytest.fixture
def folder(tmp_path):
    return written(tmp_path / "poems")


@pytest.fixture
def built(store, mill):
    """A folder of poems that is collected and built; it is for several tests, so none may change it."""
    folder, place = mill
    shutil.copytree(place, store.root)
    return folder


def needles(gone) -> list[str]:
    return [needle for document in gone for needle in (document.id, document.text)]


def test_ids_are_gone_from_everything_and_a_refresh_does_not_bring_them_back(store, folder):
    first, _ = refreshed(folder, store)
    (folder / "a.txt").write_text("\n".join(text("a", line) for line in range(20)), encoding="utf-8")
    refreshed(folder, store)  # a second version, most of it links to the first
    gone = random.Random(1).sample(documents(store, first), 30)
    sought = needles(gone)
    assert {needle for _, needle in hits(store.root, sought)} == set(sought)

    (done,) = forgotten(store, *(document.id for document in gone), reason="asked")

    assert (done.documents, done.versions) == (30, ("poems@v1", "poems@v2"))
    assert not hits(store.root, sought)
    whole(store)
    assert refreshed(folder, store) == (store.latest_version("poems"), False)
    assert not hits(store.root, sought)
    assert [version.number for version in store.versions("poems")] == [1, 2]


def test_only_the_shards_that_hold_it_are_written_and_the_id_stays(store, built):
    before = store.latest_version("poems")
    inode = {s.split: (store.version_folder(before) / s.path).stat().st_ino for s in before.shards}
    gone = next(d for d in shards.documents(store.version_folder(before), before.shards, "test"))
    forgotten(store, gone.id, reason="asked")
    after = store.latest_version("poems")
    same = {s.split for s in after.shards if (store.version_folder(after) / s.path).stat().st_ino == inode[s.split]}
    assert same == {"train", "validation"}
    assert (after.id, after.build_key, after.ref) == (before.id, before.build_key, before.ref)
    (removal,) = after.removals
    assert (removal.at, removal.reason, removal.documents) == (poems.AT, "asked", 1)
    assert removal.content == after.content != after.id
    assert after.stats["total"]["documents"] == before.stats["total"]["documents"] - 1
    assert after.drops == {"forget: asked for": 1}


@pytest.mark.parametrize(
    ("what", "documents_", "files"),
    [
        ("file:b.txt", 12, 1),
        ("file:s*", 1, 1),
        ("file:b.*", 12, 1),
        ("file:[!", None, None),
        ("licence:cc0-1.0", 97, 0),
        ("author:Nobody", None, None),
        ("f" * 32, None, None),
    ],
)
def test_addresses_and_licences_mean_all_that_they_hold(store, built, what, documents_, files):
    if documents_ is None:
        with pytest.raises(UnknownNameError, match="nothing in the store fits that"):
            forgotten(store, what)
        return
    (done,) = forgotten(store, what)
    assert (done.documents, done.files) == (documents_, files if what != "licence:cc0-1.0" else 1)
    whole(store)
    assert not hits(store.root, ["file:single.txt", text("single", 0)] if what == "file:s*" else [text("b", 3)])


def test_an_author_is_forgotten_whoever_writes_the_name(store, built):
    version = store.latest_version("poems")
    rows = [replace(d, author="A. Miller" if number % 5 == 0 else "B") for number, d in enumerate(documents(store))]
    place = store.version_folder(version)
    split = [shards.write(place, s.path, s.split, rows[:40] if s.split == "train" else []) for s in version.shards]
    keep_ = replace(version, shards=tuple(split), parsed=40, drops={})
    changed = replace(keep_, id=shards.content(split, []))
    (place / "manifest.json").write_bytes(encode(changed))
    (done,) = forgotten(store, "author: a. miller ")
    assert done.documents == 8
    assert {document.author for document in documents(store)} == {"B"}


def test_a_file_that_is_one_document_is_not_read_again_and_one_of_many_is_and_goes_again(store, built):
    single = next(d for d in documents(store) if d.source == "file:single.txt")
    other = next(d for d in documents(store) if d.source == "file:a.txt")
    (done,) = forgotten(store, single.id, other.id)
    assert (done.files, done.blobs, done.shared) == (1, 2, 1)
    refreshed(built, store)
    snapshot = store.latest_snapshot("poems")
    masked = [file for file in snapshot.files if tombstones.is_mask(file.url)]
    assert [(file.status, file.sha256, file.bytes) for file in masked] == [(410, "", 0)]
    (shared,) = [file for file in snapshot.files if file.url == "file:a.txt"]
    assert not blob_path(store.root, shared.sha256).exists()
    assert not hits(store.root, ["single.txt", single.text, other.text])


def test_a_copy_at_another_address_does_not_bring_a_text_back(store, folder):
    (folder / "copy.txt").write_text(text("a", 1), encoding="utf-8")
    refreshed(folder, store)
    (kept,) = [d for d in documents(store) if d.text == text("a", 1)]
    forgotten(store, kept.id)
    (folder / "late.txt").write_text(text("a", 1) + "\n" + text("late", 1), encoding="utf-8")
    version, made = refreshed(folder, store)
    assert made
    assert text("late", 1) in {d.text for d in documents(store, version)}
    assert not hits(store.root, [text("a", 1), kept.id])


def test_a_short_text_that_anybody_may_write_stays_where_others_wrote_it(store, folder):
    for page in "xy":
        (folder / f"{page}.txt").write_text("Amen.", encoding="utf-8")
    refreshed(folder, store, clean={"dedup": False})
    forgotten(store, "file:x.txt")
    assert [d.source for d in documents(store) if d.text == "Amen."] == ["file:y.txt"]


def test_what_a_corpus_expects_is_counted_with_what_is_forgotten(store, folder):
    expected = {"expect": {"documents": 97}}
    refreshed(folder, store, **expected)
    forgotten(store, documents(store)[0].id)
    assert refreshed(folder, store, **expected)[1] is False
    forgotten(store, "file:b.txt")
    assert refreshed(folder, store, **expected)[1] is False


def test_the_reasons_of_other_drops_name_nothing_forgotten(store, folder):
    (folder / "copy.txt").write_text("short", encoding="utf-8")
    (folder / "other.txt").write_text("short", encoding="utf-8")
    version, _ = refreshed(folder, store)
    (kept,) = [d for d in documents(store) if d.text == "short"]
    forgotten(store, kept.id)
    (version,) = store.versions("poems")
    (drop,) = [d for d in shards.read_drops(store.version_folder(version)) if d.step == "dedup"]
    assert drop.reason.startswith("same text: kept ")
    assert not hits(store.root, [kept.id])


def test_all_of_a_corpus_can_be_forgotten(store, built):
    forgotten(store, "licence:CC0-1.0")
    (version,) = store.versions("poems")
    assert version.shards == ()
    assert version.stats["total"] == {"documents": 0, "characters": 0, "bytes": 0}
    whole(store)


def test_a_killed_removal_is_finished_by_repeating_it(store, built, monkeypatch):
    """Killed before each change of the disk in turn; readers see whole versions throughout."""
    gone = documents(store)[:9]
    names = [document.id for document in gone]
    every = 1 if ALL else 47
    for number in itertools.count(0, every):
        copy = store.root.with_name(f"copy{number}")
        subprocess.run(["cp", "-a", store.root, copy], check=True)
        place = type(store)(copy)
        died = _died_at(place, names, number)
        whole(place)
        forgotten(place, *names, corpus="poems")
        assert not hits(copy, needles(gone)), number
        whole(place)
        assert refreshed(built, place)[1] is False
        if not died:
            break
    assert number > 20


def _died_at(store, names, number) -> bool:
    """Forget in a process of its own that ends, without a word, before the change of that number."""
    script = (
        "import os, pathlib, sys\n"
        "from corpusmill.store import Store\n"
        "from tests.corpusmill.store.poems import forgotten\n"
        "left = int(sys.argv[2])\n"
        "def told(event, arguments):\n"
        "    global left\n"
        "    if event in ('os.rename', 'os.remove', 'os.rmdir', 'os.link', 'os.mkdir', 'shutil.rmtree'):\n"
        "        left -= 1\n"
        "        if left < 0: os._exit(9)\n"
        "sys.addaudithook(told)\n"
        "forgotten(Store(pathlib.Path(sys.argv[1])), *sys.argv[3:])\n"
    )
    command = [sys.executable, "-c", script, str(store.root), str(number), *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 9), done.stderr
    return done.returncode == 9


def test_without_a_call_to_exchange_builts_two_renames_do_and_a_death_between_them_is_mended(store, built, monkeypatch):
    gone = documents(store)[0]
    monkeypatch.setattr(exchange, "_call", lambda: None)
    forgotten(store, gone.id)
    whole(store)
    assert not hits(store.root, needles([gone]))
    (version,) = store.versions("poems")
    place = store.version_folder(version)
    place.rename(place.with_name(f".{place.name}.away"))
    assert store.versions("poems") == []
    exchange.mended(place.parent)
    assert store.versions("poems") == [version]


def test_nothing_is_touched_while_somebody_reads_it(store, built, monkeypatch):
    version = store.latest_version("poems")
    monkeypatch.setattr("corpusmill.store.forget.PATIENCE", 0.1)
    with pins.held(store, version), pytest.raises(BusyError, match="somebody reads poems@v1"):
        forgotten(store, documents(store)[0].id)
    assert store.versions("poems") == [version]
    assert not tombstones.path_of(store, "poems").exists()


def test_a_run_is_said_to_be_tainted_and_what_it_recites_is_cleared(store, built):
    version = store.latest_version("poems")
    gone = next(d for d in shards.documents(store.version_folder(version), version.shards, "train"))
    made = run(of=version.id, corpus="poems", files={"samples/ladder.json": "0" * 64})
    keep(store, made, run("ddd111ddd111", of="another", corpus="poems"))
    place = store.run_folder("poems", made.id)
    samples = [{"temperature": 0.5, "text": f"and {gone.text[10:70]} so"}, {"temperature": 1.0, "text": "its own"}]
    (place / "samples").mkdir()
    (place / "samples" / "ladder.json").write_text(json.dumps(samples))
    for name in ("report.html", recited.WRITTEN):
        (place / name).write_text(gone.text)
    work = store.run_work_folder("poems", "eee111eee111")
    work.mkdir()
    (done,) = forgotten(store, gone.id, reason="asked")
    assert (done.tainted, done.reports) == ((made.ref,), (made.ref,))
    told = json.loads((place / "samples" / "ladder.json").read_text())
    assert [rung["text"] for rung in told] == [recited.GONE, "its own"]
    assert recited.taints(store, made) == [recited.Taint(poems.AT, "asked", 1, 1)]
    assert not work.exists()
    assert not hits(store.root, [gone.text[10:70]])
    again = store.run("poems", made.id)
    assert again.files["samples/ladder.json"] == recited.sha256((place / "samples" / "ladder.json").read_bytes())


def test_events_name_nothing_forgotten(store, built):
    events = store.root / "lineage" / "openlineage-2026.jsonl"
    events.parent.mkdir()
    events.write_text('{"inputs": [{"name": "file:b.txt"}, {"name": "file:a.txt"}]}\n')
    forgotten(store, "file:b.txt")
    mask = tombstones.load(store, "poems").mask("file:b.txt")
    assert json.loads(events.read_text())["inputs"] == [{"name": mask}, {"name": "file:a.txt"}]


def test_a_dry_run_says_what_it_would_be_and_changes_nothing(store, built):
    before = {path: path.stat().st_mtime_ns for path in store.root.rglob("*") if "locks" not in path.parts}
    (done,) = forgotten(store, "file:b.txt", dry_run=True)
    assert (done.documents, done.files, done.blobs, done.versions) == (12, 1, 1, ("poems@v1",))
    assert {path: path.stat().st_mtime_ns for path in store.root.rglob("*") if "locks" not in path.parts} == before


def test_a_body_that_another_corpus_has_stays_for_it(store, built):
    snapshot = store.latest_snapshot("poems")
    keep(store, replace(snapshot, corpus="others"))
    (file,) = [file for file in snapshot.files if file.url == "file:b.txt"]
    forgotten(store, "file:b.txt", corpus="poems")
    assert blob_path(store.root, file.sha256).exists()
    forgotten(store, "file:b.txt")
    assert not blob_path(store.root, file.sha256).exists()


def test_what_is_not_there_yet_is_kept_out_where_a_corpus_is_named(store, folder):
    (done,) = forgotten(store, "file:b.txt", corpus="poems")
    assert (done.documents, done.files) == (0, 0)
    refreshed(folder, store)
    assert not hits(store.root, [text("b", 2), "b.txt"])


def test_a_legacy_split_leaves_out_what_is_forgotten(store, tmp_path):
    (tmp_path / "one.txt").write_text("\n".join(text("a", n) for n in range(40)), encoding="utf-8")
    corpus = {"parse": {"kind": "text"}, "split": {"scheme": "legacy:torch-rnn"}}
    version, _ = refreshed(tmp_path / "one.txt", store, **corpus)
    gone = next(d for d in shards.documents(store.version_folder(version), version.shards, "test"))
    forgotten(store, gone.id)
    again, made = refreshed(tmp_path / "one.txt", store, **corpus)
    assert (made, {s.split for s in again.shards}) == (False, {*SPLITS} - {"test"})


@pytest.mark.parametrize("what", ["", "author:", "licence: ", "abc", "*", "https:*", "forgotten:abc", "../x", "F" * 32])
def test_what_names_nothing_is_refused(what):
    with pytest.raises(UsageError, match="nothing that can be forgotten"):
        asked(what)


def test_the_command_takes_a_list_and_says_what_it_did(store, built, tmp_path):
    chosen = documents(store)[:3]
    (tmp_path / "ids").write_text("\n".join(document.id for document in chosen))
    command = [sys.executable, "-m", "corpusmill", "forget", f"@{tmp_path / 'ids'}", "--reason", "asked", "--json"]
    environment = os.environ | {"CORPUSMILL_STORE": str(store.root)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert set(said) == {"dry_run", "forgotten", "notes"}
    assert (said["forgotten"][0]["corpus"], said["forgotten"][0]["documents"]) == ("poems", 3)
    assert _said(forgotten(store, "file:b.txt")[0], dry_run=False).startswith(
        "poems: 12 documents, 1 addresses, 1 raw files are gone\n"
    )


def test_a_build_after_it_reuses_nothing_that_is_stale(store, built):
    forgotten(store, next(d for d in documents(store) if d.source == "file:a.txt").id)
    again, made = refreshed(built, store, clean={"steps": ["nfc"]})
    assert not made  # other steps, the same rows
    assert again.drops == {"forget: asked for": 1}
