import fcntl
import json
import os
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from corpusmill.doctor import crash, disk, machine, races, victim
from corpusmill.doctor.checks import CHECKS, examine, promises
from corpusmill.errors import StoreError
from corpusmill.store import Store
from corpusmill.store.objects import Entry
from tests import needs
from tests.corpusmill.samples import keep, snapshot

NOW = datetime.now(UTC)


def found(check, store):
    return {(finding.check, finding.state): finding for finding in check(store)}


def test_a_usual_machine_keeps_all_promises_and_nothing_stays_behind(store):
    findings = list(examine(store, CHECKS))
    assert {finding.check for finding in findings} == set(CHECKS) - {"bucket"}
    assert not [finding for finding in findings if finding.state == "wrong"]
    assert list(store.root.iterdir()) == []


def test_the_crash_test_kills_and_finds_all_well(store):
    findings = list(examine(store, promises(kills=4)))
    assert {finding.check for finding in findings} == {"kills", "rename", "first", "fsync"}
    assert [finding for finding in findings if finding.state == "wrong" and finding.check != "fsync"] == []
    assert findings[0].what.startswith("4 kills, ")
    assert "0 torn, 0 lost" in findings[0].what
    assert list(store.root.iterdir()) == []


def test_a_check_that_cannot_be_made_is_told(store):
    def refuses(_):
        raise OSError(28, os.strerror(28), str(store.root))

    (finding,) = examine(store, {"space": refuses})
    assert (finding.check, finding.state) == ("space", "wrong")
    assert finding.what == f"{store.root}: No space left on device"


# What is wrong somewhere


def test_an_old_python_is_named(store, monkeypatch):
    monkeypatch.setattr(machine, "FLOOR", (3, 99))
    assert ("python", "wrong") in found(machine.python, store)


def test_few_open_files_are_told(store, monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, 64))
    assert "ulimit -n" in found(machine.open_files, store)["open files", "mind"].hint


@pytest.mark.parametrize(("free", "state"), [(10 << 30, "well"), (1 << 30, "mind"), (1 << 20, "wrong")])
def test_little_room_is_told(store, monkeypatch, free, state):
    usage = SimpleNamespace(free=free)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: usage)
    assert ("space", state) in found(disk.space, store)


def test_a_disk_without_names_left_is_told(store, monkeypatch):
    monkeypatch.setattr(
        disk.os,
        "statvfs",
        lambda _: SimpleNamespace(f_files=1000, f_favail=3, f_blocks=9, f_bfree=9, f_bavail=9, f_frsize=1 << 30),
    )
    assert found(disk.space, store)["space", "mind"].what == "3 more files fit"


def test_a_disk_without_hard_links_is_told(store, monkeypatch):
    def refuses(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(disk.os, "link", refuses)
    assert ("links", "mind") in found(disk.links, store)


def test_locks_that_two_get_are_told(store, monkeypatch):
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)
    assert ("locks", "wrong") in found(disk.locks, store)


def test_a_clock_that_is_off_is_told(store, monkeypatch):
    now = time.time()
    monkeypatch.setattr(disk.time, "time", lambda: now - 60)
    assert "60" in found(disk.clock, store)["clock", "mind"].what
    monkeypatch.undo()
    keep(store, snapshot(collected_at="2199-01-01T00:00:00+00:00"))
    assert "yet to come" in found(disk.clock, store)["clock", "mind"].what


def test_a_sync_that_takes_no_time_and_a_disk_in_memory_are_told(store, tmp_path, monkeypatch):
    monkeypatch.setattr(disk, "SOON", 10.0)
    assert ("fsync", "wrong") in found(disk.syncs, store)
    monkeypatch.undo()
    with needs.disk(tmp_path / "disk", "8m") as folder:
        small = Store(folder / "store")
        assert "tmpfs is memory" in found(disk.syncs, small)["fsync", "wrong"].hint
        assert ("store", "mind") in found(disk.writable, small)


def test_what_killed_writers_left_is_told(store):
    (store.root / ".x.1.4194304.tmp").mkdir(parents=True)
    assert ("leftovers", "mind") in found(disk.leftovers, store)


# A disk that breaks its promises


def test_what_is_torn_or_lost_is_found(store, monkeypatch):
    def breaks(root, after, toll):
        toll.kills += 1
        (root / "versions").mkdir(exist_ok=True)
        victim.publish(root, 1)
        (root / "versions" / "1" / "file0").write_bytes(b"half")
        toll.torn += victim.torn(root)
        toll.lost.append("2")

    monkeypatch.setattr(crash, "_kill", breaks)
    (finding,) = crash.kills(store, count=1)
    assert (finding.state, "1 torn, 1 lost" in finding.what) == ("wrong", True)


def test_a_rename_that_is_not_at_once_is_found(store, monkeypatch):
    def slow(path, body):
        path.unlink(missing_ok=True)
        time.sleep(0.005)
        path.write_bytes(body)

    monkeypatch.setattr(races.commit, "write_file", slow)
    assert ("rename", "wrong") in found(races.renames, store)


def test_two_winners_are_found(store, monkeypatch):
    monkeypatch.setattr(races, "RACER", races.RACER.replace('os.link(mine, root / f"link-{number}")', "None"))
    (link, folder) = races.first(store)
    assert (link.state, folder.state) == ("wrong", "well")


# A bucket


class Bucket:
    """Keys and bodies; `heeds` says whether it knows the condition of a create."""

    def __init__(self, *, heeds: bool, lists: bool = True) -> None:
        self.heeds, self.lists, self.kept = heeds, lists, {}

    def __str__(self) -> str:
        return "s3://corpora"

    def create(self, key, body):
        if self.heeds:
            return self.kept.setdefault(key, body) is body
        self.kept[key] = body
        return True

    def get(self, key):
        return self.kept[key]

    def list(self, prefix):
        return [Entry(key, 1, "", NOW) for key in self.kept if key.startswith(prefix)] if self.lists else []

    def delete(self, keys):
        for key in keys:
            self.kept.pop(key, None)


def test_a_bucket_is_probed_and_raced(tmp_path):
    good = Bucket(heeds=True)
    store = Store(tmp_path, good)
    assert ("bucket", "well") in found(disk.bucket, store)
    assert ("bucket", "well") in found(races.bucket, store)
    assert good.kept == {}
    with pytest.raises(StoreError, match="ignores the condition"):
        list(disk.bucket(Store(tmp_path, Bucket(heeds=False))))
    for broken in (Bucket(heeds=False), Bucket(heeds=True, lists=False)):
        assert ("bucket", "wrong") in found(races.bucket, Store(tmp_path, broken))


# The command


def command(store, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "corpusmill", "doctor", *arguments, "--store", store.root],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_says_all_for_people_and_machines(store):
    done = command(store)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("all promises hold here\n")
    said = json.loads(command(store, "--json").stdout)
    assert set(said) == {"store", "well", "findings"}
    assert said["well"] is True
    assert set(said["findings"][0]) == {"check", "state", "what", "hint"}


def test_a_promise_that_fails_is_exit_status_one(tmp_path):
    with needs.disk(tmp_path / "disk", "8m") as folder:
        done = command(Store(folder / "store"), "--crash-test", "--kills", "2")
    assert done.returncode == 1
    assert "wrong  fsync" in done.stdout
    assert "wrong  space" in done.stdout


def test_kills_without_a_crash_test_are_refused(store):
    assert command(store, "--kills", "3").returncode == 2
