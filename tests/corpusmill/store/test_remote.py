import shutil
from dataclasses import replace

import pytest

from corpusmill.errors import CorruptError, StoreError, UnknownNameError
from corpusmill.store import Store, blobs, commit, encode
from corpusmill.store.ids import sha256
from corpusmill.store.objects import PassingError, Steady
from corpusmill.types import Removal
from tests.corpusmill.samples import raw, run, snapshot
from tests.corpusmill.store.buckets import DeadError, Deaf, Memory, Shim, dying, losing
from tests.corpusmill.store.writers import PATH, add, assert_one_chain, assert_whole


@pytest.fixture
def bucket() -> Memory:
    return Memory()


@pytest.fixture
def store(tmp_path, bucket) -> Store:
    return Store(tmp_path / "copy", bucket)


@pytest.fixture
def other(tmp_path, bucket) -> Store:
    """The same store on another machine."""
    return Store(tmp_path / "other", bucket)


def publish_run(store: Store, identity: str = "ccc111ccc111", **files: bytes) -> None:
    digests = {name: sha256(body) for name, body in files.items()}
    made = run(identity, files=digests)
    with commit.work_folder(store.corpus("bible") / "runs" / identity) as work:
        for name, body in files.items():
            (work / name).write_bytes(body)
        assert store.publish(work, store.run_folder("bible", identity), made)


def publish_snapshot(store: Store, *bodies: bytes) -> None:
    files = [raw(f"https://host/{blobs.put(store.root, body)}", sha256=sha256(body)) for body in bodies]
    made = snapshot(files=(*files, raw("https://host/gone", status=404, sha256="")))
    with commit.work_folder(store.corpus("bible") / "snapshots" / made.id) as work:
        assert store.publish(work, store.snapshot_folder("bible", made.id), made)
    store.set_latest("bible", "snapshot", made.id)


# What one machine publishes another reads


def test_a_version_is_read_on_another_machine(store, other):
    made, _ = add(store, "one")
    assert other.versions("bible") == [made] == store.versions("bible")
    assert other.version("bible", "v000001") == made
    assert_whole(other, made)


def test_listing_fetches_manifests_alone_and_each_once(store, other, bucket):
    for text in "abcd":
        add(store, text)
    assert len(other.versions("bible")) == 4
    assert {path.name for path in other.root.rglob("*") if path.is_file()} == {"manifest.json", ".tag"}
    bucket.asked.clear()
    other.versions("bible")
    assert bucket.asked == {"list": 1}


def test_a_run_is_read_on_another_machine_and_its_report_with_it(store, other):
    publish_run(store, **{"config.json": b"{}", "metrics.jsonl": b"1\n"})
    commit.write_file(store.run_folder("bible", "ccc111ccc111") / "report.html", b"<html>")
    store.keep(store.run_folder("bible", "ccc111ccc111") / "report.html")
    folder = other.run_folder("bible", "ccc111ccc111")
    found = {path.name: path.read_bytes() for path in folder.iterdir() if path.name not in ("manifest.json", ".tag")}
    assert found == {
        "config.json": b"{}",
        "metrics.jsonl": b"1\n",
        "report.html": b"<html>",
    }
    assert other.runs("bible") == [other.run("bible", "ccc111ccc111")]


def test_a_snapshot_is_read_on_another_machine_and_its_bodies_when_they_are_asked_for(store, other):
    publish_snapshot(store, b"one", b"two")
    found = other.latest_snapshot("bible")
    assert not (other.root / "blobs").exists()
    other.fetch(found)
    assert blobs.get(other.root, sha256(b"one")) == b"one"
    assert blobs.get(other.root, sha256(b"two")) == b"two"


def test_pointers_are_those_of_the_bucket(store, other):
    store.set_latest("bible", "latest", "v000001")
    assert other.latest("bible", "latest") == "v000001"
    other.set_latest("bible", "latest", "v000002")
    assert store.latest("bible", "latest") == "v000002"
    store.set_latest("bible", "tags/paper", "v000001")
    assert other.pointers("bible", "tags") == ["paper"]
    other.unset("bible", "tags/paper")
    assert (store.latest("bible", "tags/paper"), store.pointers("bible", "tags")) == (None, [])
    assert store.corpora() == ["bible"]


def test_a_working_copy_can_be_thrown_away(store):
    made, _ = add(store, "one")
    publish_snapshot(store, b"one")
    shutil.rmtree(store.root)
    assert store.versions("bible") == [made]
    assert_whole(store, made)
    store.fetch(store.latest_snapshot("bible"))
    assert blobs.get(store.root, sha256(b"one")) == b"one"


def test_a_store_of_which_nothing_is_there_holds_nothing(store):
    assert (store.corpora(), store.versions("bible"), store.runs("bible"), store.snapshots("bible")) == ([], [], [], [])
    assert (store.latest_version("bible"), store.latest_snapshot("bible")) == (None, None)
    for ask in (store.run, store.snapshot, store.version):
        with pytest.raises(UnknownNameError):
            ask("bible", "aaa")
    assert not store.root.exists()
    assert store.place == "s3://memory"


# The bucket is the truth


def test_what_is_gone_from_the_bucket_is_gone_from_every_working_copy(store, other, bucket):
    add(store, "one")
    two, _ = add(store, "two")
    assert_whole(other, other.versions("bible")[0])
    bucket.delete([key for key in bucket.held if key.startswith("bible/versions/v000001/")])
    assert other.versions("bible") == [two]
    assert not (other.root / "bible" / "versions" / "v000001").exists()


