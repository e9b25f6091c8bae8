from dataclasses import replace

import numpy as np
import pytest

from corpusmill.errors import BuildError, CorruptError
from corpusmill.store import blobs
from corpusmill.store.ids import sha256
from preprocess.parse import lines
from preprocess.partition import files as partition
from preprocess.partition import mill
from preprocess.partition.mill import Mill, Part
from tests.corpusmill.archives import PACKERS, tar, zipped
from tests.preprocess.odd_kind import with_odd_kind
from tests.preprocess.snapshots import corpus, raw_file

LINES = {"kind": "lines", "unit": "line"}


@pytest.fixture
def put(store):
    return lambda url, body: Part(raw_file(url, body, blobs.put(store.root, body)))


def made(store, parts, **sections):
    mill_ = Mill(corpus(**({"parse": LINES} | sections)), store.root)
    return partition.load(mill_.folder, mill_.run(parts))


def rows(index):
    return len(np.frombuffer(index.records, partition.RECORD))


def test_a_unit_that_is_done_is_not_parsed_again(store, put, tmp_path, monkeypatch):
    odd, mill_ = with_odd_kind(tmp_path, monkeypatch), Mill(corpus(parse={"kind": "odd"}), store.root)
    parts = [put("file:a", b"corn"), put("file:b", b"stone")]
    key = mill_.run(parts)
    assert odd.parsed() == ["file:a", "file:b"]
    assert mill_.run(parts) == key
    assert odd.parsed() == []
    assert mill_.run(parts[::-1]) != key
    assert mill_.run([parts[0], replace(parts[1], file=replace(parts[1].file, licence="MIT"))]) != key
    partition.forget(mill_.folder, key)
    odd.parsed()
    assert mill_.run(parts) == key
    assert odd.parsed() == ["file:a", "file:b"]


SAME = [
    {"clean": {"dedup": False}},
    {"split": {"fractions": [0.5, 0.25, 0.25]}},
    {"expect": {"documents": 2}},
    {"clean": {"signals": ["words"], "keep": []}},
    {"clean": {"keep": ["words >= 3"]}},
    {"clean": {"keep": ["words <= 5"]}},
    {"clean": {"near": {"threshold": 0.7, "keep": "all"}}},
    {"clean": {"near": {}}},
    {"clean": {"rare": {"fewer_than": 9}}},
]


def key(store, put, **sections):
    return Mill(corpus(**({"parse": LINES} | sections)), store.root).run([put("file:a", b"corn\nstone\n")])


def test_a_partition_is_told_by_what_decides_it_and_by_no_threshold(store, put):
    keys = [key(store, put, **sections) for sections in SAME]
    plain = key(store, put)
    assert keys[0] == keys[1] == keys[2] == keys[8] == plain
    assert keys[3] == keys[4] == keys[5] != plain
    assert keys[6] == keys[7] != plain
    others = [
        key(store, put, parse=LINES | {"comment": "#"}),
        key(store, put, clean={"steps": []}),
        key(store, put, clean={"near": {"shingle": 3}}),
        key(store, put, clean={"near": {"permutations": 64}}),
        key(store, put, clean={"signals": ["lines"]}),
        key(store, put, expect={"sum": {"line": 3}}),
    ]
    assert len({plain, *others}) == len(others) + 1


def test_what_is_expected_of_documents_is_kept_before_any_step_drops_them(store, put):
    found = made(
        store, [put("file:a", b"a\nmill\n")], clean={"steps": ["min_characters:2"]}, expect={"sum": {"line": 3}}
    )
    assert [meta for _, meta in found.counted] == [{"line": 1}, {"line": 2}]
    assert (rows(found), [drop[1] for drop in found.drops]) == (1, ["min_characters"])


@pytest.mark.parametrize(
    "archive_", [PACKERS["gzip"](tar({"a": b"corn\nstone", "b": b"wheel"}))[:-9], zipped({}), b"PK\3\4 and no more"]
)
def test_nothing_is_taken_of_an_archive_that_is_not_whole(store, put, archive_):
    found = made(store, [put("file:a", b"first"), put("file:b", archive_), put("file:c", b"last\none")])
    assert (rows(found), found.parts, [drop[3] for drop in found.drops]) == (3, 3, ["file:b"])
    assert [each.url for each in found.unreadable] == ["file:b"]


def test_a_member_that_cannot_be_read_is_a_drop_and_the_others_stay(store, put):
    found = made(store, [put("file:a.zip", zipped({"a": b"corn", "b": b"\0\0\0", "c": b"wheel"}))])
    assert (rows(found), found.parts, [drop[3] for drop in found.drops]) == (2, 3, ["file:a.zip!/b"])


def test_pieces_of_a_file_count_as_one_and_go_on_where_the_last_ended(store, put):
    file = raw_file("file:a", b"corn\nstone\n", "1" * 64)
    whole = made(store, [Part(file, b"corn\nstone\n")])
    mill_ = Mill(corpus(parse=LINES), store.root)
    keys = [mill_.run([Part(file, b"corn\n")]), mill_.run([Part(file, b"stone\n", before=1)])]
    pieces = [partition.load(mill_.folder, each) for each in keys]
    assert [each.parts for each in pieces] == [1, 0]
    both = np.concatenate([np.frombuffer(each.records, partition.RECORD) for each in pieces])
    for name in ("id", "text", "digest"):
        assert both[name].tobytes() == np.frombuffer(whole.records, partition.RECORD)[name].tobytes()


def test_a_member_is_traced_by_its_own_digest_even_where_it_is_empty(store):
    members = [Part(raw_file(f"file:a.zip!/{name}"), body) for name, body in (("a", b"corn"), ("b", b""))]
    found = made(store, members)
    mill_ = Mill(corpus(parse=LINES), store.root)
    assert (rows(found), [drop[2].partition(":")[0] for drop in found.drops]) == (1, ["empty"])
    assert sha256(b"corn").encode() in partition.rows_path(mill_.folder, mill_.run(members)).read_bytes()
    assert mill_.run(members) != mill_.run([replace(members[0], body=b"stone"), members[1]])


def test_a_body_that_is_too_large_is_refused_by_what_its_parser_says(store, put, monkeypatch):
    monkeypatch.setattr(lines, "LARGEST", 10)
    found = made(store, [put("file:a", b"corn"), put("file:b", b"corn and stone")])
    assert [drop[2] for drop in found.drops] == ["too large: 14 bytes in one piece, and at most 10 are read"]
    monkeypatch.setattr(mill, "LARGEST", 10)
    assert mill.largest_of(object()) == 10


def test_what_the_store_lacks_or_no_pattern_matches_stops_the_build_and_leaves_nothing(store, put):
    for parts, error in (
        ([put("file:a", b"corn"), Part(raw_file("file:b", b"stone", "0" * 64))], CorruptError),
        ([put("file:a.zip", zipped({"a.c": b"corn"}))], BuildError),
    ):
        with pytest.raises(error):
            made(store, parts, parse=LINES | {"members": ["*.txt"]})
    assert not list(mill.folder_of(store, "mill").glob("*"))
