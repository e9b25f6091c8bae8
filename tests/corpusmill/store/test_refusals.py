"""Every step of publishing, refused by the system: one error that says where and what to do, the version before as it
was, and the next build as if nothing had happened.
"""

import errno
import hashlib
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from corpusmill.errors import StoreError
from corpusmill.store import Store
from corpusmill.store.verify import verify
from preprocess.build import build
from tests import needs
from tests.faults import ALL, NAME, built, collected, texts
from tests.preprocess.snapshots import corpus
from tests.starved import Refusing

ROOT = Path(__file__).parents[3]
CODES = (errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.EINTR)
EVERY = 1 if ALL else 37  # of the operations, those that are refused
pytestmark = pytest.mark.timeout(3000)


def digests(folder: Path) -> dict[str, str]:
    """Every file of a folder by its content."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("code", CODES, ids=lambda code: errno.errorcode[code])
def test_no_step_of_a_build_fails_silently_or_harms_the_version_before(tmp_path, monkeypatch, code):
    store = Store(tmp_path / "store")
    first = store.version_folder(built(store, 1))
    before, told, nth = digests(first), Counter(), CODES.index(code)
    for nth in range(CODES.index(code), 10_000, EVERY):
        snapshot = collected(store, 2 + nth)
        refusing = Refusing(store.root, nth, code)
        try:
            with refusing.watched(monkeypatch):
                build(corpus(NAME), snapshot, store, processes=0)
        except StoreError as error:
            assert error.hint
            assert str(store.root) in error.message, refusing.failed
            assert os.strerror(code) in error.message, refusing.failed
            told[refusing.failed.split()[0]] += 1
        else:
            if not refusing.failed:
                break
            told["done without"] += 1
        assert digests(first) == before, refusing.failed
        assert verify(store).wrong == (), refusing.failed
        made, _ = build(corpus(NAME), snapshot, store, processes=0)
        assert store.latest_version(NAME).id == made.id, refusing.failed
    sys.__stderr__.write(f"\n{errno.errorcode[code]} at {sum(told.values())} of {nth} operations: {dict(told)}\n")
    assert sum(told.values()) >= (50 if ALL else 2)
    assert not ALL or told["done without"] <= sum(told.values()) / 2


def test_a_sync_that_fails_is_not_asked_for_again(tmp_path, monkeypatch):
    store, asked = Store(tmp_path / "store"), []

    def fails(descriptor):
        asked.append(descriptor)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    snapshot = collected(store, 1)
    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(StoreError, match=r"Input/output error: the disk fails"):
        build(corpus(NAME), snapshot, store, processes=0)
    assert len(asked) == 1
    assert store.versions(NAME) == []


@pytest.mark.parametrize("size", ["2m", "8m", "32m"] if ALL else ["2m"])
def test_a_small_disk_that_fills_is_named_and_keeps_what_it_has(tmp_path, size):
    with needs.disk(tmp_path / "disk", size) as disk:
        source, store, filler = tmp_path / "own.txt", Store(disk / "store"), disk / "filler"
        source.write_bytes(texts(1))
        for step in ("collect", "build"):
            assert command(step, source, store).returncode == 0
        before = digests(store.root / "own" / "versions")
        for room in (0, 30_000, 120_000) if ALL else (30_000,):
            source.write_text("\n\n".join(os.urandom(500).hex() for _ in range(200)), encoding="utf-8")
            filler.write_bytes(b"")
            filler.write_bytes(bytes(max(free(disk) - room, 0)))
            refused = [done for step in ("collect", "build") if (done := command(step, source, store)).returncode]
            assert {done.returncode for done in refused} == {1}
            for done in refused:
                (line,) = [line for line in done.stderr.splitlines() if line.startswith("corpusmill: ")]
                assert str(disk) in line
                assert "free some space" in line
            after = digests(store.root / "own" / "versions")
            assert {name: after.get(name) for name in before} == before
            assert verify(store).wrong == ()
            filler.unlink()
        for step in ("collect", "build"):
            assert command(step, source, store).returncode == 0
        assert store.latest_version("own").number == 2
        assert verify(store).wrong == ()


def free(disk: Path) -> int:
    left = os.statvfs(disk)
    return left.f_bavail * left.f_frsize


def command(step: str, source: Path, store: Store) -> "subprocess.CompletedProcess[str]":
    arguments = [sys.executable, "-m", "corpusmill", step, source, "--store", store.root]
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
