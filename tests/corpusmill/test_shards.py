import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusmill.errors import CorruptError
from corpusmill.store import ids, shards
from corpusmill.types import Document, Drop

ROOT = Path(__file__).parents[2]
META = st.dictionaries(
    st.text(max_size=5),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=6,
    ),
    max_size=3,
)
TEXTS = st.text(max_size=50)
ROWS = st.lists(TEXTS, min_size=4, max_size=4)
DOCUMENTS = st.lists(
    st.builds(
        Document,
        id=st.text("0123456789abcdef", min_size=32, max_size=32),
        text=TEXTS,
        source=TEXTS,
        raw_sha256=TEXTS,
        title=TEXTS,
        author=TEXTS,
        date=TEXTS,
        licence=TEXTS,
        meta=META,
    ),
    max_size=6,
    unique_by=lambda document: document.id,
)


def some(count: int, size: int = 40) -> list[Document]:
    """Documents of different lengths in the order of their ids."""
    made = [
        Document(
            id=ids.document_id("file:a", number),
            text=f"{number}: " + "è té, " * (number % size),
            source="file:a",
            raw_sha256="0" * 64,
            title=f"№ {number}",
            meta={"verse": number, "tags": ["a", None]},
        )
        for number in range(count)
    ]
    return sorted(made, key=lambda document: document.id)


@settings(max_examples=40)
@given(documents=DOCUMENTS)
def test_documents_come_back_as_they_were(tmp_path_factory, documents):
    folder = tmp_path_factory.getbasetemp()
    shard = shards.write(folder, "round.parquet", "train", documents)
    assert list(shards.documents(folder, [shard])) == documents
    assert list(shards.texts(folder, [shard], "train")) == [document.text for document in documents]
    assert (shard.rows, shard.characters) == (len(documents), sum(len(document.text) for document in documents))


def test_a_shard_is_recorded_with_its_digests(tmp_path):
    documents = some(20)
    shard = shards.write(tmp_path, "a.parquet", "validation", documents)
    body = (tmp_path / "a.parquet").read_bytes()
    assert (shard.path, shard.split, shard.bytes, shard.sha256) == (
        "a.parquet",
        "validation",
        len(body),
        ids.sha256(body),
    )
    digests = [shards.row_digest(shards.rest(document), document.text.encode()) for document in documents]
    assert shard.content_digest == ids.sha256(b"".join(digests))


@settings(max_examples=40)
@given(documents=DOCUMENTS, values=st.lists(st.floats(), min_size=12, max_size=12))
def test_signals_are_columns_of_numbers_and_come_back(tmp_path_factory, documents, values):
    folder = tmp_path_factory.getbasetemp()
    measured = [
        replace(document, meta={}, signals={"alphabetic": values[2 * n], "lines": values[2 * n + 1]})
        for n, document in enumerate(documents)
    ]
    shard = shards.write(folder, "signals.parquet", "train", measured)
    assert repr(list(shards.documents(folder, [shard]))) == repr(measured)  # in which nan is itself
    shards.check(folder, shard)
    if documents:
        types = {field.name: field.type for field in pq.read_schema(folder / "signals.parquet")}
        assert (types["alphabetic"], types["lines"]) == (pa.float64(), pa.float64())


@given(one=ROWS, other=ROWS, number=st.floats(allow_nan=False))
def test_two_rows_have_one_digest_only_if_they_are_equal(one, other, number):
    digests = [shards.row_digest((*row[1:], number), row[0].encode()) for row in (one, other)]
    assert (digests[0] == digests[1]) == (one == other)
    assert shards.row_digest((), b"") != shards.row_digest(("",), b"")


def test_where_row_groups_end_depends_on_sizes_alone(monkeypatch):
    monkeypatch.setattr(shards, "ROW_GROUP_BYTES", 10)
    assert list(shards.row_groups([])) == []
    assert list(shards.row_groups([99])) == [(0, 1)]
    assert list(shards.row_groups([4, 6, 1, 99, 0, 10, 1])) == [(0, 2), (2, 3), (3, 4), (4, 6), (6, 7)]


