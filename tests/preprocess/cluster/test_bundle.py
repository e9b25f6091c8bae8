"""Rows of several partitions in one file, and the files that machines hand to one another."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusmill.store import Store
from corpusmill.store.spare import unpublished
from preprocess.cluster.bundle import bundled, gathered, reversed_bits, selected
from preprocess.cluster.depot import InBucket, InFolder, depot_of
from preprocess.decide import index
from preprocess.decide.split import assign
from preprocess.partition import files as partition
from preprocess.publish.rows import Lost, Rows
from tests.corpusmill.store.buckets import Memory
from tests.preprocess.tables import document, joined

FRACTIONS = (0.6, 0.2, 0.2)
SOME = [document(n, f"{n} corn é “€” " * (n % 7 + 1)) for n in range(60)]


class Counting:
    """A depot that counts what is asked of it."""

    def __init__(self, depot):
        self.depot, self.asked = depot, []

    def part(self, *asked):
        self.asked.append(asked)
        return self.depot.part(*asked)


@pytest.fixture
def bundles(tmp_path):
    """Partitions in two bundles, and the table of all."""
    table = joined(tmp_path / "made", SOME[:20], SOME[20:30], SOME[30:45], SOME[45:]).table
    target = tmp_path / "parsed"
    target.mkdir()
    for keys in (table.keys[:2], table.keys[2:]):
        name, indexes = bundled(table.folder, keys, FRACTIONS)
        partition.rows_path(table.folder, name).rename(partition.rows_path(target, name))
        for key, body in indexes.items():
            (target / f"{key}.index").write_bytes(body)
    return index.join(target, table.keys, 0, 0).table


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1), st.integers(0, 32))
@settings(max_examples=60)
def test_in_this_order_what_agrees_in_its_last_bits_stands_together(ids, bits):
    ids = np.array(ids, np.uint64)
    reversed_ = reversed_bits(ids)
    assert [int(f"{int(i) & 0xFFFFFFFF:032b}"[::-1], 2) for i in ids] == reversed_.tolist()
    buckets = (ids & np.uint64(0xFFFFFFFF))[np.argsort(reversed_)] % np.uint64(2**bits)
    assert 1 + int((buckets[1:] != buckets[:-1]).sum()) == len(set(buckets.tolist()))


@pytest.mark.parametrize("count", [1, 2, 4, 8])
def test_a_shard_asks_each_bundle_once_and_gets_its_rows_back(bundles, tmp_path, count, monkeypatch):
    monkeypatch.setattr("preprocess.cluster.bundle.NEAR", 0)
    lowest = bundles.records["id"][:, 1].astype(np.int64) & 0xFFFFFFFF
    splits = assign(bundles.records["group"], FRACTIONS, "mill")
    for number in range(count):
        for split in range(3):
            rows = np.flatnonzero((lowest % count == number) & (splits == split))
            here = tmp_path / f"{count}-{number}-{split}"
            here.mkdir()
            depot = Counting(InFolder(bundles.folder))
            table = gathered(selected(bundles, rows), depot, here)
            assert len(depot.asked) <= len(set(bundles.places)) == 2
            assert list(Rows(table, None).documents(np.arange(len(rows)))) == [SOME[row] for row in rows]


def test_rows_of_a_bundle_that_is_gone_are_lost_by_the_keys_of_their_partitions(bundles, tmp_path):
    partition.rows_path(bundles.folder, bundles.places[3]).unlink()
    rows = np.arange(len(bundles))
    here = tmp_path / "here"
    here.mkdir()
    table = gathered(selected(bundles, rows), InFolder(bundles.folder), here)
    with pytest.raises(Lost) as caught:
        Rows(table, None).group(rows)
    assert sorted(caught.value.keys) == sorted(bundles.keys[2:])


@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_a_depot_gives_back_what_was_put(tmp_path, kind):
    depot = InFolder(tmp_path / "parsed") if kind == "folder" else InBucket(Memory(), "mill/.parsed/")
    assert depot.names() == set()
    (tmp_path / "file").write_bytes(b"0123456789")
    depot.put("a.rows", tmp_path / "file")
    depot.put("b.indexes", b"x")
    depot.put("b.indexes", b"y")
    assert depot.names() == {"a.rows", "b.indexes"}
    assert (depot.get("b.indexes"), depot.part("a.rows", 2, 5), depot.part("a.rows", 8, 20)) == (b"y", b"234", b"89")
    depot.remove(["a.rows", "nothing"])
    depot.remove([])
    assert depot.names() == {"b.indexes"}
    for read in (lambda: depot.get("a.rows"), lambda: depot.part("a.rows", 0, 1)):
        with pytest.raises(FileNotFoundError):
            read()


def test_what_a_dead_build_left_in_a_bucket_is_known(tmp_path):
    bucket = Memory()
    store = Store(tmp_path, bucket)
    depot = depot_of(store, "mill")
    depot.put("a.rows", b"1")
    depot.put("a.indexes", b"1")
    written = max(entry.changed for entry in bucket.list(""))
    assert [*unpublished(store, "mill", written - timedelta(days=365))] == []
    later = written + timedelta(days=365)
    assert [entry.key for entry in unpublished(store, "mill", later)] == ["mill/.parsed/a.rows"]
    assert len([*unpublished(store, "mill")]) == 2
    assert [*unpublished(Store(tmp_path), "mill")] == []
