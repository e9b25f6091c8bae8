"""In a bucket too, what was asked to be forgotten is nowhere any more, and does not come back."""

import itertools
import json
import os
import random
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from corpusmill.errors import BusyError, StoreError
from corpusmill.store import (
    Store,
    blobs,
    caches,
    commit,
    encode,
    leases,
    pins,
    recited,
    remote,
    shards,
    sweeps,
    working,
)
from corpusmill.store.bucket import S3
from corpusmill.store.ids import file_sha256, pretty, sha256
from corpusmill.store.verify import verify
from tests.corpusmill.samples import run
from tests.corpusmill.store.buckets import DeadError, Memory, Shim, dying
from tests.corpusmill.store.hunt import hits
from tests.corpusmill.store.poems import documents, forgotten, refreshed, text, whole, written

ALL = os.environ.get("CORPUSMILL_FAULTS") == "all"  # read before a fixture takes it away


@pytest.fixture
def folder(tmp_path):
    return written(tmp_path / "poems", "abc", 6)


@pytest.fixture
def bucket() -> Memory:
    return Memory()


@pytest.fixture
def store(tmp_path, bucket) -> Store:
    return Store(tmp_path / "copy", bucket)


@pytest.fixture(scope="module")
def three(tmp_path_factory) -> tuple[Path, Memory]:
    """A folder of three poems, and a bucket in which it is collected and built; who changes that copies it."""
    folder, bucket = written(tmp_path_factory.mktemp("three") / "poems", "abc", 6), Memory()
    refreshed(folder, Store(tmp_path_factory.mktemp("three"), bucket))
    return folder, bucket


@pytest.fixture
def built(bucket, three) -> Path:
    """That folder, and this bucket with what it gave; no test may change the folder."""
    folder, kept = three
    bucket.held, bucket.written = dict(kept.held), dict(kept.written)
    return folder


@pytest.fixture
def other(tmp_path, bucket) -> Store:
    """The same store on another machine."""
    return Store(tmp_path / "other", bucket)


def found(bucket, place, needles) -> list[tuple[str, str]]:
    """The places of needles in a bucket, whose objects are laid down in a folder."""
    for entry in bucket.list(""):
        path = place / entry.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bucket.get(entry.key))
    return hits(place, needles)


def needles(gone) -> list[str]:
    return [needle for document in gone for needle in (document.id, document.text)]


def chosen(store, number=6) -> list:
    of_a = [document for document in documents(store) if document.source == "file:a.txt"]
    single = next(document for document in documents(store) if document.source == "file:single.txt")
    return [*random.Random(1).sample(of_a, number - 1), single]


def read_all(store) -> None:
    """Have all of a store in a working copy, with the caches that work leaves."""
    whole(store)
    for snapshot in store.snapshots("poems"):
        store.fetch(snapshot)


def test_it_is_gone_from_the_bucket_and_every_working_copy_and_a_refresh_does_not_bring_it_back(
    store, other, bucket, folder, tmp_path
):
    refreshed(written(folder), store)
    (folder / "a.txt").write_text("\n".join(text("a", line) for line in range(15)), encoding="utf-8")
    refreshed(folder, store)  # a second version, most of it shared with the first
    read_all(other)
    gone = chosen(store)
    sought = [*needles(gone), "file:b.txt", text("b", 2)]
    assert {needle for _, needle in found(bucket, tmp_path / "before", sought)} == set(sought)

    (done,) = forgotten(store, "file:b.txt", *(document.id for document in gone), reason="asked")

    assert (done.documents, done.versions) == (18, ("poems@v1", "poems@v2"))
    assert not found(bucket, tmp_path / "after", sought)
    assert not hits(store.root, sought)
    assert verify(store).wrong == ()
    read_all(other)
    assert not hits(other.root, sought)
    assert verify(other).wrong == ()
    assert refreshed(folder, other) == (store.latest_version("poems"), False)
    assert not found(bucket, tmp_path / "again", sought)
    assert not hits(other.root, sought)
    assert not [key for key in bucket.held if key.startswith(("locks/", "commits/"))]


def test_on_a_server_it_is_the_same(folder, tmp_path, url, aws):
    bucket = S3(url, aws)
    store, other = Store(tmp_path / "copy", bucket), Store(tmp_path / "other", bucket)
    refreshed(folder, store)
    read_all(other)
    gone = chosen(store)
    forgotten(store, *(document.id for document in gone))
    assert not found(bucket, tmp_path / "after", needles(gone))
    read_all(other)
    assert not hits(other.root, needles(gone))


