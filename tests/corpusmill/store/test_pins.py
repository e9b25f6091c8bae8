"""Who reads something keeps it from being removed or rewritten."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from corpusmill.errors import StoreError, UnknownNameError
from corpusmill.store import Store, encode, gc, pins, shards
from corpusmill.types import Removal
from tests import needs
from tests.corpusmill.samples import folder_of, keep, run, snapshot, version
from tests.corpusmill.store.poems import forgotten, refreshed, written

ALL = os.environ.get("CORPUSMILL_FAULTS") == "all"  # read before a fixture takes it away
LATER = datetime.now(UTC) + timedelta(days=9)
HOLD = """
import pathlib, sys
from corpusmill.store import Store, pins
store = Store(pathlib.Path(sys.argv[1]))
with pins.held(store, store.versions("bible")[0]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("thing", [snapshot(), version(), run()], ids=lambda thing: type(thing).__name__)
def test_many_may_read_and_nobody_removes_meanwhile(store, thing):
    keep(store, thing)
    with pins.held(store, thing), pins.held(store, thing), pins.alone(store, thing) as free:
        assert not free
    with pins.alone(store, thing) as free:
        assert free


def test_what_is_gone_or_other_than_it_was_cannot_be_held(store):
    thing = version()
    with pytest.raises(UnknownNameError), pins.held(store, thing):
        pass
    keep(store, thing)
    removal = Removal(at="", reason="", documents=1, hashes=(), content="x")
    changed = version(removals=(removal,))
    (folder_of(store, thing) / "manifest.json").write_bytes(encode(changed))
    with pytest.raises(StoreError, match="bible@v1 was changed meanwhile"), pins.held(store, thing):
        pass


def test_a_reader_that_is_killed_holds_nothing(store):
    keep(store, version())
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", HOLD, store.root], stdin=pipe, stdout=pipe) as process:
        assert process.stdout.readline() == b"held\n"
        with pins.alone(store, version()) as free:
            assert not free
        process.send_signal(signal.SIGKILL)
        process.wait()
    with pins.alone(store, version()) as free:
        assert free


def test_a_reader_waits_for_who_removes(store):
    keep(store, version())
    seen, removing = [], threading.Event()

    def read():
        removing.wait(10)
        with pins.held(store, version()):
            seen.append("read")

    reader = threading.Thread(target=read)
    reader.start()
    with pins.alone(store, version()) as free:
        assert free
        removing.set()
        reader.join(0.3)
        assert seen == []
    reader.join(10)
    assert seen == ["read"]


def test_a_store_that_may_only_be_read_is_read_without_pins(store):
    keep(store, version())
    with needs.ordinary_user(store.root):
        store.root.chmod(0o555)
        with pins.held(store, version()):
            pass
        store.root.chmod(0o755)


class Readers:
    """Threads that read every version in a loop, and what they found wrong."""

    def __init__(self, store) -> None:
        self.store, self.ended, self.number = store, threading.Event(), 8 if ALL else 3
        self.problems, self.reads = list[str](), 0

    def __enter__(self):
        self.pool = ThreadPoolExecutor(self.number)
        self.reading = [self.pool.submit(self.read) for _ in range(self.number)]
        return self

    def __exit__(self, *_):
        self.ended.set()
        for reading in self.reading:
            reading.result()

    def read(self) -> None:
        while not self.ended.wait(0 if ALL else 0.03):
            for found in self.store.versions("poems"):
                try:
                    with pins.held(self.store, found):
                        self.look(found)
                except (UnknownNameError, StoreError) as gone:
                    if "meanwhile" not in gone.message and "is not there" not in gone.message:
                        self.problems.append(str(gone))

    def look(self, found) -> None:
        place = self.store.version_folder(found)
        for shard in found.shards:
            shards.check(place, shard)
        if shards.content(found.shards, shards.read_drops(place)) != found.content:
            self.problems.append(found.ref)
        self.reads += 1


def test_readers_see_published_versions_only_while_others_commit_forget_and_clear(store, tmp_path):
    folder = written(tmp_path / "poems", "ab", 6)
    refreshed(folder, store)
    commits = 200 if ALL else 4
    with Readers(store) as readers:
        for number in range(commits):
            (folder / f"new{number}.txt").write_text(f"A page of its own, numbered {number}, that nobody else wrote.")
            refreshed(folder, store)
            if number % 50 == 3:
                forgotten(store, f"file:new{number - 1}.txt")
            gc.collect(Store(store.root), gc.Retention(keep=2), moment=LATER)
    assert readers.problems == []
    assert readers.reads > 10
    assert store.latest_version("poems").number == commits + 1
