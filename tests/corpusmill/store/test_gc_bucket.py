"""In a bucket too: what nothing needs goes; what anything needs stays, and what is young."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from corpusmill.store import Store, blobs, commit, gc, leases, pins, tags
from corpusmill.store.bucket import S3
from corpusmill.store.gc import Retention
from corpusmill.store.ids import sha256
from corpusmill.types import Run, Snapshot
from tests.corpusmill.samples import raw, run, snapshot
from tests.corpusmill.store.buckets import DeadError, Memory, Shim, dying
from tests.corpusmill.store.test_gc import cleared
from tests.corpusmill.store.writers import PATH, add, assert_whole

EVERY = os.environ.get("CORPUSMILL_FAULTS") == "all"  # read before a fixture takes it away
LATER = datetime.now(UTC) + timedelta(days=9)
ALL = Retention(keep=1)


@pytest.fixture
def bucket() -> Memory:
    return Memory()


@pytest.fixture
def other(tmp_path, four, bucket) -> Store:
    """The same store on another machine."""
    return Store(tmp_path / "other", bucket)


def published(store: Store, thing: Snapshot | Run) -> None:
    kind = "snapshots" if isinstance(thing, Snapshot) else "runs"
    final = store.corpus("bible") / kind / thing.id
    with commit.work_folder(final) as work:
        if isinstance(thing, Run):
            (work / "config.json").write_bytes(b"{}")
        assert store.publish(work, final, thing)


def filled(store: Store) -> Store:
    """Four versions of one snapshot, and two snapshots before it."""
    for number in range(1, 4):
        digest = blobs.put(store.root, b"body %d" % number)
        at = f"2024-01-0{number}T00:00:00+00:00"
        identity = "aaa111aaa111" if number == 3 else f"aaa00000000{number}"
        published(store, snapshot(identity, files=(raw(sha256=digest),), collected_at=at))
    for text in ("one", "two", "three", "four"):
        version = add(store, text)[0]
    store.set_latest("bible", "latest", version.name)
    store.set_latest("bible", "snapshot", "aaa111aaa111")
    return store


@pytest.fixture
def four(tmp_path, bucket) -> Store:
    return filled(Store(tmp_path / "copy", bucket))


def numbers(store: Store) -> list[int]:
    return [version.number for version in store.versions("bible")]


def kinds(found) -> dict[str, int]:
    names = [kind for kind, _ in found]
    return {kind: names.count(kind) for kind in dict.fromkeys(names)}


def test_without_a_rule_every_version_stays_and_with_one_those_beyond_it_go_with_all_they_had(four, other, bucket):
    for version in other.versions("bible"):
        assert_whole(other, version)
    first = cleared(four)  # of files of which no manifest has the digest no copy is kept
    assert kinds(first) == {"snapshot": 2, "body": 2, "object": 2}
    assert numbers(four) == [1, 2, 3, 4]
    before = dict(bucket.held)
    told = cleared(four, ALL, dry_run=True)
    assert bucket.held == before
    assert cleared(four, ALL) == told
    assert kinds(told) == {"version": 3, "object": 3}
    assert numbers(four) == numbers(other) == [4]
    assert set(bucket.held) == {
        f"blobs/{sha256(b'body 3')[:2]}/{sha256(b'body 3')[2:]}",
        "bible/snapshots/aaa111aaa111/manifest.json",
        "bible/versions/v000004/README.md",
        f"bible/versions/v000004/{PATH}",
        "bible/versions/v000004/drops/drops.parquet",
        "bible/versions/v000004/manifest.json",
        f"objects/{sha256(b'four')[:2]}/{sha256(b'four')[2:]}",
        "refs/bible/latest",
        "refs/bible/snapshot",
    }
    assert cleared(four, ALL) == []
    for store in (four, other):
        assert_whole(store, store.versions("bible")[0])
    assert not list(four.root.rglob("v00000[123]"))


def test_what_is_the_latest_or_has_a_tag_a_run_or_a_reader_elsewhere_stays(four, other):
    _, second, third, _ = four.versions("bible")
    four.set_latest("bible", "latest", "v000001")
    tags.put(other, second, "paper")
    published(four, run(of=third.id, files={"config.json": sha256(b"{}")}))
    with pins.held(other, other.versions("bible")[3]):
        assert gc.collect(four, ALL, moment=LATER).kept == ()  # by the rule it stays anyway
    assert numbers(four) == [1, 2, 3, 4]
    add(four, "five")
    with pins.held(other, other.versions("bible")[3]):
        assert gc.collect(four, ALL, moment=LATER).kept == ("bible@v4: somebody reads it",)
    assert ("version", "bible@v4") in cleared(four, ALL)
    assert numbers(other) == [1, 2, 3, 5]


@pytest.mark.parametrize(("hours", "goes"), [(0, False), (24.9, False), (25.1, True)])
def test_what_is_younger_than_a_day_and_an_hour_stays(four, bucket, hours, goes):
    bucket.put("objects/ab/cdef", b"of nobody")
    bucket.put("bible/versions/v000009/data/x", b"of nobody")
    bucket.put("commits/probe-1", b"1")
    bucket.put("blobs/ab/cdef", b"of nobody")
    found = cleared(four, ALL, moment=datetime.now(UTC) + timedelta(hours=hours))
    assert bool(found) is goes
    assert (len([key for key in bucket.held if key.startswith("objects/")]) == 1) is goes
    assert not goes or not {key.split("/")[0] for key in bucket.held} - {"bible", "blobs", "objects", "refs"}


def test_leases_of_the_dead_go_and_those_of_the_living_stay(four, bucket):
    for name, hours in {"dead": 1.1, "living": 0.9}.items():
        bucket.put(key := f"locks/pins/x/{name}.1.shared", b"")
        bucket.written[key] -= timedelta(hours=hours)
    cleared(four)
    assert [key for key in bucket.held if key.startswith("locks/")] == ["locks/pins/x/living.1.shared"]


def test_a_writer_in_the_middle_of_its_upload_is_not_harmed(four, other, bucket):
    """What it has sent, and what it found there and did not send, is still there when it commits."""
    seen = []

    class Meanwhile(Shim):
        def create(self, key, body):
            seen.append(gc.collect(other, ALL, moment=LATER).kept)
            return self.inner.create(key, body)

    writer = Store(four.root, Meanwhile(bucket))
    made, _ = add(writer, "one and more")
    assert seen == [("objects: somebody publishes",)]
    assert_whole(other, other.version("bible", made.name))


def test_a_writer_that_was_taken_for_dead_sends_again_what_is_gone(four, bucket):
    class Slow(Shim):
        def create(self, key, body):
            bucket.delete([key for key in bucket.held if key.startswith("objects/")])
            return self.inner.create(key, body)

    made, _ = add(Store(four.root, Slow(bucket)), "five")
    assert bucket.held[f"bible/versions/{made.name}/{PATH}"] == b"five"


def test_bodies_stay_while_somebody_collects_and_a_corpus_while_somebody_builds(four, other, bucket):
    bucket.put("blobs/ab/cdef", b"of nobody")
    with pins.putting(other):
        assert gc.collect(four, Retention(), moment=LATER).kept == ("raw bodies: somebody collects",)
    with other.lock("bible", "build", "x"):
        assert gc.collect(four, ALL, moment=LATER).kept == ("bible: another machine works on bible",)
    assert numbers(four) == [1, 2, 3, 4]
    assert "blobs/ab/cdef" not in bucket.held


def test_a_commit_that_was_cut_off_is_finished_and_nothing_of_it_goes(four, bucket, tmp_path):
    def dies(verb: str, key: str) -> None:
        if verb == "copy":
            raise DeadError

    with pytest.raises(DeadError):
        add(Store(tmp_path / "dead", Shim(bucket, before=dies)), "five")
    bucket.delete([key for key in bucket.held if key.startswith("locks/")])
    told = cleared(four, dry_run=True)
    assert not [what for _, what in told if sha256(b"five")[2:] in what]
    cleared(four)
    reader = Store(tmp_path / "reader", bucket)
    assert_whole(reader, reader.versions("bible")[-1])
    assert not [key for key in bucket.held if key.startswith("commits/")]


def test_clearing_that_is_killed_at_any_request_is_finished_by_repeating_it(four, bucket, tmp_path):
    expected = Memory()
    expected.held, expected.written = dict(bucket.held), dict(bucket.written)
    cleared(Store(tmp_path / "expected", expected), ALL)
    for number in range(0, 200, 1 if EVERY else 11):
        there = Memory()
        there.held, there.written = dict(bucket.held), dict(bucket.written)
        place = tmp_path / f"killed{number}"
        try:
            cleared(Store(place, Shim(there, before=dying(number))), ALL)
            died = False
        except DeadError:
            died = True
        reader = Store(tmp_path / f"reader{number}", there)
        for version in reader.versions("bible"):
            assert_whole(reader, version)
        cleared(Store(place, there), ALL)
        there.delete([key for key in there.held if key.startswith(leases.PLACE)])  # the dead one's, until they are old
        assert there.held == expected.held
        if not died:
            break
    assert not died


def test_on_a_server_it_is_the_same(tmp_path, url, aws):
    store = filled(Store(tmp_path / "copy", S3(url, aws)))
    assert kinds(cleared(store, ALL)) == {"version": 3, "snapshot": 2, "body": 2, "object": 5}
    assert_whole(store, store.versions("bible")[0])