def copied(bucket: Memory) -> Memory:
    made = Memory()
    made.held, made.written = dict(bucket.held), dict(bucket.written)
    return made


def test_a_removal_that_is_killed_at_any_request_is_finished_by_repeating_it(store, bucket, built, tmp_path):
    """Here or elsewhere; meanwhile readers see each version as it was, or as it is now."""
    gone = chosen(store)
    names = [document.id for document in gone]
    for number in itertools.count(0, 1 if ALL else 19):
        there = copied(bucket)
        killed = Store(tmp_path / f"killed{number}", Shim(there, before=dying(number)))
        try:
            forgotten(killed, *names, corpus="poems")
            died = False
        except DeadError:
            died = True
        whole(Store(tmp_path / f"reader{number}", there))
        again = Store(killed.root if number % 2 else tmp_path / f"again{number}", there)
        if again.root != killed.root:  # another machine waits until the dead one's leases are old
            there.delete([key for key in there.held if key.startswith(leases.PLACE)])
        forgotten(again, *names, corpus="poems")
        assert not found(there, tmp_path / f"dump{number}", needles(gone)), number
        assert not hits(again.root, needles(gone)), number
        assert verify(Store(tmp_path / f"reader{number}", there)).wrong == ()
        if not died:
            break
    assert number > 60


def test_readers_see_whole_versions_only_while_something_is_forgotten(store, bucket, built, tmp_path):
    names = [document.id for document in documents(store)[:9]]
    ended, seen = threading.Event(), []

    def read() -> None:
        while not ended.is_set():
            reader = Store(tmp_path / f"reader{len(seen)}", bucket)
            try:
                whole(reader)
            except StoreError as error:
                assert "was changed or removed while it was fetched" in str(error)
            seen.append(len(reader.versions("poems")))

    reading = threading.Thread(target=read)
    reading.start()
    for name in names[: 9 if ALL else 3]:
        forgotten(store, name)
    ended.set()
    reading.join()
    assert set(seen) == {1}


def test_nothing_is_touched_while_another_machine_reads_or_builds_it(store, other, bucket, built, monkeypatch):
    version = store.latest_version("poems")
    monkeypatch.setattr("corpusmill.store.forget.PATIENCE", 0.1)
    before = dict(bucket.held)
    with pins.held(other, version), pytest.raises(BusyError, match="somebody reads poems@v1"):
        forgotten(store, documents(store)[0].id)
    with other.lock("poems", "build", "x"), pytest.raises(BusyError, match="another machine works on poems"):
        forgotten(store, documents(store)[0].id)
    assert bucket.held == before
    with store.alone("poems", "x"), pytest.raises(BusyError, match="another machine clears"):
        refreshed(built, other)


def test_who_publishes_meanwhile_is_waited_for_and_then_named(store, other, built, monkeypatch):
    monkeypatch.setattr("corpusmill.store.forget.PATIENCE", 0.1)
    with other.lease("objects"), pytest.raises(BusyError, match="somebody publishes in s3://memory"):
        forgotten(store, documents(store)[0].id)
    forgotten(store, "file:b.txt")


def test_a_manifest_of_the_same_size_is_noticed(store, other, bucket, built):
    version = store.latest_version("poems")
    whole(other)
    key = "poems/versions/v000001/manifest.json"
    bucket.put(key, encode(replace(version, title="Smeop")))
    assert len(bucket.held[key]) == (other.root / key).stat().st_size
    assert other.version("poems", "v000001").title == "Smeop"


def test_a_reader_with_the_new_manifest_takes_files_from_objects_until_they_are_at_their_place(
    store, bucket, built, tmp_path
):
    gone = documents(store)[0]

    def dies(verb: str, key: str) -> None:
        if verb == "copy":
            raise DeadError

    with pytest.raises(DeadError):
        forgotten(Store(tmp_path / "killed", Shim(bucket, before=dies)), gone.id)
    reader = Store(tmp_path / "reader", bucket)
    assert reader.versions("poems")[0].removals
    whole(reader)
    assert gone.id not in {document.id for document in documents(reader)}
    remote.finish(bucket)
    assert not list(bucket.list(working.COMMITS))
    whole(Store(tmp_path / "later", bucket))


