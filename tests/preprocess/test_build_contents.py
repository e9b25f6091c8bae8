"""What a version holds: columns, duplicates and statistics, through a whole build."""

from collections import Counter

import pyarrow.parquet as pq
import pytest

from corpusmill.store import Store, shards
from preprocess.build import build
from tests.preprocess.odd_kind import with_odd_kind
from tests.preprocess.snapshots import corpus, take
from tests.preprocess.test_build import MILL, documents

CODE = {"kind": "code"}


def test_signals_and_declared_values_of_meta_are_typed_columns_and_come_back(store):
    declared = corpus(
        parse={"kind": "lines", "unit": "line", "columns": {"line": "int64"}},
        clean={"signals": ["words"], "keep": ["words >= 3", "digits <= 0.5"]},
    )
    body = b"the mill turns\none two\n123456 1 2\nand the corn is ground\n"
    version, _ = build(declared, take(store, "mill", {"file:a": body}), store)
    rows = {row.text: row for row in documents(store, version)}
    assert {text: (row.signals["words"], row.meta["line"]) for text, row in rows.items()} == {
        "the mill turns": (3.0, 1),
        "and the corn is ground": (5.0, 4),
    }
    assert all(set(row.signals) == {"digits", "words"} for row in rows.values())
    assert version.drops == {"keep: digits": 1, "keep: words": 1}
    assert list(version.columns.items())[-3:] == [("digits", "double"), ("words", "double"), ("line", "int64")]
    table = pq.read_table(store.version_folder(version) / version.shards[0].path)
    assert table.schema.field("line").type == "int64"


def test_near_duplicates_go_or_stay_together(store, tmp_path):
    prose = " ".join(f"word{n} of the mill" for n in range(60))
    bodies = {f"file:{n}": f"{prose} {n // 3} {'again ' * (n % 3)}".encode() for n in range(3)}
    bodies |= {f"file:other{n}": f"Number {n} stands for itself alone.".encode() for n in range(30)}
    near = {"threshold": 0.8, "permutations": 64}
    version, _ = build(corpus(parse=CODE, clean={"near": near}), take(store, "mill", bodies), store)
    kept = [row for row in documents(store, version) if row.text.startswith("word0")]
    assert [row.source for row in kept] == ["file:2"]  # the longest
    drops = shards.read_drops(store.version_folder(version))
    assert {(d.step, d.reason, d.source) for d in drops} == {
        ("dedup", f"near-duplicate: kept {kept[0].id}", f"file:{n}") for n in (0, 1)
    }
    assert version.stats["duplicates"] == 2
    other = Store(tmp_path / "all")
    version, _ = build(corpus(parse=CODE, clean={"near": near | {"keep": "all"}}), take(other, "mill", bodies), other)
    splits = [{row.text for row in documents(other, version, split)} for split in ("train", "validation", "test")]
    assert sum(any(text.startswith("word0") for text in texts) for texts in splits) == 1
    assert version.parsed == sum(map(len, splits)) == len(bodies)


def test_statistics_are_those_of_a_slow_count(store):
    bodies = MILL | {"file:b.txt": "“Zoë” and the mill €".encode() * 9}
    version, _ = build(corpus(), take(store, "mill", bodies), store)
    texts = {split: [row.text for row in documents(store, version, split)] for split in ("train", "validation", "test")}
    whole = [text for each in texts.values() for text in each]
    stats = version.stats
    assert stats["vocabulary"]["total"] == dict(sorted(Counter("".join(whole)).items()))
    assert stats["vocabulary"]["train"] == dict(sorted(Counter("".join(texts["train"])).items()))
    for split, each in texts.items():
        characters, size = len("".join(each)), len("".join(each).encode())
        assert stats["splits"][split] == {"documents": len(each), "characters": characters, "bytes": size}
    assert stats["lengths"]["longest"]["characters"] == max(map(len, whole))
    assert stats["licences"] == {"CC0-1.0": len(whole)}
    assert (stats["sample"]["documents"], stats["sample"]["bytes"]) == (len(whole), len("".join(whole).encode()))
    assert set(stats["leakage"]) == {"validation", "test"}
    assert stats["leakage"]["test"]["held_documents"] == len(texts["test"])


def test_a_value_that_does_not_fit_its_column_leaves_its_document_out_and_one_that_is_absent_is_null(store):
    declared = corpus(parse={"kind": "pairs", "columns": {"spaces": "string"}})
    body = "Go.\tVa.\nStop.\tArrête.\nWho?\tQui ?\nWhy?\tPourquoi\xa0?\n".encode()
    version, _ = build(declared, take(store, "mill", {"file:a": body}), store)
    assert version.drops == {"columns: wrong type": 1}
    (left_out,) = shards.read_drops(store.version_folder(version))
    assert left_out.reason == "wrong type: spaces is '1' and no string"
    table = pq.read_table(store.version_folder(version) / version.shards[0].path)
    assert set(table.column("spaces").to_pylist()) == {None}
    assert [row.signals for row in documents(store, version)] == [{}] * 3


@pytest.mark.parametrize(
    ("number", "fits"), [(2**63 - 1, True), (2**63, False), (-(2**63), True), (-(2**63) - 1, False)]
)
def test_a_number_beyond_64_bits_fits_no_column(store, monkeypatch, tmp_path, number, fits):
    with_odd_kind(tmp_path, monkeypatch)
    declared = corpus(parse={"kind": "odd", "columns": {"number": "int64"}})
    bodies = {"file:a": b"Grinds.", "file:b": b"Turns.", "file:c": b"!number %d" % number}
    version, _ = build(declared, take(store, "mill", bodies), store)
    assert version.drops == ({} if fits else {"columns: wrong type": 1})
