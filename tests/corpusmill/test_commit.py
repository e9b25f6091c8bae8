import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusmill.errors import BusyError, StoreError
from corpusmill.store import commit
from tests import needs
from tests.corpusmill.publisher import FOLDER, LATEST, NEW, OLD, fresh, publish_all
from tests.powercut import Disk, Left

ROOT = Path(__file__).parents[2]
WRITER = [sys.executable, "-m", "tests.corpusmill.publisher"]
QUIET = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}  # Python's own writes are not to be counted


def visible(root: Path) -> Left:
    """What a reader sees: no name with a leading dot."""
    paths = (path for path in root.rglob("*") if path.is_file())
    return without_hidden({str(path.relative_to(root)): path.read_bytes() for path in paths})


def without_hidden(files: Left) -> Left:
    return {name: body for name, body in files.items() if not any(p.startswith(".") for p in name.split("/"))}


def assert_whole_or_absent(files: Left) -> None:
    seen = without_hidden(files)
    assert seen.pop(LATEST) in (OLD, NEW)
    assert seen in ({}, FOLDER)


def hidden(root: Path) -> list[str]:
    return [path.name for path in root.rglob(".*")]


# A process that dies


def test_a_writer_killed_at_any_system_call_leaves_old_or_new_and_never_a_part(tmp_path):
    calls = _calls(tmp_path)
    assert 15 <= len(calls) <= 40
    points = [(call, calls[: number + 1].count(call)) for number, call in enumerate(calls)]
    with ThreadPoolExecutor() as pool:
        stores = list(pool.map(lambda point: _killed_at(*point, tmp_path), points))
    seen = set()
    for root in stores:
        found = visible(root)
        assert_whole_or_absent(found)
        seen.add((found[LATEST] == NEW, len(found) > 1))
        _assert_sweeping_and_repeating_mends(root)
    assert seen == {(False, False), (True, False), (True, True)}  # kills before, between and after the two


def _killed_at(call: str, nth: int, tmp_path: Path) -> Path:
    """A store whose writer was killed as it made its nth such call."""
    root = fresh(tmp_path / f"{call}{nth}")
    killed = _strace(root, "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={nth}")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    return root


def _assert_sweeping_and_repeating_mends(root: Path) -> None:
    for folder in [path for path in root.rglob("*") if path.is_dir()]:
        commit.sweep(folder)
    assert not hidden(root)
    publish_all(root)
    assert visible(root) == {LATEST: NEW} | FOLDER


def _calls(tmp_path: Path) -> list[str]:
    """The system calls by which the writer changes the disk, in order."""
    log = tmp_path / "trace"
    names = "write,fsync,fdatasync,/^rename,/^mkdir,/^unlink"
    traced = _strace(fresh(tmp_path / "traced"), "-e", f"trace={names}", "-o", str(log))
    assert traced.returncode == 1, traced.stderr
    return re.findall(r"^\d+ +(\w+)\(", log.read_text(encoding="utf-8"), re.MULTILINE)


