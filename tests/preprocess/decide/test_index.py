from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusmill.types import Drop
from preprocess.decide import index, near
from preprocess.decide.near import NearOptions
from tests.preprocess.tables import document, joined, written

NEAR = NearOptions(permutations=16, shingle=2)
GONE = Drop(id=f"{5:032x}", step="min_characters", reason="too short: 1 of 2", source="file:c")
UNREAD = Drop(id=f"{6:032x}", step="parse", reason="binary", source="file:d")


def test_documents_lie_in_the_order_of_their_ids_and_equal_ids_in_that_of_the_partitions(tmp_path):
    table = joined(
        tmp_path,
        [document(3, source="file:a"), document(1, source="file:b")],
        [document(1 << 100, source="file:c"), document(1, source="file:d"), document(1, source="file:e")],
    ).table
    rows = np.arange(len(table))
    assert [int(table.identity(row), 16) for row in rows] == [1, 1, 1, 3, 1 << 100]
    assert [table.sources(rows)[row] for row in rows] == ["file:b", "file:d", "file:e", "file:a", "file:c"]
    assert table.sources(rows[3:4]) == {3: "file:a"}


def test_an_id_is_counted_once_however_many_files_share_it_and_whatever_a_step_made_of_it(tmp_path):
    assert joined(tmp_path, [document(1), document(2)], [document(1)]).documents == 2
    assert joined(tmp_path, [document(1), document(2)], [document(1), GONE, UNREAD]).documents == 3
    assert joined(tmp_path, [document(5), document(2)], [GONE]).documents == 2
    assert joined(tmp_path, []).documents == 0


@pytest.mark.parametrize("in_memory", [1 << 20, 0])
def test_signals_and_signatures_follow_their_documents(tmp_path, monkeypatch, in_memory):
    monkeypatch.setattr(index, "_IN_MEMORY", in_memory)
    documents = [document(n * 7 % 11, f"mill {n} turns and grinds", signals={"a": n, "b": -n}) for n in range(10)]
    table = joined(tmp_path, documents[:4], [], documents[4:], signals=2, near_=NEAR).table
    by_id = sorted(documents, key=lambda each: each.id)
    assert table.signals.tolist() == [list(each.signals.values()) for each in by_id]
    assert np.array_equal(table.signatures, near.signatures([each.text for each in by_id], NEAR))
    assert isinstance(table.signatures, np.memmap) == (in_memory == 0)


def test_a_partition_that_is_named_twice_is_read_twice(tmp_path):
    key = written(tmp_path, [document(1)])
    assert len(index.join(tmp_path, [key, key], 0, 0).table) == 2


@given(st.lists(st.integers(0, 5)), st.data())
def test_groups_are_the_rows_with_equal_keys_in_their_order(keys, data):
    rows = np.array(sorted(data.draw(st.sets(st.sampled_from(range(len(keys)))))) if keys else [], np.int64)
    for shaped in (np.array(keys, np.uint64), np.array([(k % 2, k // 2) for k in keys], np.uint64).reshape(-1, 2)):
        found = {tuple(group.tolist()) for group in index.groups_of(shaped, rows)}
        counts = Counter(keys[row] for row in rows)
        assert found == {tuple(row for row in rows if keys[row] == k) for k, count in counts.items() if count > 1}
