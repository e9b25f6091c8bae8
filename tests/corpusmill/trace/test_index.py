"""The sorted texts of a version: right, small, made once, made anew when damaged, gone with what they were made of."""

import shutil
import threading
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.material import version as published
from corpusmill.errors import CorruptError, StoreError
from corpusmill.store import Store
from corpusmill.trace.index import Limits, Order, folders, opened, packed
from corpusmill.types import Removal, Version
from tests.corpusmill.trace.sorted_parts import naive_order

TEXTS = {"train": ["the mill", "", "grinds — corn", "你好"], "validation": ["chaff"]}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.text("ab", max_size=20)


@pytest.fixture
def version(store) -> Version:
    return published(store, "mill", TEXTS)


def joined(texts) -> bytes:
    return b"".join(text.encode() + b"\xff" for text in texts)


def is_right(parts, texts) -> bool:
    """Whether all documents are there, in order, each part's text sorted."""
    assert b"".join(part.text[:] for part in parts) == joined(texts)
    assert [part.first for part in parts] == [
        b"".join(part.text[:] for part in parts[:number]).count(b"\xff") for number in range(len(parts))
    ]
    assert all([part.order[index] for index in range(len(part.order))] == naive_order(part.text[:]) for part in parts)
    return True


@settings(max_examples=25)  # each writes a store
@given(st.lists(TEXT), st.integers(1, 50))
@example([], 50)
@example(["", ""], 50)
def test_parts_are_the_documents_sorted(texts, part):
    with TemporaryDirectory() as folder:
        store = Store(Path(folder))
        made = published(store, "mill", {"train": texts, "validation": ["chaff"]})
        for _ in range(2):
            parts = opened(made, store, limits=Limits(part=part))
            assert is_right(parts, texts)
            assert all(len(p.text) <= part or p.text[:].count(b"\xff") == 1 for p in parts)


@pytest.mark.parametrize(
    ("text", "most"), [("corn " * 2000, 4.001), ("зерно" * 2000, 5.001), ("ο μύλος " * 1000, 5), ("谷物" * 4000, 6.001)]
)
def test_a_character_takes_four_to_six_bytes_on_disk_and_a_document_one_more(text, most, store):
    opened(published(store, "mill", {"train": [text]}), store)

    (folder,) = (store.corpus("mill") / "traces").iterdir()
    assert sum(path.stat().st_size for path in folder.glob("0*")) / len(text) <= most


@pytest.mark.parametrize("size", [0, 1 << 24, (1 << 24) + 1, 1 << 30])
def test_places_are_kept_in_as_many_bytes_as_the_largest_needs(size):
    places = np.array([place for place in (size - 1, 0, 1, size // 2, 255, 65_536) if 0 <= place < size], np.int32)

    order = Order.of(packed(places, size), size)

    assert [order[index] for index in range(len(order))] == places.tolist()
    assert [order.least(index, len(order)) for index in range(len(order))] == [
        min(places[index:]) for index in range(len(places))
    ]
    assert order.width == (3 if size <= 1 << 24 else 4)


def test_what_was_sorted_is_not_sorted_again(store, version):
    told = []
    opened(version, store, lambda *said: told.append(said))
    shutil.rmtree(store.version_folder(version) / "data")

    assert is_right(opened(version, store, lambda *said: told.append(said)), TEXTS["train"])
    assert told == [("index", 0, 23, "sorting the training text"), ("index", 23, 23, "23 characters sorted")]


@pytest.mark.parametrize("name", ["000000000.text", "000000000.order", "000000002.text", "manifest.json"])
def test_a_damaged_folder_is_made_anew_and_never_used(name, store, version):
    limits = Limits(part=10)
    opened(version, store, limits=limits)
    (folder,) = folders(version, store)
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    bodies = [b"", whole[name][:-1], whole[name] + b"\0"]
    bodies += [
        bytes(b ^ (at == place) for place, b in enumerate(whole[name]))
        for at in range(0, len(whole[name]), max(7, len(whole[name]) // 12))
    ]
    for body in [*bodies, None]:
        (folder / name).write_bytes(body) if body is not None else (folder / name).unlink()

        assert is_right(opened(version, store, limits=limits), TEXTS["train"])
        assert is_right(opened(version, store, limits=limits), TEXTS["train"])
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == whole


def test_there_is_one_folder_a_version_and_none_of_what_had_to_go(store, version):
    other = replace(version, id="1234567890ab")
    removed = replace(version, removals=(Removal(at="", reason="", documents=1, hashes=(), content="c0ffee"),))
    for one in (version, other, removed):
        opened(one, store)

    assert [folder.name.partition("-")[0] for folder in folders(version, store)] == [version.id]
    assert len(folders(other, store)) == 1
    assert sorted(path.name for path in (store.corpus("mill") / "traces").iterdir()) == sorted(
        path.name for path in (*folders(version, store), *folders(other, store))
    )


def test_it_can_be_deleted_while_it_is_read(store, version):
    made, again = opened(version, store), opened(version, store)
    shutil.rmtree(store.corpus("mill") / "traces")

    assert is_right(made, TEXTS["train"])
    assert is_right(again, TEXTS["train"])


def test_two_at_once_are_both_right(store, version):
    right = []
    ready = threading.Barrier(4)

    def work():
        ready.wait()
        right.append(is_right(opened(version, store), TEXTS["train"]))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert right == [True] * 4
    assert len(list((store.corpus("mill") / "traces").iterdir())) == 1


def test_a_document_that_is_too_long_to_sort_is_refused(store, version):
    with pytest.raises(StoreError, match=r"mill@v1 has a document of 15 bytes; at most 14 can be traced: cut it"):
        opened(version, store, limits=Limits(document=14))
    assert folders(version, store) == []


def test_a_damaged_shard_is_told_of_and_nothing_is_kept(store, version):
    (store.version_folder(version) / version.shards[0].path).write_bytes(b"")

    with pytest.raises(CorruptError, match=r"train\.parquet"):
        opened(version, store)
    assert list((store.corpus("mill") / "traces").iterdir()) == []
