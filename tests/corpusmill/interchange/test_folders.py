"""What every export to a folder promises: a checked copy, whole or absent."""

import errno
import json
import os
from pathlib import Path

import pytest

from corpusmill.errors import CorruptError, StoreError, UsageError
from corpusmill.interchange import bagit, delta, described, folder, huggingface
from corpusmill.store.ids import file_sha256
from corpusmill.types import silent
from tests.corpusmill.interchange.versions import published

WRITERS = {"hf": huggingface, "bagit": bagit, "delta": delta, "croissant": described}


@pytest.fixture
def mill(store):
    return published(store)


def tree(place: Path) -> dict[str, bytes]:
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()}


@pytest.fixture(params=WRITERS.values(), ids=WRITERS.keys())
def writer(request):
    return request.param


def test_an_export_says_what_it_wrote_and_is_the_same_again(mill, tmp_path, writer):
    first = writer.write(mill.store, mill.version, tmp_path / "deep" / "one", silent)
    second = writer.write(mill.store, mill.version, tmp_path / "two", silent)

    found = tree(Path(first.export))
    assert (first.files, first.bytes) == (len(found), sum(map(len, found.values())))
    assert (first.version, first.format in WRITERS) == ("mill@v1", True)
    assert tree(Path(second.export)) == found


def test_an_export_is_a_copy(mill, tmp_path):
    huggingface.write(mill.store, mill.version, tmp_path / "hub")
    for path in (tmp_path / "hub").rglob("*.*"):
        assert path.stat().st_nlink == 1
    assert tree(tmp_path / "hub") == tree(mill.folder)


def test_an_empty_folder_is_taken_and_a_full_one_refused(mill, tmp_path, writer, monkeypatch):
    (tmp_path / "empty").mkdir()
    writer.write(mill.store, mill.version, tmp_path / "empty", silent)
    before = tree(tmp_path / "empty")
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    for place, said in {"../empty": "is not empty", "../file": "is a file", ".": "is where you are"}.items():
        with pytest.raises(UsageError, match=said):
            writer.write(mill.store, mill.version, Path(place), silent)

    assert tree(tmp_path / "empty") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file", "here", "store"]


def test_a_damaged_shard_is_named_and_nothing_is_left(mill, tmp_path):
    path = mill.folder / mill.version.shards[1].path
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)

    for writer in (huggingface, bagit, delta):
        with pytest.raises(CorruptError, match="train-00001"):
            writer.write(mill.store, mill.version, tmp_path / "out", silent)

    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_a_missing_shard_is_named(mill, tmp_path):
    (mill.folder / mill.version.shards[0].path).unlink()
    with pytest.raises(CorruptError, match=r"train-00000-of-00002\.parquet is missing"):
        delta.write(mill.store, mill.version, tmp_path / "out")


def test_a_full_disk_leaves_nothing(mill, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(folder.commit, "fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        huggingface.write(mill.store, mill.version, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_a_bag_has_what_the_rfc_asks_for(mill, tmp_path):
    bagit.write(mill.store, mill.version, tmp_path / "bag")

    assert (tmp_path / "bag" / "bagit.txt").read_text() == "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        for line in (tmp_path / "bag" / name).read_text().splitlines():
            digest, _, path = line.partition("  ")
            assert file_sha256(tmp_path / "bag" / path) == digest
    listed = {line.partition("  ")[2] for line in (tmp_path / "bag" / "manifest-sha256.txt").read_text().splitlines()}
    assert listed == {f"data/{name}" for name in tree(tmp_path / "bag" / "data")}
    assert all(len(line) <= 79 for line in (tmp_path / "bag" / "bag-info.txt").read_text().splitlines())


def test_a_delta_log_is_one_commit_that_names_every_shard(mill, tmp_path):
    delta.write(mill.store, mill.version, tmp_path / "table")

    actions = [json.loads(line) for line in (tmp_path / "table" / delta.LOG).read_text().splitlines()]

    assert [next(iter(action)) for action in actions] == ["commitInfo", "protocol", "metaData", *["add"] * 4]
    added = [(action["add"]["path"], action["add"]["tags"]["sha256"]) for action in actions[3:]]
    assert [digest for _, digest in added] == [shard.sha256 for shard in mill.version.shards]
    assert {name for name in tree(tmp_path / "table") if name != delta.LOG} == {path for path, _ in added}
    assert added[-1][0] == "split=test/test-00000-of-00001.parquet"