def test_a_manifest_that_was_replaced_is_fetched_again_and_so_is_what_lies_beside_it(store, other, bucket):
    made, _ = add(store, "what must go")
    assert_whole(other, other.versions("bible")[0])
    rest = replace(made.shards[0], sha256=sha256(b"the rest"))
    removal = Removal(at="2026-01-01T00:00:00Z", reason="asked", documents=1, hashes=("5" * 64,), content="6" * 12)
    bucket.held[f"bible/versions/v000001/{PATH}"] = b"the rest"
    bucket.held["bible/versions/v000001/manifest.json"] = encode(replace(made, shards=(rest,), removals=(removal,)))
    (found,) = other.versions("bible")
    assert found.removals == (removal,)
    assert_whole(other, found)


def test_a_file_that_is_not_what_its_manifest_says_is_not_taken(store, other, bucket):
    made, _ = add(store, "one")
    bucket.held[f"bible/versions/v000001/{PATH}"] = b"two"
    with pytest.raises(CorruptError, match=r"s3://memory: bible/versions/v000001/data/.* does not match its digest"):
        other.version_folder(made)
    assert not [path for path in other.root.rglob("*") if path.is_file() and "train" in path.name]


def test_a_file_that_breaks_off_on_the_way_is_fetched_again(store, tmp_path, bucket):
    made, _ = add(store, "a longer text" * 1000)
    broken = []

    class Breaking(Shim):
        def pieces(self, key):
            for number, piece in enumerate(self.inner.pieces(key)):
                if number and key not in broken:
                    broken.append(key)
                    raise PassingError("broke off", "later")
                yield piece

    reader = Store(tmp_path / "reader", Breaking(bucket))
    assert_whole(reader, made)
    assert len(broken) == 1


@pytest.mark.parametrize(
    "key", ["../../evil", "a/../../../../../evil", "/etc/evil", "a//evil", "a\\..\\evil", "./evil"]
)
def test_a_key_that_leads_out_of_the_folder_is_refused(store, other, bucket, key):
    made, _ = add(store, "one")
    bucket.held[f"bible/versions/v000001/{key}"] = b"evil"
    with pytest.raises(CorruptError, match="which is no path: remove it there"):
        other.version_folder(made)
    assert not list(other.root.parent.rglob("*evil*"))


# Commits


def test_what_two_versions_share_is_sent_once(store, bucket):
    add(store, "one")
    sent = bucket.asked["put"]
    add(store, "two")
    assert bucket.asked["put"] - sent == 3  # the shard, the note of the commit and a lease; not the card, not the drops


def test_the_files_of_a_commit_lie_where_other_tools_read_them(store, bucket):
    add(store, "one")
    assert bucket.held[f"bible/versions/v000001/{PATH}"] == b"one"
    assert sorted({key.split("/")[0] for key in bucket.held}) == ["bible", "objects"]


def test_a_writer_that_dies_at_any_request_leaves_all_or_nothing_and_the_next_one_finishes(tmp_path):
    seen = set()
    for at in range(60):
        bucket = Memory()
        writer = Store(tmp_path / f"writer{at}", Shim(bucket, before=dying(at)))
        try:
            add(writer, "one")
            died = False
        except DeadError:
            died = True
        reader = Store(tmp_path / f"reader{at}", bucket)
        found = reader.versions("bible")
        for version in found:
            assert_whole(reader, version)
        assert died or found
        add(Store(tmp_path / f"writer{at}", bucket), "one")  # the same machine, alive again
        add(Store(tmp_path / f"next{at}", bucket), "two")
        assert_one_chain(Store(tmp_path / f"last{at}", bucket), 2)
        assert bucket.held[f"bible/versions/v000001/{PATH}"] == b"one"
        assert not [key for key in bucket.held if key.startswith("commits/")]
        seen.add((died, bool(found)))
        if not died:
            break
    assert seen == {(True, False), (True, True), (False, True)}


def test_a_commit_whose_answer_is_lost_is_published_once(tmp_path, bucket):
    lossy = Steady(Shim(bucket, after=losing(("create",))), sleep=lambda _: None)
    writer = Store(tmp_path / "writer", lossy)
    assert add(writer, "one")[1]
    assert add(writer, "two")[1]
    assert not add(writer, "one")[1]
    assert_one_chain(Store(tmp_path / "reader", bucket), 2)


def test_a_manifest_that_was_listed_while_its_writer_was_at_work_does_no_harm(store, bucket):
    """Another process on this machine lists between a commit and the end of its publishing."""

    class Listing(Shim):
        def create(self, key, body):
            made = self.inner.create(key, body)
            store.versions("bible")
            return made

    made, new = add(Store(store.root, Listing(bucket)), "one")
    assert new
    assert_whole(store, made)
    assert not [path for path in (store.root / "bible" / "versions").iterdir() if path.name.startswith(".")]


# A bucket that cannot be a store


def test_a_bucket_of_which_two_could_win_is_refused_before_anything_is_made_for_it(tmp_path, bucket):
    store = Store(tmp_path, Deaf(bucket))
    with (
        pytest.raises(StoreError, match="ignores the condition of a conditional write: use a server that does"),
        store.lock("bible", "collect", "collecting"),
    ):
        pytest.fail("it was begun")
    assert not bucket.held


def test_a_bucket_is_tried_once(store, bucket):
    for _ in range(3):
        with store.lock("bible", "collect", "collecting"):
            pass
    assert bucket.asked["create"] == 2
