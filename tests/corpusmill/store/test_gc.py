"""What nothing needs goes; what anything needs stays, and what is young."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from corpusmill.errors import BusyError
from corpusmill.store import blobs, gc, pins, tags
from corpusmill.store.gc import Retention
from tests.corpusmill.samples import folder_of, keep, raw, run, snapshot, version

LATER = datetime.now(UTC) + timedelta(days=9)
ALL = Retention(keep=1)


def cleared(store, retention=None, moment=LATER, **more) -> list[tuple[str, str]]:
    done = gc.collect(store, retention or Retention(), moment=moment, **more)
    return [(item.kind, item.what) for item in done.removed]


@pytest.fixture
def four(store):
    """Four versions, each of a snapshot of its own, each of a body of its own."""
    for number in range(1, 5):
        digest = blobs.put(store.root, b"body %d" % number)
        at = f"2024-01-0{number}T00:00:00+00:00"
        keep(store, snapshot(f"aaa00000000{number}", files=(raw(sha256=digest),), collected_at=at))
        keep(store, version(number, snapshot=f"aaa00000000{number}"))
    store.set_latest("bible", "latest", "v000004")
    store.set_latest("bible", "snapshot", "aaa000000004")
    return store


def test_without_a_rule_every_version_stays_and_with_one_those_beyond_it_go_with_what_they_needed(four):
    assert cleared(four) == []
    told = cleared(four, ALL, dry_run=True)
    assert [v.number for v in four.versions("bible")] == [1, 2, 3, 4]
    assert cleared(four, ALL) == told
    assert [kind for kind, _ in told] == ["version"] * 3 + ["snapshot"] * 3 + ["body"] * 3
    assert [v.number for v in four.versions("bible")] == [4]
    assert [s.id for s in four.snapshots("bible")] == ["aaa000000004"]
    assert [blobs.get(four.root, f.sha256) for s in four.snapshots("bible") for f in s.files] == [b"body 4"]
    assert cleared(four, ALL) == []
    assert not list(four.corpus("bible").rglob("*.tmp"))


def test_what_is_the_latest_or_has_a_tag_a_run_or_a_reader_stays_with_its_snapshot(four):
    _, second, third, _ = four.versions("bible")
    four.set_latest("bible", "latest", "v000001")
    tags.put(four, second, "paper")
    keep(four, run(of=third.id))
    assert cleared(four, ALL) == []
    (folder_of(four, run()) / "manifest.json").unlink()
    with pins.held(four, third):
        done = gc.collect(four, ALL, moment=LATER)
    assert (done.removed, done.kept) == ((), ("bible@v3: somebody reads it",))
    assert ("version", "bible@v3") in cleared(four, ALL)
    assert [v.number for v in four.versions("bible")] == [1, 2, 4]
    assert {s.id for s in four.snapshots("bible")} == {f"aaa00000000{n}" for n in (1, 2, 4)}


@pytest.mark.parametrize(
    ("retention", "gone"),
    [
        (Retention(keep=3), ["bible@v1"]),
        (Retention(days=5), ["bible@v3", "bible@v2", "bible@v1"]),
        (Retention(days=50), []),
        (Retention(keep=2, days=5), ["bible@v2", "bible@v1"]),
        (Retention(keep=2, days=50), []),
    ],
)
def test_a_rule_keeps_what_it_says(four, retention, gone):
    assert [what for kind, what in cleared(four, retention) if kind == "version"] == gone


@pytest.mark.parametrize(("hours", "goes"), [(0, False), (23, False), (24.9, False), (25.1, True)])
def test_what_is_younger_than_a_day_and_the_hour_that_clocks_may_differ_stays(four, hours, goes):
    blobs.put(four.root, b"of nobody")
    found = cleared(four, ALL, moment=datetime.now(UTC) + timedelta(hours=hours))
    assert bool(found) is goes


def test_bodies_stay_while_somebody_collects(four):
    blobs.put(four.root, b"of nobody")
    with pins.putting(four):
        done = gc.collect(four, Retention(), moment=LATER)
    assert (done.removed, done.kept) == ((), ("raw bodies: somebody collects",))
    assert [kind for kind, _ in cleared(four)] == ["body"]


def test_a_corpus_that_is_worked_on_is_left_alone(four):
    with four.lock("bible", "build", "building bible"):
        done = gc.collect(four, ALL, moment=LATER)
    assert (done.removed, done.kept) == ((), ("bible: another corpusmill is clearing bible",))
    with four.lock("bible", "collect", "x"), pytest.raises(BusyError), four.lock("bible", "collect", "y"):
        pass


def test_a_held_snapshot_stays_for_its_review(four):
    keep(four, snapshot("bbb111bbb111"))
    four.set_latest("bible", "held", "bbb111bbb111")
    assert cleared(four) == []
    four.set_latest("bible", "held", "")
    assert cleared(four) == [("snapshot", "bible/snapshots/bbb111bbb111")]


def test_caches_of_what_is_gone_and_what_dead_writers_left_go(four):
    first = four.versions("bible")[0]
    for name in (f"ids/{first.id}-abc", "ids/ddd000000009-abc", "traces/ddd000000009-abc", "baselines/ddd000000009-a"):
        (four.corpus("bible") / name).mkdir(parents=True)
        (four.corpus("bible") / name / "train.npy").write_bytes(b"123")
    dead = four.corpus("bible") / "versions" / ".v000009.1.999999999.tmp"
    dead.mkdir()
    alive = four.corpus("bible") / "versions" / f".v000009.1.{os.getpid()}.tmp"
    alive.mkdir()
    work = four.run_work_folder("bible", "eee111eee111")
    work.mkdir(parents=True)
    assert set(cleared(four)) == {
        ("cache", "bible/ids/ddd000000009-abc"),
        ("cache", "bible/traces/ddd000000009-abc"),
        ("cache", "bible/baselines/ddd000000009-a"),
        ("remains", "bible/versions/.v000009.1.999999999.tmp"),
    }
    assert alive.is_dir()
    assert cleared(four, Retention(trainings=True)) == [("training", "bible/runs/.eee111eee111.work")]


def test_a_build_that_gave_what_is_gone_is_done_again(four):
    four.set_latest("bible", "built/123", "bbb000000001")
    four.set_latest("bible", "built/456", "bbb000000004")
    cleared(four, ALL)
    assert four.latest("bible", "built/123") is None
    assert four.latest("bible", "built/456") == "bbb000000004"


def test_what_two_versions_share_is_counted_when_the_last_goes(four):
    one, other, *_ = (four.version_folder(v) for v in four.versions("bible"))
    (one / "shard").write_bytes(b"x" * 1000)
    os.link(one / "shard", other / "shard")
    done = gc.collect(four, Retention(keep=3), moment=LATER, dry_run=True)
    assert done.bytes < 1000 * 2
    both = gc.collect(four, Retention(keep=2), moment=LATER, dry_run=True)
    assert both.bytes - done.bytes > 1000


def test_the_command_says_what_would_go(four):
    past = time.time() - 9 * 86400
    for path in four.root.rglob("*"):
        os.utime(path, (past, past))
    command = [sys.executable, "-m", "corpusmill", "gc", "--keep", "1", "--dry-run"]
    environment = os.environ | {"CORPUSMILL_STORE": str(four.root)}
    done = subprocess.run([*command, "--json"], env=environment, capture_output=True, text=True, check=False)
    said = json.loads(done.stdout)
    assert set(said) == {"dry_run", "bytes", "removed", "kept"}
    assert [item["kind"] for item in said["removed"]] == ["version"] * 3 + ["snapshot"] * 3 + ["body"] * 3
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == f"9 things, {said['bytes']:,} bytes would go"