def _strace(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [needs.program("strace"), "-qq", "-f", *arguments, *WRITER, root]
    return subprocess.run(command, cwd=ROOT, env=QUIET, stdin=subprocess.DEVNULL, capture_output=True, check=False)


def test_sweeping_leaves_what_a_living_writer_is_at_and_whatever_is_no_temporary_file(tmp_path):
    mine = f".v2.1.{os.getpid()}.tmp"
    kept = {mine, ".v2.work", ".notes.tmp", "v2", ".a.b.tmp"}
    gone = f".v2.1.{_dead_process()}.tmp"
    for name in (*kept, gone):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(b"x")
    commit.sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == kept


def test_sweeping_a_folder_that_is_not_there_does_nothing(tmp_path):
    commit.sweep(tmp_path / "nowhere")
    assert not list(tmp_path.iterdir())


def _dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


# A power cut


def _cut(tmp_path: Path, monkeypatch, skip: int | None = None) -> Disk:
    """Publish under a shim that checks, after every sync and rename, what a power cut there would leave."""
    disk = Disk(fresh(tmp_path / "store"), skip, assert_whole_or_absent)
    with disk.watched(monkeypatch):
        assert publish_all(disk.root)
    for left in (disk.strict(), disk.eager()):
        assert without_hidden(left) == {LATEST: NEW} | FOLDER
    return disk


# For the file: itself, its folder. For the folder: versions/, its two files and one folder, the manifest, itself,
# versions/ again.
SYNCS = 9


def test_a_power_cut_leaves_old_or_new_and_what_a_call_returned_stays(tmp_path, monkeypatch):
    assert _cut(tmp_path, monkeypatch).syncs == SYNCS


@pytest.mark.parametrize("number", range(SYNCS))
def test_no_sync_may_be_left_out(tmp_path, monkeypatch, number):
    with pytest.raises(AssertionError):
        _cut(tmp_path, monkeypatch, skip=number)


def test_folders_made_on_the_way_are_there_after_a_power_cut(tmp_path, monkeypatch):
    disk = Disk(tmp_path)
    with disk.watched(monkeypatch):
        commit.write_file(tmp_path / "a" / "b" / "c", b"x")
    assert disk.strict() == {"a/b/c": b"x"}


# Many writers


def test_of_many_publishers_exactly_one_wins_and_the_others_leave_nothing(tmp_path):
    root = fresh(tmp_path / "store")
    writers = [subprocess.Popen([*WRITER, root], cwd=ROOT, stdin=subprocess.PIPE) for _ in range(4)]
    while len(list(root.glob("versions/.v2.*"))) < len(writers):
        time.sleep(0.01)
    for writer in writers:
        writer.stdin.write(b"\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
    assert sorted(writer.returncode for writer in writers) == [0, 0, 0, 1]
    assert visible(root) == {LATEST: NEW} | FOLDER
    assert not hidden(root)


def test_what_is_published_is_never_replaced(tmp_path):
    final = tmp_path / "v1"
    for body, won in ((b"first", True), (b"second", False)):
        with commit.work_folder(final) as work:
            (work / "data").write_bytes(body)
            assert commit.publish(work, final, b"{}") is won
    assert visible(tmp_path) == {"v1/data": b"first", "v1/manifest.json": b"{}"}
    assert not hidden(tmp_path)


def test_threads_of_one_process_may_write_one_file_at_once(tmp_path):
    bodies = [bytes([number]) * 100_000 for number in range(8)]
    failures = Counter()

    def write(body: bytes) -> None:
        for _ in range(20):
            try:
                commit.write_file(tmp_path / "file", body)
            except OSError as error:
                failures[error.errno] += 1

    threads = [threading.Thread(target=write, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert (tmp_path / "file").read_bytes() in bodies
    assert not hidden(tmp_path)


def test_a_failed_work_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), commit.work_folder(tmp_path / "versions" / "v1") as work:
        (work / "half").write_bytes(b"x")
        raise ZeroDivisionError
    assert list((tmp_path / "versions").iterdir()) == []


@settings(max_examples=30)
@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4))
def test_a_file_holds_what_was_written_last(tmp_path_factory, bodies):
    path = tmp_path_factory.getbasetemp() / "written" / "file"
    for body in bodies:
        commit.write_file(path, body)
        assert path.read_bytes() == body
    assert [p.name for p in path.parent.iterdir()] == ["file"]


# One at a time

HOLDER = """
import sys, time
from pathlib import Path
from corpusmill.store import commit
with commit.exclusive(Path(sys.argv[1]), "holding"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def held(tmp_path):
    """A lock that another process holds, and that process."""
    path = tmp_path / "locks" / "bible.collect.lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, path], cwd=ROOT, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    yield path, holder
    holder.kill()
    holder.communicate()


def test_a_second_process_does_not_wait_but_is_told_that_another_is_at_work(held):
    path, _ = held
    with pytest.raises(BusyError) as caught, commit.exclusive(path, "collecting bible"):
        pytest.fail("the lock was given twice")
    assert str(caught.value) == "another corpusmill is collecting bible: wait for it to end, then repeat the command"


def test_the_lock_of_a_killed_process_is_free_again(held):
    path, holder = held
    holder.kill()
    holder.wait()
    with commit.exclusive(path, "collecting bible"):
        pass


def test_a_lock_is_free_again_after_its_work_even_if_that_failed(tmp_path):
    path = tmp_path / "a.lock"
    with pytest.raises(ZeroDivisionError), commit.exclusive(path, "dividing"):
        raise ZeroDivisionError
    with commit.exclusive(path, "collecting"), commit.exclusive(tmp_path / "b.lock", "building"):
        pass


def test_a_second_thread_is_told_too(tmp_path):
    path, said = tmp_path / "a.lock", []

    def second() -> None:
        try:
            with commit.exclusive(path, "collecting"):
                said.append("given twice")
        except BusyError as error:
            said.append(error.message)

    with commit.exclusive(path, "collecting"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert said == ["another corpusmill is collecting"]


# A disk that refuses


@pytest.fixture
def small_disk(tmp_path):
    with needs.disk(tmp_path / "disk", "2m") as folder:
        yield folder


@contextmanager
def refused(place: Path, message: str):
    with pytest.raises(StoreError, match=message), commit.disk_errors(place):
        yield


def test_a_full_disk_is_named_and_leaves_the_earlier_file_whole(small_disk):
    commit.write_file(small_disk / "kept", OLD)
    with pytest.raises(StoreError) as caught, commit.disk_errors(small_disk):
        commit.write_file(small_disk / "kept", bytes(3 << 20))
    assert str(caught.value) == (
        f"{small_disk}: No space left on device: "
        "free some space or name another place with --store; nothing half-written is kept"
    )
    assert visible(small_disk) == {"kept": OLD}
    assert not hidden(small_disk)


def test_a_disk_that_fills_while_a_folder_is_made_shows_nothing_of_it(small_disk):
    final = small_disk / "versions" / "v1"
    with refused(small_disk, "No space left"), commit.work_folder(final) as work:
        (work / "data").write_bytes(bytes(1 << 20))
        commit.publish(work, final, bytes(3 << 20))
    assert visible(small_disk) == {}
    assert not hidden(small_disk)
    publish_all(fresh(small_disk / "again"))


def test_a_read_only_disk_is_named(small_disk):
    commit.write_file(small_disk / "kept", OLD)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with refused(small_disk, r"disk/\S+: Read-only file system: name a writable place with --store"):
        commit.write_file(small_disk / "kept", NEW)
    assert visible(small_disk) == {"kept": OLD}


def test_a_folder_that_may_not_be_written_is_named(tmp_path):
    commit.write_file(tmp_path / "store" / "kept", OLD)
    with needs.ordinary_user(tmp_path / "store"):
        (tmp_path / "store").chmod(0o555)
        with refused(tmp_path, r"store/\S+: Permission denied: make it writable or name another place"):
            commit.write_file(tmp_path / "store" / "kept", NEW)
        assert visible(tmp_path) == {"store/kept": OLD}


def test_any_other_refusal_is_named_too(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with refused(tmp_path, r"file: File exists: check the disk, then repeat the command"):
        commit.write_file(tmp_path / "file" / "below", b"x")
