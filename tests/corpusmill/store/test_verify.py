import errno
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from corpusmill.store import MANIFEST, Store, blobs, encode, shards
from corpusmill.store.damage import damaged
from corpusmill.store.verify import Verified, Wrong, verify
from tests.corpusmill.test_shards import some
from tests.faults import NAME, filled


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Store:
    return filled(tmp_path_factory.mktemp("whole") / "store")


@pytest.fixture
def store(whole, tmp_path) -> Store:
    return Store(shutil.copytree(whole.root, tmp_path / "store"))


def test_all_that_is_stored_is_looked_at(store):
    found = verify(store)
    versions = store.versions(NAME)
    rows = sum(shard.rows for version in versions for shard in version.shards)
    drops = sum(sum(version.drops.values()) for version in versions)
    assert found == Verified(
        {
            "snapshots": 2,
            "versions": 2,
            "runs": 1,
            "blobs": 4,
            "shards": 6,
            "rows": rows,
            "drops": drops,
            "files": 4,
            "refs": 2,
        },
        (),
        (),
    )


def test_one_thing_is_looked_at_alone(store):
    version, run = store.versions(NAME)[0], store.runs(NAME)[0]
    assert verify(store, version).checked["shards"] == len(version.shards)
    assert set(verify(store, store.snapshots(NAME)[0]).checked) == {"snapshots", "blobs"}
    assert verify(store, run).checked == {"runs": 1, "files": 4}


def hit(path: Path) -> None:
    """Another byte in the middle, in a file of its own."""
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 16
    path.unlink()
    path.write_bytes(body)


def first(store: Store, kind: str) -> Path:
    folders = sorted(path for path in (store.root / NAME / kind).iterdir())
    return folders[0]


WRONGS = {  # what somebody did -> the path that is named, and what is said of it
    "a body": (lambda s: next(s.root.glob("blobs/*/*")), hit, "is damaged: |does not match its digest"),
    "a body gone": (lambda s: next(s.root.glob("blobs/*/*")), Path.unlink, "is missing"),
    "a manifest": (lambda s: first(s, "versions") / MANIFEST, hit, "is damaged: "),
    "a manifest gone": (lambda s: first(s, "versions") / MANIFEST, Path.unlink, "is missing"),
    "a shard gone": (lambda s: next(first(s, "versions").glob("data/*")), Path.unlink, "is missing"),
    "a shard": (lambda s: next(first(s, "versions").glob("data/*")), hit, "does not match the manifest: "),
    "a shard more": (
        lambda s: first(s, "versions") / "data" / "more.parquet",
        lambda path: path.write_bytes(b""),
        "is named by no manifest",
    ),
    "drops gone": (lambda s: first(s, "versions") / "drops" / "drops.parquet", Path.unlink, "cannot be read"),
    "a checkpoint": (lambda s: next(first(s, "runs").glob("checkpoints/best*")), hit, "does not match the manifest"),
    "a checkpoint more": (
        lambda s: first(s, "runs") / "checkpoints" / "more.safetensors",
        lambda path: path.write_bytes(b""),
        "is named by no manifest",
    ),
    "a tag": (
        lambda s: s.root / "refs" / NAME / "tags" / "paper",
        lambda path: (path.parent.mkdir(), path.write_bytes(b'"v000009"\n')),
        "points at v000009, which is not there",
    ),
    "a ref": (
        lambda s: s.root / "refs" / NAME / "latest",
        lambda path: path.write_bytes(b'"v000009"\n'),
        "points at v000009, which is not there",
    ),
}


@pytest.mark.parametrize(("where", "do", "said"), WRONGS.values(), ids=WRONGS)
def test_what_is_wrong_is_named_with_what_to_do(store, where, do, said):
    path = where(store)
    do(path)
    wrong = verify(store).wrong
    assert str(path) in [each.path for each in wrong]
    (mine,) = [each for each in wrong if each.path == str(path)]
    assert re.match(said, mine.what)
    assert mine.hint
    assert str(mine) == f"{path} {mine.what}: {mine.hint}"