def test_an_empty_shard_has_its_columns_and_no_row(tmp_path):
    shard = shards.write(tmp_path, "a.parquet", "test", [])
    assert (shard.rows, shard.characters) == (0, 0)
    assert list(shards.documents(tmp_path, [shard])) == []
    assert pq.read_schema(tmp_path / "a.parquet").names == list(shards.COLUMNS)


def test_each_split_is_read_alone_and_in_order(tmp_path):
    documents = some(9)
    written = [
        shards.write(tmp_path, f"{n}.parquet", split, documents[3 * n : 3 * n + 3])
        for n, split in enumerate(("train", "test", "train"))
    ]
    assert [d.text for d in shards.documents(tmp_path, written, "test")] == [d.text for d in documents[3:6]]
    assert list(shards.texts(tmp_path, written, "train")) == [d.text for d in documents[:3] + documents[6:]]
    assert list(shards.texts(tmp_path, written, "validation")) == []
    assert list(shards.documents(tmp_path, written)) == documents


WRITE = """
import sys
from pathlib import Path
import pyarrow as pa
from tests.corpusmill.test_shards import some
from corpusmill.store import shards
pa.set_cpu_count(int(sys.argv[2]))
documents = tuple(some(200)) if sys.argv[2] == "1" else some(200)
print(shards.write(Path(sys.argv[1]), "a.parquet", "train", documents).sha256)
"""


