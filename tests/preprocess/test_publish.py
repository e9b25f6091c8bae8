from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from corpusmill.store.ids import document_id
from corpusmill.types import Document, Drop, Shard
from preprocess.publish import _buckets, _content


def document(place: int, size: int) -> Document:
    return Document(id=document_id("mill", place), text="ä" * (size // 2), source="s", raw_sha256="r")


@given(st.lists(st.integers(0, 400), min_size=1, max_size=60))
def test_buckets_are_a_power_of_two_small_enough_and_lose_nothing(sizes):
    documents = [document(place, size) for place, size in enumerate(sizes)]
    buckets = _buckets(documents, limit=1000)
    assert len(buckets).bit_count() == 1
    assert all(int(d.id, 16) % len(buckets) == place for place, bucket in enumerate(buckets) for d in bucket)
    assert sorted((d for bucket in buckets for d in bucket), key=lambda d: d.id) == sorted(
        documents, key=lambda d: d.id
    )
    small = all(sum(len(d.text.encode()) for d in bucket) <= 1000 for bucket in buckets)
    assert small or len(buckets) >= len(documents)


def test_a_document_stays_in_its_bucket_when_others_come():
    few, many = ([document(place, 100) for place in range(count)] for count in (20, 25))
    places = [{d.id: n for n, bucket in enumerate(_buckets(ds, limit=1500)) for d in bucket} for ds in (few, many)]
    assert max(places[0].values()) == max(places[1].values()) > 0
    assert places[0].items() <= places[1].items()


def test_a_version_is_named_by_its_rows_their_splits_and_its_drops():
    drop = Drop(id="1", step="parse", reason="retweet", source="s")
    train, validation = (
        Shard(path=f"{s}.parquet", split=s, rows=1, characters=1, bytes=1, sha256=f"of {s}", content_digest="same")
        for s in ("train", "validation")
    )
    same_rows = replace(train, path="elsewhere", bytes=2, sha256="of another writer")
    assert _content([train], [drop]) == _content([same_rows], [drop])
    names = {
        _content(*given)
        for given in (([train], [drop]), ([validation], [drop]), ([train], []), ([train], [drop, drop]))
    }
    assert len(names) == 4
