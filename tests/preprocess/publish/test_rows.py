from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from corpusmill.errors import CorruptError
from corpusmill.store import shards
from corpusmill.store.shards import rest
from preprocess.partition import files as partition
from preprocess.publish.rows import Lost, Rows
from tests.preprocess.tables import document, joined

SOME = [
    document(n, f"{n} corn é " * (n % 5), title=f"№ {n}", meta={"n": n}, group=f"book {n % 3}", signals={"a": n / 7})
    for n in range(20)
]


@pytest.fixture
def table(tmp_path):
    return joined(tmp_path, SOME[10:], SOME[:5], SOME[5:10], signals=1).table


def everything(table):
    return np.arange(len(table))


def published(folder, documents, count=2):
    """The shards of a version that holds documents, which `count` divides by their ids."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    parts = [[each for each in documents if int(each.id[-8:], 16) % count == n] for n in range(count)]
    names = [f"data/train-{n:05d}-of-{count:05d}.parquet" for n in range(count)]
    made = zip(names, parts, strict=True)
    return folder, [shards.write(folder, name, "train", part) for name, part in made if part]


def same(group, documents):
    assert [tuple(row) for row in group.rest] == [rest(each) for each in documents]
    assert group.texts.to_pylist() == [each.text for each in documents]
    assert group.characters == sum(len(each.text) for each in documents)


def test_rows_of_several_partitions_are_one_group_in_the_order_asked_for(table):
    rows = Rows(table, None)
    same(rows.group(everything(table)), SOME)
    same(rows.group(np.array([15, 3, 9])), [SOME[15], SOME[3], SOME[9]])


def test_row_groups_follow_the_bytes(table, monkeypatch):
    monkeypatch.setattr(shards, "ROW_GROUP_BYTES", 60)
    groups = list(Rows(table, None).groups(everything(table)))
    assert sum(len(group.rest) for group in groups) == len(SOME)
    assert all(len(group.rest) == 1 or group.texts.nbytes < 60 + 4 * 21 for group in groups)


def test_whole_documents_come_back(table):
    rows = Rows(table, None)
    assert list(rows.documents(everything(table), ["a"])) == SOME


def test_many_threads_may_read_at_once(table, tmp_path):
    rows = Rows(table, published(tmp_path / "before", SOME))
    partition.rows_path(table.folder, table.keys[0]).unlink()
    with ThreadPoolExecutor(4) as pool:
        for group in pool.map(rows.group, [everything(table)] * 12):
            same(group, SOME)


def _damages(whole):
    for place in range(0, len(whole), 3):
        yield whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :]
    yield from (whole[:-1], whole[: len(whole) // 2], b"", b"\xff" * len(whole))


@pytest.mark.parametrize("read", ["group", "documents"])
def test_no_damage_to_rows_is_passed_on_and_their_partition_is_made_again(table, read):
    key = table.keys[0]
    path, index = partition.rows_path(table.folder, key), table.folder / f"{key}.index"
    whole, known = path.read_bytes(), index.read_bytes()
    for damaged in _damages(whole):
        path.write_bytes(damaged)
        index.write_bytes(known)
        with pytest.raises(CorruptError, match=rf"{key}\.rows is damaged: repeat the command"):
            list(getattr(Rows(table, None), read)(everything(table)))
        assert not path.exists()
        assert partition.load(table.folder, key) is None


def test_rows_whose_partition_is_gone_come_from_the_version_before(table, tmp_path):
    partition.rows_path(table.folder, table.keys[1]).unlink()
    for count in (1, 2, 4):
        before = published(tmp_path / str(count), SOME, count)
        same(Rows(table, before).group(everything(table)), SOME)


@pytest.mark.parametrize(
    "change",
    [
        {"text": "another"},
        {"title": "another"},
        {"meta": {}},
        {"signals": {"a": 3.0}},
        {"signals": {}},
        {"source": "b"},
    ],
    ids=str,
)
def test_a_row_that_is_not_quite_the_same_is_lost(table, tmp_path, change):
    partition.rows_path(table.folder, table.keys[1]).unlink()
    changed = [replace(each, **change) for each in SOME] if "signals" in change else [*SOME]
    changed[3] = replace(changed[3], **change)
    with pytest.raises(Lost) as caught:
        Rows(table, published(tmp_path / "before", changed)).group(everything(table))
    assert caught.value.keys == [table.keys[1]]


def test_only_the_partitions_of_rows_that_are_nowhere_are_named(table, tmp_path):
    for key in table.keys:
        partition.rows_path(table.folder, key).unlink()
    with pytest.raises(Lost) as caught:
        Rows(table, published(tmp_path / "before", SOME[5:])).group(everything(table))
    assert caught.value.keys == [table.keys[1]]
    for read in (Rows(table, None).group, lambda rows: list(Rows(table, None).documents(rows))):
        with pytest.raises(Lost):
            read(everything(table))


def test_a_damaged_shard_of_the_version_before_is_of_no_use_and_no_harm(table, tmp_path):
    folder, before = published(tmp_path / "before", SOME, 1)
    path = folder / before[0].path
    path.write_bytes(path.read_bytes()[:-9] + b"?" + path.read_bytes()[-8:])
    partition.rows_path(table.folder, table.keys[1]).unlink()
    with pytest.raises(Lost):
        Rows(table, (folder, before)).group(everything(table))
