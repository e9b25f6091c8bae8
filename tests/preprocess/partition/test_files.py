import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusmill.errors import ParseError
from corpusmill.store.ids import document_id
from corpusmill.store.shards import rest, row_digest
from corpusmill.types import Drop
from preprocess.decide.near import NearOptions, signatures
from preprocess.partition import files as partition
from preprocess.partition.files import RECORD, Unreadable
from tests.preprocess.snapshots import raw_file
from tests.preprocess.tables import document, written

GONE = Drop(id="1" * 32, step="parse", reason="retweet", source="file:a")
SOME = [document(n, f"{n} corn é" * n, source=f"file:{n % 2}", signals={"a": n / 3}) for n in range(9)]
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def records(folder, key):
    return np.frombuffer(partition.load(folder, key).records, RECORD)


@settings(max_examples=50)
@given(texts=st.lists(TEXT, max_size=5))
def test_a_record_says_where_a_text_lies_and_what_is_in_it(tmp_path_factory, texts):
    folder = tmp_path_factory.mktemp("partitions")
    documents = [document(n, text, group="a book" * (n % 2)) for n, text in enumerate(texts)]
    key = written(folder, documents)
    rows = partition.rows_path(folder, key).read_bytes() if texts else b""
    for record, each in zip(records(folder, key), documents, strict=True):
        start = int(record["offset"]) + int(record["rest"])
        assert rows[start : start + int(record["bytes"])].decode() == each.text
        assert record["characters"] == len(each.text)
        assert record["digest"].tobytes() == row_digest(rest(each), each.text.encode())
        assert f"{int(record['id'][0]):016x}{int(record['id'][1]):016x}" == each.id
    assert sum(records(folder, key)["rest"]) + sum(records(folder, key)["bytes"]) == len(rows)


def test_a_partition_without_documents_has_an_index_only(tmp_path):
    key = written(tmp_path, [GONE])
    assert [path.name for path in tmp_path.iterdir()] == [f"{key}.index"]
    assert partition.load(tmp_path, key).drops == [(GONE.id, GONE.step, GONE.reason, GONE.source)]


def test_a_file_that_could_not_be_read_is_a_drop_and_remembered_with_its_hint(tmp_path):
    writer = partition.Writer(tmp_path, "a" * 32)
    writer.refuse(raw_file("file:a.png"), ParseError("binary: a NUL byte", "leave it out"))
    writer.close()
    found = partition.load(tmp_path, "a" * 32)
    assert found.unreadable == [Unreadable("file:a.png", "binary: a NUL byte", "leave it out")]
    assert found.drops == [(document_id("file:a.png"), "parse", "binary: a NUL byte", "file:a.png")]


def test_what_came_after_a_mark_is_forgotten(tmp_path):
    options = NearOptions(permutations=16)
    writers = [
        partition.Writer(tmp_path, f"{n:032x}", signed=lambda texts: signatures(texts, options).tobytes())
        for n in (0, 1)
    ]
    for writer in writers:
        for each in SOME[:3]:
            writer.add(each)
        writer.drop(GONE)
    mark = writers[1].mark()
    writers[1].add(SOME[3])
    writers[1].drop(GONE)
    writers[1].index.counted.append(("1", {}))
    writers[1].back_to(mark)
    for writer in writers:
        writer.add(SOME[4])
        writer.close()
    one, other = (partition.load(tmp_path, writer.key) for writer in writers)
    assert (one.signals, one.signatures, one.drops, one.counted) == (
        other.signals, other.signatures, other.drops, other.counted,
    )  # fmt: skip
    for name in ("id", "text", "digest", "characters"):
        assert records(tmp_path, writers[0].key)[name].tobytes() == records(tmp_path, writers[1].key)[name].tobytes()


def test_what_is_abandoned_leaves_nothing(tmp_path):
    writer = partition.Writer(tmp_path, "a" * 32)
    writer.add(SOME[1])
    assert list(tmp_path.iterdir())
    writer.abandon()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("near", [False, True])
def test_any_damage_to_an_index_is_seen(tmp_path, near):
    key = written(tmp_path, [*SOME, GONE], NearOptions(permutations=16) if near else None)
    path = tmp_path / f"{key}.index"
    whole = path.read_bytes()
    for place in range(0, len(whole), 5):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
        assert partition.load(tmp_path, key) is None
        path.write_bytes(whole[:place])
        assert partition.load(tmp_path, key) is None
    path.write_bytes(whole + b"\0")
    assert partition.load(tmp_path, key) is None
    path.write_bytes(whole)
    assert partition.load(tmp_path, key) is not None
    path.unlink()
    assert partition.load(tmp_path, key) is None


def test_all_but_the_documents_is_carried_to_another_partition(tmp_path):
    before = written(tmp_path, [*SOME, GONE])
    writer = partition.Writer(tmp_path, "b" * 32)
    writer.carry(partition.load(tmp_path, before))
    writer.drop(GONE)
    writer.close()
    old, new = partition.load(tmp_path, before), partition.load(tmp_path, "b" * 32)
    assert (len(old.drops), len(new.drops), new.records) == (1, 2, b"")


def test_after_publishing_only_what_is_named_stays(tmp_path):
    keys = [written(tmp_path, SOME[:2]) for _ in range(2)]
    (tmp_path / "signatures.tmp").touch()
    partition.tidy(tmp_path, {f"{keys[0]}.index"})
    assert [path.name for path in tmp_path.iterdir()] == [f"{keys[0]}.index"]
    partition.forget(tmp_path, keys[0])
    partition.forget(tmp_path, "never there")
    partition.tidy(tmp_path / "absent", set())
    assert list(tmp_path.iterdir()) == []
