from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusmill.store.ids import document_id
from preprocess.decide.resolve import resolve
from preprocess.publish import leakage, measure, sample
from preprocess.publish.rows import Rows
from preprocess.recipe import check
from tests.preprocess.snapshots import corpus
from tests.preprocess.tables import document, joined

TEXTS = [f"{n} ä mill turns, “and turns” again " * (1 + n % 7) for n in range(80)]


def resolved(folder, texts=TEXTS, order=1):
    ids = [int(document_id("mill", n), 16) for n in range(len(texts))]
    documents = [document(number, text) for number, text in zip(ids, texts, strict=True)]
    return resolve(joined(folder, documents[::order]), check(corpus(clean={"dedup": False})), "mill")


def ids_of(found, rows):
    return [found.table.identity(int(row)) for row in rows]


@settings(max_examples=20)
@given(limit=st.integers(1, 20_000))
def test_it_is_as_many_documents_as_fit_in_an_order_of_their_ids_alone(tmp_path_factory, limit):
    found = resolved(tmp_path_factory.mktemp("parsed"))
    chosen = sample.choose(found, found.kept, limit)
    scrambled = sorted(found.kept.tolist(), key=lambda row: int(found.table.identity(row)[:16], 16) ^ sample.SEED)
    sizes = np.cumsum([int(found.table.records["bytes"][row]) for row in scrambled])
    fit = max(int((sizes <= limit).sum()), 1)
    assert chosen.rows.tolist() == sorted(scrambled[:fit])
    texts = list(chosen.texts(Rows(found.table, None)))
    assert len("".join(texts).encode()) <= limit
    if sizes[0] <= limit:
        by_id = dict(zip(ids_of(found, range(len(TEXTS))), sorted_texts(found), strict=True))
        assert texts == [by_id[identity] for identity in ids_of(found, chosen.rows)]


def sorted_texts(found):
    return [
        text
        for group in Rows(found.table, None).groups(np.arange(len(found.table)))
        for text in group.texts.to_pylist()
    ]


def test_it_does_not_depend_on_the_order_of_what_was_parsed(tmp_path):
    one, other = resolved(tmp_path / "a"), resolved(tmp_path / "b", order=-1)
    chosen = [ids_of(each, sample.choose(each, each.kept, 900).rows) for each in (one, other)]
    assert chosen[0] == chosen[1]
    assert 1 < len(chosen[0]) < 80


def test_a_document_more_changes_little_of_it(tmp_path):
    chosen = []
    for n, texts in enumerate((TEXTS, [*TEXTS, "one more, " * 9])):
        found = resolved(tmp_path / str(n), texts)
        chosen.append(set(ids_of(found, sample.choose(found, found.kept, 3000).rows)))
    assert len(chosen[0] - chosen[1]) <= 2


def measured(found, folder):
    with ThreadPoolExecutor(2) as pool:
        measuring = sample.start(found, folder, sample.here(Rows(found.table, None), pool))
        return measuring.sampled(), measuring.leakage(), measuring.names


def test_what_is_measured_is_what_the_measures_say_of_the_sample(tmp_path, monkeypatch):
    monkeypatch.setattr(sample, "BYTES", 2000)
    found = resolved(tmp_path)
    said, leaked, _ = measured(found, tmp_path / "kept")
    chosen = sample.choose(found, found.kept, 2000)
    text = "".join(chosen.texts(Rows(found.table, None)))
    assert said == {
        "documents": len(chosen.rows),
        "bytes": len(text.encode()),
        "seed": "9e3779b97f4a7c15",
        "bits_per_byte": {"zstd_19": measure.zstd_19(text.encode()), "xz_9e": measure.xz_9e(text.encode())},
        "entropies": measure.entropies(text),
    }
    texts = dict(enumerate(sorted_texts(found)))
    train, validation, test = ([texts[int(row)] for row in found.kept[found.splits == split]] for split in range(3))
    assert leaked == {"validation": leakage.measure(validation, train), "test": leakage.measure(test, train)}
    assert leaked["validation"]["windows"] > 0


def test_what_was_measured_is_not_measured_again_unless_the_sample_changes(tmp_path, monkeypatch):
    calls = []
    for name in ("entropies", "zstd_19", "xz_9e"):
        real = getattr(measure, name)
        monkeypatch.setattr(measure, name, lambda text, real=real, name=name: (calls.append(name), real(text))[1])
    found, kept = resolved(tmp_path / "a"), tmp_path / "kept"
    first = measured(found, kept)
    assert sorted(calls) == ["entropies", "xz_9e", "zstd_19"]
    assert measured(replace(found, drops=[]), kept) == first
    assert len(calls) == 3
    assert {path.name for path in kept.iterdir()} == set(first[2])
    (kept / first[2][0]).write_bytes(b"[1, ")
    assert measured(found, kept) == first
    assert len(calls) == 4
    assert measured(resolved(tmp_path / "b", [*TEXTS[1:], "other"]), kept) != first
    assert len(calls) == 7


@pytest.mark.parametrize("text", ["ä" * 50, "€" * 50, "💧" * 50, "x" * 50])
def test_a_document_larger_than_the_sample_is_cut_at_a_character(tmp_path, text):
    found = resolved(tmp_path, [f"{n} {text}" for n in range(4)])
    for limit in range(1, 30):
        (cut,) = sample.choose(found, found.kept, limit).texts(Rows(found.table, None))
        assert limit - 3 <= len(cut.encode()) <= limit
        assert "�" not in cut
