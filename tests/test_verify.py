"""`corpusmill verify` as a user meets it."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from corpusmill.store import MANIFEST, Store, encode
from preprocess.build import build
from tests.corpusmill.samples import keep
from tests.preprocess.snapshots import corpus, take
from tests.preprocess.test_build import MILL


@pytest.fixture
def published(tmp_path):
    store = Store(tmp_path / "store")
    snapshot = take(store, "mill", MILL | {"file:b.png": b"\0\0"})
    keep(store, snapshot)
    return store, build(corpus(), snapshot, store)[0]


def verify(store, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "corpusmill", "verify", *arguments],
        env=os.environ | {"CORPUSMILL_STORE": str(store.root), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_version_that_is_whole_is_said_to_be(published):
    store, version = published
    done = verify(store, "mill")
    rows = sum(shard.rows for shard in version.shards)
    told = f"mill: 1 versions, 3 shards, {rows} rows, 1 drops checked, all as it was stored\n"
    assert (done.returncode, done.stdout) == (0, told)


def test_a_flipped_bit_is_found_and_its_shard_named(published):
    store, version = published
    shard = version.shards[1]
    path = store.version_folder(version) / shard.path
    body = bytearray(path.read_bytes())
    body[100] ^= 1
    path.write_bytes(body)
    done = verify(store, "mill@v1")
    assert done.returncode == 1
    assert f"{shard.path} does not match the manifest: row group 1 of 1 (rows 0 to " in done.stdout
    assert done.stdout.endswith("1 wrong\n")
    path.unlink()
    assert f"{shard.path} is missing: restore it from a copy" in verify(store, "mill").stdout


def test_a_rebuild_under_other_circumstances_gives_the_same(published):
    store, version = published
    done = verify(store, "mill", "--rebuild", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert set(said) == {"checked", "wrong", "extra", "rebuilds"}
    assert (said["checked"]["shards"], said["wrong"]) == (len(version.shards), [])
    assert [entry["difference"] for entry in said["rebuilds"]] == ["", "", ""]
    assert len({entry["circumstances"] for entry in said["rebuilds"]}) == 3
    assert not list(store.root.glob(".verify*"))


@pytest.mark.parametrize(
    ("more", "said", "hint"),
    [
        (
            {},
            "it differs with 0 workers, units of 16,777,216 bytes, PYTHONHASHSEED=0, LC_ALL=C, TZ=UTC: parsed: ",
            "the build is not deterministic: please report it",
        ),
        (
            {"code_digest": "0" * 12},
            "TZ=UTC: (it was built by other code or libraries) parsed: '7' here, ",
            "it says nothing of whether the build is deterministic: corpusmill reproduce mill@v1 says what is other",
        ),
    ],
)
def test_what_does_not_come_out_the_same_is_told_in_one_line(published, more, said, hint):
    store, version = published
    (store.version_folder(version) / MANIFEST).write_bytes(encode(replace(version, parsed=7, **more)))
    done = verify(store, "mill", "--rebuild")
    assert done.returncode == 1
    (line,) = [line for line in done.stdout.splitlines() if "differs" in line]
    assert said in line
    assert line.endswith(hint)


def test_what_a_killed_rebuild_left_is_swept_by_the_next(published):
    store, _ = published
    left = store.root / ".scratch.1.4194304.tmp"  # no process has this number on Linux
    (left / "mill").mkdir(parents=True)
    (left / "blobs").symlink_to(store.root / "blobs")
    assert verify(store, "mill", "--rebuild").returncode == 0
    assert not left.exists()
    assert list(store.root.glob("blobs/*/*"))


def test_a_rebuild_is_of_one_version(published):
    done = verify(published[0], "--rebuild")
    assert (done.returncode, "say which: corpusmill verify bible --rebuild" in done.stderr) == (2, True)


def test_what_is_not_there_is_named(published):
    done = verify(published[0], "mill@v7")
    assert done.returncode == 1
    assert "mill" in done.stderr
