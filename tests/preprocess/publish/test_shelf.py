from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from corpusmill.store import shards
from preprocess.partition import files as partition
from preprocess.publish.rows import Lost, Rows
from preprocess.publish.shelf import Shelf, name_of
from tests.preprocess.tables import document, joined

SOME = [document(n, f"{n} corn é “€” " * (n % 4), licence="MIT" if n % 3 else "CC0-1.0") for n in range(12)]


@pytest.fixture
def table(tmp_path):
    return joined(tmp_path / "parsed", SOME[6:], SOME[:6]).table


def shelf(tmp_path, table, name, before=None):
    work = tmp_path / name
    (work / "data").mkdir(parents=True)
    return Shelf(work, table.folder, table, Rows(table, before), before), work


def check(contents, documents):
    assert contents.characters == Counter("".join(each.text for each in documents))
    assert contents.licences == Counter(each.licence for each in documents)


def test_a_shard_is_written_counted_and_the_counts_are_kept(tmp_path, table, monkeypatch):
    monkeypatch.setattr(shards, "ROW_GROUP_BYTES", 40)
    made, work = shelf(tmp_path, table, "work")
    shard, contents = made.put("data/a.parquet", "train", np.array([1, 3, 7, 11]), ())
    check(contents, [SOME[n] for n in (1, 3, 7, 11)])
    shards.check(work, shard)
    assert list(shards.documents(work, [shard])) == [SOME[n] for n in (1, 3, 7, 11)]
    assert (table.folder / name_of(shard)).is_file()


@pytest.mark.parametrize("counts", ["kept", "gone", "damaged"])
@pytest.mark.parametrize("links", [True, False])
def test_the_same_shard_of_the_version_before_is_shared_unread(tmp_path, table, monkeypatch, counts, links):
    mine = np.array([0, 2, 5])
    first, before = shelf(tmp_path, table, "before")
    shard, contents = first.put("data/train-00000-of-00001.parquet", "train", mine, ())
    if counts != "kept":
        (table.folder / name_of(shard)).write_bytes(b'{"characters": {"a": 1}')
    if counts == "gone":
        (table.folder / name_of(shard)).unlink()
    if not links:
        monkeypatch.setattr("os.link", lambda *_: (_ for _ in ()).throw(OSError))
    for key in table.keys:
        partition.rows_path(table.folder, key).unlink()
    second, work = shelf(tmp_path, table, "work", (before, [shard]))
    again, counted = second.put("data/b.parquet", "train", mine, ())
    assert (again, counted) == (replace(shard, path="data/b.parquet"), contents)
    one, other = before / shard.path, work / again.path
    assert (one.stat().st_ino == other.stat().st_ino) == links
    assert one.read_bytes() == other.read_bytes()
    assert (table.folder / name_of(shard)).read_bytes().endswith(b"}}")


def test_a_shard_of_another_split_or_rows_or_a_damaged_one_is_not_shared(tmp_path, table):
    first, before = shelf(tmp_path, table, "before")
    shard, _ = first.put("data/train-00000-of-00001.parquet", "train", np.array([0, 2, 5]), ())
    second, work = shelf(tmp_path, table, "work", (before, [shard]))
    for name, split, mine in (("a", "test", [0, 2, 5]), ("b", "train", [0, 2])):
        made, _ = second.put(f"data/{name}.parquet", split, np.array(mine), ())
        assert (work / made.path).stat().st_ino != (before / shard.path).stat().st_ino
    (before / shard.path).write_bytes(b"damaged")
    made, _ = second.put("data/c.parquet", "train", np.array([0, 2, 5]), ())
    shards.check(work, made)


def test_a_shard_that_cannot_be_written_for_want_of_rows_is_no_shard(tmp_path, table):
    partition.rows_path(table.folder, table.keys[0]).unlink()
    made, _ = shelf(tmp_path, table, "work")
    with pytest.raises(Lost) as caught:
        made.put("data/a.parquet", "train", np.arange(len(SOME)), ())
    assert caught.value.keys == [table.keys[0]]
