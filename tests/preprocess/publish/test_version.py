from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusmill.errors import BuildError
from corpusmill.store.ids import document_id
from corpusmill.types import Drop, Shard
from preprocess.decide.resolve import resolve
from preprocess.publish.version import _buckets, _refuse_unaccounted, content
from preprocess.recipe import check
from tests.preprocess.snapshots import corpus
from tests.preprocess.tables import document, joined

SHARD = Shard(path="a.parquet", split="train", rows=1, characters=1, bytes=1, sha256="a", content_digest="same")


def ids(count: int) -> np.ndarray:
    """The second halves of documents' ids."""
    return np.array([int(document_id("mill", place)[16:], 16) for place in range(count)], np.uint64)


@given(st.lists(st.integers(0, 400), max_size=60))
def test_buckets_are_a_power_of_two_small_enough_and_lose_nothing(sizes):
    hashes = ids(len(sizes))
    buckets = _buckets(hashes, np.array(sizes, np.uint32), limit=1000)
    assert len(buckets).bit_count() == min(len(sizes), 1)
    assert all(int(hashes[row]) % len(buckets) == place for place, bucket in enumerate(buckets) for row in bucket)
    assert sorted(int(row) for bucket in buckets for row in bucket) == list(range(len(sizes)))
    assert all((np.diff(bucket) > 0).all() for bucket in buckets)
    small = all(sum(sizes[row] for row in bucket) <= 1000 for bucket in buckets)
    assert small or len(buckets) >= len(sizes)


def test_a_document_stays_in_its_bucket_when_others_come():
    found = [_buckets(ids(count), np.full(count, 100, np.uint32), limit=1500) for count in (20, 25)]
    places = [{int(row): n for n, bucket in enumerate(buckets) for row in bucket} for buckets in found]
    assert max(places[0].values()) == max(places[1].values()) > 0
    assert places[0].items() <= places[1].items()


def test_a_version_is_named_by_its_rows_their_splits_and_its_drops():
    drop = Drop(id="1", step="parse", reason="retweet", source="s")
    validation = replace(SHARD, split="validation")
    same_rows = replace(SHARD, path="elsewhere", bytes=2, sha256="of another writer")
    assert content([SHARD], [drop]) == content([same_rows], [drop])
    other = replace(drop, reason="reply")
    assert content([SHARD], [drop, other]) == content([SHARD], [other, drop])
    cases = (([SHARD], [drop]), ([validation], [drop]), ([SHARD], []), ([SHARD], [drop, drop]), ([SHARD], [other]))
    assert len({content(*given) for given in cases}) == len(cases)


def test_a_document_that_is_neither_a_row_nor_a_drop_stops_the_build(tmp_path):
    parsed = joined(tmp_path, [document(n, f"corn {n}") for n in range(5)])
    resolved = resolve(parsed, check(corpus()), "mill")
    _refuse_unaccounted(resolved, [replace(SHARD, rows=3), replace(SHARD, rows=2)])
    for rows, drops in ((4, []), (5, [Drop(id="1", step="a", reason="b", source="c")])):
        with pytest.raises(
            BuildError, match=rf"5 documents were parsed, but {rows} are rows and {len(drops)} are drops"
        ):
            _refuse_unaccounted(replace(resolved, drops=drops), [replace(SHARD, rows=rows)])
