"""A process that publishes versions, killed: at random moments, and at every call by which it changes the disk."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from corpusmill.store import Store, commit
from corpusmill.store.unnamed import strays
from corpusmill.store.verify import verify
from tests import needs
from tests.faults import ALL, NAME, built, times

ROOT = Path(__file__).parents[3]
KILLS = times(10, 1_000)
WITHIN = 4  # versions that it could publish before it is killed at the latest
KEPT = 12  # versions in a store before another is begun, so that looking at them stays quick
CALLS = ("write", "pwrite64", "fsync", "rename", "link", "mkdir", "unlink", "unlinkat", "rmdir", "ftruncate")
pytestmark = pytest.mark.timeout(5400)


class Publishers:
    """A process that forks those that are to be killed."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.corpusmill.store.killed"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def start(self, folder: Path, how: str = "on") -> int:
        self._process.stdin.write(f"{folder} {how}\n")
        return int(self._process.stdout.readline())

    def over(self) -> None:
        """Wait until the one that was started last is gone."""
        assert self._process.stdout.readline() == "over\n"

    def end(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def publishers():
    started = Publishers()
    yield started
    started.end()


def acknowledged(folder: Path) -> list[tuple[str, str]]:
    """Versions that a publisher said are there; a line that was cut was not said."""
    said = (folder / "said").read_text(encoding="utf-8") if (folder / "said").is_file() else ""
    return [tuple(line.split()) for line in said.splitlines(keepends=True) if line.endswith("\n")]


def assert_kept(folder: Path) -> bool:
    """Raise where something is torn or lost; says whether something half-written was left."""
    store = Store(folder / "store")
    assert verify(store).wrong == ()
    shown = {version.name: version.id for version in store.versions(NAME)}
    lost = [(name, identity) for name, identity in acknowledged(folder) if shown.get(name) != identity]
    assert not lost
    return bool(list(store.root.rglob("*.tmp")))


def test_a_publisher_killed_at_random_moments_tears_nothing_and_loses_nothing(tmp_path, publishers):
    chance, seen, longest = random.Random(5), Counter(), WITHIN * pace(tmp_path / "pace", publishers)
    for number in range(KILLS):
        folder = tmp_path / f"at{number // KEPT}"
        folder.mkdir(exist_ok=True)
        child = publishers.start(folder)
        time.sleep(chance.uniform(0, longest))
        os.kill(child, signal.SIGKILL)
        publishers.over()
        (folder / "store").mkdir(exist_ok=True)
        seen["midway"] += assert_kept(folder)
        if number % KEPT == KEPT - 1 or number == KILLS - 1:
            seen["acknowledged"] += len(acknowledged(folder))
            assert_goes_on(folder)
            shutil.rmtree(folder)
    sys.__stderr__.write(f"\n{KILLS:,} kills: {dict(seen)}, 0 torn, 0 lost\n")
    assert seen["midway"] > KILLS / 4
    assert seen["acknowledged"] > KILLS / 10


def pace(folder: Path, publishers: Publishers) -> float:
    """Seconds that a version takes."""
    folder.mkdir()
    child, began = publishers.start(folder), time.monotonic()
    while len(acknowledged(folder)) < WITHIN:
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    publishers.over()
    return (time.monotonic() - began) / WITHIN


def assert_goes_on(folder: Path) -> None:
    """The next one sweeps what it finds where it writes, and publishes."""
    store = Store(folder / "store")
    before = store.versions(NAME)
    version = built(store, 10_000)
    assert version.number == (before[-1].number + 1 if before else 1)
    assert verify(store).wrong == ()
    left = [path for path, what, _ in strays(store, []) if "killed" in what and "blobs" not in path]
    assert left == []


def test_a_publisher_killed_at_any_call_that_changes_the_disk_tears_nothing(tmp_path, publishers):
    calls = counted(tmp_path / "counted", publishers)
    points = [(call, nth) for call, most in sorted(calls.items()) for nth in range(1, most + 1)]
    some = points if ALL else random.Random(7).sample(points, 4)
    seen = Counter()
    for call, nth in some:
        folder = tmp_path / f"{call}{nth}"
        killed = traced(folder, publishers, "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={nth}")
        seen[call, "killed" if killed else "ended before"] += 1
        assert_kept(folder)
        assert_goes_on(folder)
        shutil.rmtree(folder)
    sys.__stderr__.write(f"\nkilled at each of {len(some)} of {len(points)} calls: {dict(seen)}\n")
    assert sum(count for (_, what), count in seen.items() if what == "killed") >= 0.75 * len(some)


def prepared(folder: Path) -> None:
    """A store with one version."""
    (folder / "store").mkdir(parents=True)
    built(Store(folder / "store"), 1)


def counted(folder: Path, publishers: Publishers) -> Counter[str]:
    """How often the thread that makes each such call most often makes it."""
    log = folder.with_suffix(".log")
    assert not traced(folder, publishers, "-e", f"trace={','.join(CALLS)}", "-o", str(log))
    found = Counter(re.findall(r"^(\d+) +(\w+)\(", log.read_text(encoding="utf-8"), re.MULTILINE))
    most: Counter[str] = Counter()
    for (_, call), count in found.items():
        most[call] = max(most[call], count)
    assert most["fsync"] > 10
    assert most["rename"] > 3
    return most


def traced(folder: Path, publishers: Publishers, *how: str) -> bool:
    """Publish once under strace; says whether the publisher was killed."""
    prepared(folder)
    child = publishers.start(folder, "wait")
    strace = subprocess.Popen([needs.program("strace"), "-qq", "-f", "-p", str(child), *how], stderr=subprocess.DEVNULL)
    while not re.search(r"TracerPid:\t[1-9]", Path(f"/proc/{child}/status").read_text(encoding="utf-8")):
        time.sleep(0.005)
    (folder / "go").touch()
    publishers.over()
    strace.wait()
    return len(acknowledged(folder)) == 0


def test_what_a_killed_writer_left_is_told_and_swept(tmp_path, publishers):
    child = publishers.start(tmp_path, "wait")
    os.kill(child, signal.SIGKILL)
    publishers.over()
    store = Store(tmp_path / "store")
    built(store, 1)
    half = store.corpus(NAME) / "versions" / f".v000002.1.{child}.tmp"
    half.mkdir()
    found = verify(store)
    assert found.wrong == ()
    assert [extra.path for extra in found.extra] == [str(half)]
    commit.sweep(half.parent)
    assert verify(store).extra == ()