def test_what_dead_writers_left_of_it_goes_too(store, bucket, built, tmp_path):
    gone = documents(store)[0]
    bucket.put("objects/ab/cdef", gone.text.encode())
    bucket.put("poems/versions/v000009/data/train-00000-of-00001.parquet", gone.text.encode())
    forgotten(store, gone.id)
    assert not found(bucket, tmp_path / "dump", needles([gone]))


def test_runs_are_tainted_and_what_they_recite_is_cleared_on_every_machine(store, other, bucket, built, tmp_path):
    version = store.latest_version("poems")
    gone = next(d for d in shards.documents(store.version_folder(version), version.shards, "train"))
    body = json.dumps([{"text": f"and {gone.text[10:70]} so"}]).encode()
    made = run(of=version.id, corpus="poems", files={"samples/ladder.json": sha256(body)})
    final = store.corpus("poems") / "runs" / made.id
    with commit.work_folder(final) as work:
        (work / "samples").mkdir()
        (work / "samples" / "ladder.json").write_bytes(body)
        assert store.publish(work, final, made)
    commit.write_file(final / "report.html", gone.text.encode())
    store.keep(final / "report.html")
    read_all(other)
    assert (other.run_folder("poems", made.id) / "report.html").is_file()

    (done,) = forgotten(store, gone.id, reason="asked")

    assert (done.tainted, done.reports) == ((made.ref,), (made.ref,))
    assert not found(bucket, tmp_path / "dump", [gone.text[10:70]])
    read_all(other)
    assert not hits(other.root, [gone.text[10:70]])
    assert [taint.samples for taint in recited.taints(other, made)] == [1]
    assert verify(other, other.run("poems", made.id)).wrong == ()


def test_events_name_nothing_forgotten(store, bucket, built):
    bucket.put("lineage/openlineage-elsewhere.jsonl", b'{"inputs": [{"name": "file:b.txt"}]}\n')
    forgotten(store, "file:b.txt")
    assert b"file:b.txt" not in bucket.get("lineage/openlineage-elsewhere.jsonl")


def test_a_working_copy_is_cleaned_before_somebody_works_with_it(store, other, built):
    read_all(other)
    for name in ("ids/x/a", "traces/x/a", "baselines/x/a", ".parts/a", "runs/.eee111eee111.work/a"):
        commit.write_file(other.corpus("poems") / name, b"")
    forgotten(store, documents(store)[0].id)
    assert blobs_of(other)
    with other.lock("poems", "collect", "x"):
        assert not [path for path in other.corpus("poems").rglob("a") if path.is_file()]
        assert len(blobs_of(other)) == 3


def blobs_of(store) -> list:
    return list((store.root / "blobs").glob("??/*"))


def test_a_body_with_other_documents_is_fetched_again_and_goes_once_it_is_built(store, bucket, folder):
    refreshed(folder, store)
    gone = next(d for d in documents(store) if d.source == "file:a.txt")
    forgotten(store, gone.id)
    digest = sha256((folder / "a.txt").read_bytes())
    (folder / "late.txt").write_text(text("late", 1), encoding="utf-8")
    assert refreshed(folder, store)[1]
    assert not store.holds(blobs.blob_path(store.root, digest))
    assert not blobs.blob_path(store.root, digest).exists()


def test_what_sweeps_and_runs_say_of_a_document_goes_on_every_machine(store, other, bucket, built, tmp_path):
    gone = documents(store)[0]
    error = f"training diverged at iteration 9; in it was {gone.id} (A title)"
    entry = {"text": "poems", "corpus": "poems", "run": "fff1", "status": "failed", "error": error}
    sweeps.write(store, "poems", "sizes", pretty({"name": "sizes", "entries": [entry]}))
    version = store.latest_version("poems")
    work = store.run_work_folder("poems", "ccc111ccc111")
    commit.write_file(work / "setbacks.json", pretty([{"documents": [f"{gone.id} (A title)"]}]))
    made = run(of=version.id, corpus="poems", files={"setbacks.json": file_sha256(work / "setbacks.json")})
    assert store.publish(work, store.run_folder("poems", made.id), made)
    assert [each.error for each in sweeps.trials(other, "poems", "sizes")] == [error]
    other.run_folder("poems", made.id)

    forgotten(store, gone.id, reason="asked")

    caches.heed(other, "poems")
    other.run_folder("poems", made.id)
    assert not found(bucket, tmp_path / "laid", [gone.id])
    assert not hits(other.root, [gone.id])
    assert not verify(other, other.run("poems", made.id)).wrong
    assert sweeps.names(other, "poems") == ["sizes"]
