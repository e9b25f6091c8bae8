from itertools import combinations, count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocess.decide import dedup
from preprocess.decide.near import NearOptions
from tests.preprocess.tables import document, joined

_FOLDERS = count()
DOCUMENTS = st.lists(
    st.builds(
        document,
        st.integers(1, 7),
        text=st.sampled_from(["corn", "stone", "wheel"]),
        source=st.sampled_from(["file:s", "file:t"]),
        group=st.sampled_from(["", "a book"]),
    ),
    max_size=12,
)
QUICK = settings(max_examples=60)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("partitions")
    return lambda: made / str(next(_FOLDERS))


def everything(table):
    return np.arange(len(table))


def ids(table, rows):
    return [int(table.identity(row), 16) for row in rows]


def test_of_equal_texts_the_smallest_id_stays_and_the_drop_names_it(folder):
    table = joined(folder(), [document(3), document(2, "stone"), document(1)]).table
    kept, drops = dedup.one_per_text(table, everything(table))
    assert ids(table, kept) == [1, 2]
    assert [(int(d.id, 16), d.step, d.reason, d.source) for d in drops] == [
        (3, "dedup", f"same text: kept {1:032x}", "file:a")
    ]


def test_of_equal_ids_the_one_of_the_first_file_stays_and_the_drop_names_it(folder):
    table = joined(folder(), [document(1, "old", source="a.zip")], [document(1, "new", source="b.zip")]).table
    kept, drops = dedup.one_per_id(table, everything(table))
    assert table.sources(kept) == {0: "a.zip"}
    assert [(d.reason, d.source) for d in drops] == [("same id: kept the one from a.zip", "b.zip")]


def test_texts_that_differ_in_a_space_are_different(folder):
    table = joined(folder(), [document(1), document(2, "corn ")]).table
    assert not dedup.one_per_text(table, everything(table))[1]


@QUICK
@given(DOCUMENTS)
def test_what_stays_is_what_a_slow_look_at_all_texts_says(folder, documents):
    table = joined(folder(), documents).table
    kept, drops = dedup.one_per_id(table, everything(table))
    first: dict = {}
    for each in documents:
        first.setdefault(each.id, each)
    assert [table.identity(row) for row in kept] == sorted(first)
    assert len(kept) + len(drops) == len(documents)
    again, twins = dedup.one_per_text(table, kept)
    smallest = {text: min(d.id for d in first.values() if d.text == text) for text in {d.text for d in first.values()}}
    assert [table.identity(row) for row in again] == sorted(smallest.values())
    reasons = {d.id: f"same text: kept {smallest[d.text]}" for d in first.values() if d.id != smallest[d.text]}
    assert {d.id: d.reason for d in twins} == reasons
    assert dedup.one_per_text(table, again)[1] == []


@QUICK
@given(DOCUMENTS, st.randoms())
def test_the_order_in_which_documents_lie_in_partitions_does_not_matter(folder, documents, random):
    by_id = list({d.id: d for d in documents}.values())
    shuffled = random.sample(by_id, len(by_id))
    tables = [joined(folder(), by_id).table, joined(folder(), shuffled[:3], [], shuffled[3:]).table]
    found = [dedup.one_per_text(table, everything(table)) for table in tables]
    assert [ids(table, kept) for table, (kept, _) in zip(tables, found, strict=True)] == [
        ids(tables[0], found[0][0])
    ] * 2
    assert sorted(found[0][1], key=repr) == sorted(found[1][1], key=repr)


@QUICK
@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3)), max_size=12))
def test_of_a_cluster_the_longest_stays_and_of_those_the_one_with_the_smallest_id(folder, drawn):
    table = joined(folder(), [document(n, "ä" * length) for n, (length, _) in enumerate(drawn)]).table
    numbers = [cluster for _, cluster in drawn]
    lowest = np.array([numbers.index(cluster) for cluster in numbers], np.int64)
    kept, drops = dedup.one_per_cluster(table, everything(table), lowest)
    best = {c: min((-length, n) for n, (length, own) in enumerate(drawn) if own == c)[1] for c in numbers}
    assert ids(table, kept) == sorted(best.values())
    assert {int(d.id, 16): d.reason for d in drops} == {
        n: f"near-duplicate: kept {best[c]:032x}" for n, c in enumerate(numbers) if best[c] != n
    }


def test_near_duplicates_are_found_among_the_rows_that_are_left_only(folder):
    options = NearOptions(threshold=0.8, permutations=32, shingle=2)
    prose = [" ".join(f"{word}{n}" for word in ("the", "mill", "turns", "on")) * 9 for n in range(3)]
    documents = [document(n, prose[n // 2] + " " * (n % 2)) for n in range(6)]
    table = joined(folder(), documents, near_=options).table
    assert dedup.clusters(table, everything(table), options).tolist() == [0, 0, 2, 2, 4, 4]
    assert dedup.clusters(table, np.array([1, 2, 3]), options).tolist() == [0, 1, 1]


@QUICK
@given(DOCUMENTS)
def test_groups_that_a_link_joins_are_one_and_no_others(folder, documents):
    unique = sorted({d.id: d for d in documents}.values(), key=lambda d: d.id)
    table = joined(folder(), unique).table
    rows = everything(table)
    found = dedup.together(table, rows, [dedup.same_text(table, rows)])
    linked = {n: {n} for n in range(len(unique))}
    for _ in unique:
        for one, other in combinations(range(len(unique)), 2):
            a, b = unique[one], unique[other]
            if (a.group or a.id) == (b.group or b.id) or a.text == b.text or linked[one] & linked[other]:
                linked[one] = linked[other] = linked[one] | linked[other]
    for one, other in combinations(range(len(unique)), 2):
        assert (found[one] == found[other]) == bool(linked[one] & linked[other])


def test_nothing_is_no_duplicate(folder):
    table = joined(folder(), []).table
    nothing = everything(table)
    for kept, drops in (
        dedup.one_per_id(table, nothing),
        dedup.one_per_text(table, nothing),
        dedup.one_per_cluster(table, nothing, nothing),
    ):
        assert (len(kept), drops) == (0, [])