def test_it_goes_on_after_the_first(store):
    paths = [first(store, "versions") / MANIFEST, next(store.root.glob("blobs/*/*"))]
    for path in paths:
        hit(path)
    assert {str(path) for path in paths} <= {wrong.path for wrong in verify(store).wrong}


def test_a_version_without_its_snapshot_and_a_run_without_its_version_are_told(store):
    version, run = store.versions(NAME)[-1], store.runs(NAME)[0]
    shutil.rmtree(store.snapshot_folder(NAME, version.snapshot))
    assert verify(store, version).wrong[0].what == "is missing"
    assert "built again" in verify(store, version).wrong[0].hint
    shutil.rmtree(store.version_folder(version))
    said = {wrong.path: wrong.what for wrong in verify(store).wrong}
    assert said[str(store.run_folder(NAME, run.id) / MANIFEST)] == (
        f"learnt from mill@v2 (id {version.id}), which is not there"
    )


def test_bodies_that_no_snapshot_names_are_told_and_are_nothing_wrong(store):
    blobs.put(store.root, b"left by a collect that was stopped")
    found = verify(store)
    assert found.wrong == ()
    (extra,) = found.extra
    assert extra.what.startswith("holds 1 raw bodies (")


def test_a_disk_that_cannot_read_is_told(store, monkeypatch):
    path = next(first(store, "runs").glob("checkpoints/best*"))
    real = Path.open

    def fails(self, *how, **named):
        if self == path:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
        return real(self, *how, **named)

    monkeypatch.setattr(Path, "open", fails)
    assert [wrong.what for wrong in verify(store).wrong] == ["Input/output error"]


# Where in a shard


def test_the_row_group_and_the_column_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "ROW_GROUP_ROWS", 40)
    shards.write(tmp_path, "a.parquet", "train", some(100))
    path = tmp_path / "a.parquet"
    whole, meta = path.read_bytes(), pq.read_metadata(path)
    assert damaged(path).startswith("each of its pages reads well")
    for group, rows in ((0, "0 to 39"), (1, "40 to 79"), (2, "80 to 99")):
        for column in ("text", "source"):
            chunk = meta.row_group(group).column(shards.COLUMNS.index(column))
            body = bytearray(whole)
            body[chunk.data_page_offset + chunk.total_compressed_size - 1] ^= 1
            path.write_bytes(body)
            assert damaged(path) == f"row group {group + 1} of 3 (rows {rows}), column {column}"
    path.write_bytes(whole[:-20])
    assert damaged(path) == "its footer cannot be read, so none of its rows can"


# The command


def command(store, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "corpusmill", "verify", *arguments, "--store", store.root],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_whole_store_is_verified_without_a_ref(store):
    done = command(store)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{store.root}: 2 snapshots, 2 versions, 1 runs, ")
    assert done.stdout.endswith("checked, all as it was stored\n")


def test_all_that_is_wrong_is_listed_for_machines_too(store):
    path = next(first(store, "versions").glob("data/*"))
    hit(path)
    done = command(store, "--json")
    said = json.loads(done.stdout)
    assert done.returncode == 1
    assert set(said) == {"checked", "wrong", "extra", "rebuilds"}
    (wrong,) = said["wrong"]
    assert set(wrong) == {"path", "what", "hint"}
    assert wrong["path"] == str(path)


def test_a_manifest_says_which_version_it_is_of(store):
    version = store.versions(NAME)[0]
    (store.version_folder(version) / MANIFEST).write_bytes(encode(store.versions(NAME)[1]))
    (wrong,) = verify(store).wrong
    assert wrong == Wrong(
        str(store.version_folder(version) / MANIFEST),
        "is damaged: it is that of mill/v000002",
        "restore it from a copy, or remove its folder",
    )