def test_the_same_rows_give_the_same_file_for_any_threads_hash_seed_locale_or_kind_of_sequence(tmp_path):
    settings_ = [("1", "C", "0"), ("3", "C.UTF-8", "42")]
    found = {
        subprocess.run(
            [sys.executable, "-c", WRITE, tmp_path, threads],
            cwd=ROOT,
            env={**os.environ, "LC_ALL": locale, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads, locale, seed in settings_
    }
    assert found == {shards.write(tmp_path, "here.parquet", "train", some(200)).sha256 + "\n"}


def test_a_row_group_ends_before_its_text_passes_the_bound(tmp_path):
    size = shards.ROW_GROUP_BYTES * 7 // 16
    documents = [Document(id=str(n), text=str(n) * size, source="", raw_sha256="") for n in range(5)]
    shard = shards.write(tmp_path, "a.parquet", "train", documents)
    meta = pq.read_metadata(tmp_path / "a.parquet")
    assert [meta.row_group(n).num_rows for n in range(meta.num_row_groups)] == [2, 2, 1]
    assert [text[0] for text in shards.texts(tmp_path, [shard], "train")] == list("01234")


def test_other_tools_read_a_shard_as_plain_strings(tmp_path):
    shards.write(tmp_path, "a.parquet", "train", some(2))
    schema = pq.read_schema(tmp_path / "a.parquet")
    assert [(field.name, field.type, field.nullable) for field in schema] == [
        (name, pa.string(), False) for name in shards.COLUMNS
    ]


# Damage


def _damages(whole: bytes, count: int, end: int):
    """Flips of one bit each below `end`, and cuts."""
    chance = random.Random(7)
    for _ in range(count):
        flipped = bytearray(whole)
        flipped[chance.randrange(end)] ^= 1 << chance.randrange(8)
        yield bytes(flipped)
    yield from (whole[: chance.randrange(len(whole))] for _ in range(20))
    yield from (b"", whole + b"\0")


def test_no_damage_to_a_shard_is_ever_silent(tmp_path):
    shard = shards.write(tmp_path, "a.parquet", "train", some(100))
    path = tmp_path / "a.parquet"
    whole = path.read_bytes()
    for damaged in _damages(whole, 300, len(whole)):
        path.unlink()
        path.write_bytes(damaged)
        with pytest.raises(CorruptError, match=r"a\.parquet does not match the manifest: restore it from a copy"):
            shards.read(tmp_path, shard)


def _silent(path: Path, columns: list[str], whole: bytes, end: int, *, verify: bool) -> int:
    """How many of 300 flips a reader that does not know the file's digest takes for the right table, wrongly."""
    path.write_bytes(whole)
    right, wrong = pq.read_table(path), 0
    for damaged in _damages(whole, 300, end):
        path.unlink()
        path.write_bytes(damaged)
        try:
            if verify:
                wrong += shards._table(path, columns) != right
            else:
                wrong += pq.read_table(path, columns=columns) != right
        except (CorruptError, OSError, pa.ArrowException):
            continue
    return wrong


def test_page_checksums_alone_catch_a_flipped_bit_that_would_be_silent_without(tmp_path):
    shards.write(tmp_path, "a.parquet", "train", some(100))
    whole = (tmp_path / "a.parquet").read_bytes()
    footer = 8 + int.from_bytes(whole[-8:-4], "little")  # has no checksum: the manifest's digest is for that
    pages, columns = len(whole) - footer, list(shards.COLUMNS)
    assert _silent(tmp_path / "a.parquet", columns, whole, pages, verify=True) == 0
    assert _silent(tmp_path / "a.parquet", columns, whole, pages, verify=False) > 50


def test_a_missing_shard_is_named(tmp_path):
    shard = shards.write(tmp_path, "a.parquet", "train", some(3))
    (tmp_path / "a.parquet").unlink()
    with pytest.raises(CorruptError, match=r"a\.parquet is missing: restore it from a copy, or delete this version"):
        list(shards.texts(tmp_path, [shard], "train"))


def test_a_shard_that_holds_other_rows_than_its_record_says_is_named(tmp_path):
    shard = shards.write(tmp_path, "a.parquet", "train", some(20))
    shards.check(tmp_path, shard)
    for wrong in (replace(shard, content_digest="0" * 64), replace(shard, rows=19)):
        with pytest.raises(CorruptError, match=r"a\.parquet holds other rows than the manifest says"):
            shards.check(tmp_path, wrong)
    other = shards.write(tmp_path, "a.parquet", "train", some(21))
    with pytest.raises(CorruptError, match=r"a\.parquet does not match the manifest"):
        shards.check(tmp_path, shard)
    with pytest.raises(CorruptError, match=r"a\.parquet holds other rows"):
        shards.check(tmp_path, replace(shard, sha256=other.sha256))


# What was left out


def test_the_ledger_of_drops_comes_back_sorted_by_step_reason_and_id(tmp_path):
    drops = [
        Drop(id=identity, step=step, reason=reason, source="file:é")
        for identity, step, reason in [("2", "b", "x"), ("1", "b", "x"), ("3", "a", "y"), ("4", "a", "x")]
    ]
    (tmp_path / "drops").mkdir()
    shards.write_drops(tmp_path / "drops" / "drops.parquet", drops)
    first = (tmp_path / "drops" / "drops.parquet").read_bytes()
    assert [drop.id for drop in shards.read_drops(tmp_path)] == ["4", "3", "1", "2"]
    shards.write_drops(tmp_path / "drops" / "drops.parquet", reversed(drops))
    assert (tmp_path / "drops" / "drops.parquet").read_bytes() == first


@pytest.mark.parametrize("body", [None, b"", b"PAR1 and nothing else"])
def test_a_damaged_ledger_is_named(tmp_path, body):
    (tmp_path / "drops").mkdir()
    if body is not None:
        (tmp_path / "drops" / "drops.parquet").write_bytes(body)
    with pytest.raises(CorruptError, match=r"drops\.parquet cannot be read"):
        shards.read_drops(tmp_path)


def test_no_drop_is_an_empty_ledger(tmp_path):
    (tmp_path / "drops").mkdir()
    shards.write_drops(tmp_path / "drops" / "drops.parquet", [])
    assert shards.read_drops(tmp_path) == []
