import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from corpusmill.errors import BuildError, StoreError
from preprocess.build import build
from preprocess.partition import units, workers
from preprocess.partition.mill import folder_of
from preprocess.partition.workers import _Pool
from tests.preprocess.odd_kind import with_odd_kind
from tests.preprocess.snapshots import corpus, take

ODD = corpus(parse={"kind": "odd"})
BODIES = {f"file:{n:02d}": b"Mill number %d grinds." % n for n in range(12)}


@pytest.fixture
def odd(tmp_path, monkeypatch):
    """Every file is a unit and told of, every worker counted as long as it lives, and wanted for however little."""
    monkeypatch.setattr(units, "TARGET", 1)
    monkeypatch.setattr(workers, "FEW_BYTES", 0)
    monkeypatch.setattr("preprocess.build._SOME", 1)
    monkeypatch.setenv("ODD_HOLDS", "1")
    return with_odd_kind(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("word", "error", "said"),
    [
        (b"!exit", BuildError, "a worker process ended while parsing 05 and 0 files after it"),
        (b"!build", BuildError, "as was asked"),
        (b"!disk", StoreError, "/somewhere: No space left on device: free some space"),
        (b"!awkward", BuildError, "a worker process ended while parsing 05"),
    ],
)
def test_what_goes_wrong_in_a_worker_is_told_and_nothing_is_published(store, odd, word, error, said):
    snapshot = take(store, "mill", BODIES | {"file:05": word + b" now"})
    with pytest.raises(error) as caught:
        build(ODD, snapshot, store, processes=2)
    assert said in str(caught.value)
    assert odd.all_ended()
    assert store.versions("mill") == []
    assert not list(folder_of(store, "mill").glob("*.tmp"))


def test_a_file_that_cannot_be_parsed_is_a_drop_wherever_it_is_parsed(store, odd):
    snapshot = take(store, "mill", BODIES | {"file:05": b"!parse"})
    assert build(ODD, snapshot, store, processes=2)[0].drops == {"parse: odd": 1}


def test_a_worker_that_is_killed_is_missed(store, odd, monkeypatch):
    started = []
    feed = _Pool._feed
    monkeypatch.setattr(_Pool, "_feed", lambda pool, process: (started.append(process), feed(pool, process)))
    snapshot = take(store, "mill", BODIES | {"file:05": b"!wait here"})

    def kill():
        log = odd.folder / "parsed"
        while not (log.exists() and "file:05" in log.read_text()):
            time.sleep(0.02)
        for process in started:
            process.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(BuildError, match=r"a worker process ended while .*: if memory ran out"):
        build(ODD, snapshot, store, processes=2)
    killer.join()
    assert store.versions("mill") == []
    odd.go()
    assert build(ODD, snapshot, store, processes=1)[1]


def test_an_interruption_ends_the_workers_at_once(store, odd):
    def interrupt(_stage, _done, _total, note):
        if "05" in note:
            raise KeyboardInterrupt

    snapshot = take(store, "mill", BODIES | {"file:00": b"!wait for good", "file:01": b"!wait for good"})
    with pytest.raises(KeyboardInterrupt):
        build(ODD, snapshot, store, processes=3, progress=interrupt)
    assert odd.all_ended()
    assert store.versions("mill") == []


KILLED = """
import os, signal, sys
from pathlib import Path
from corpusmill.store import Store
import preprocess.build
from preprocess.partition import units, workers
from preprocess.build import build
from tests.preprocess.snapshots import corpus, take
from tests.preprocess.partition.test_workers import BODIES, ODD

def die(_stage, _done, _total, note):
    if "10" in note:
        os.kill(os.getpid(), signal.SIGKILL)

units.TARGET = 1
workers.FEW_BYTES = 0
preprocess.build._SOME = 1
store = Store(Path(sys.argv[1]))
build(ODD, take(store, "mill", BODIES), store, processes=2, progress=die)
"""


def test_a_killed_build_leaves_no_worker_and_the_next_one_parses_only_what_was_not_done(store, odd):
    home = Path(__file__).parents[3]
    path = os.pathsep.join([str(home), os.environ["PYTHONPATH"]])
    command = [sys.executable, "-P", "-c", KILLED, str(store.root)]
    killed = subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, cwd=odd.folder, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert odd.all_ended()
    done, before = {path.stem for path in folder_of(store, "mill").glob("*.index")}, odd.parsed()
    assert store.versions("mill") == []
    assert 0 < len(done) <= len(before) < len(BODIES)

    version, made = build(ODD, take(store, "mill", BODIES), store, processes=0)
    assert made
    assert version.parsed == len(BODIES)
    assert len(odd.parsed()) == len(BODIES) - len(done)
