from dataclasses import replace

import pytest

from corpusmill.errors import BuildError, CorruptError, UnknownNameError
from corpusmill.store import Store, shards
from corpusmill.store.ids import content_id
from corpusmill.types import Document, Version
from preprocess.build import build
from preprocess.publish import again
from preprocess.publish.again import Circumstances, difference, rebuilds
from tests.corpusmill.archives import tar
from tests.corpusmill.samples import keep, version
from tests.preprocess.snapshots import corpus, take
from tests.preprocess.test_build import MILL, TEXT

HOW = Circumstances(1, 1 << 20, "7", "C.UTF-8", "Asia/Kolkata")
CLEAN = {"near": {"threshold": 0.8}, "signals": ["words"], "keep": ["words >= 2"], "rare": {"fewer_than": 2}}
BODIES = MILL | {"file:a.tar": tar({f"{n}.txt": f"{n} é {TEXT}".encode() for n in range(3)}), "file:p": b"\0\0"}


@pytest.fixture
def built(store):
    snapshot = take(store, "mill", BODIES, gone=("file:lost",))
    keep(store, snapshot)
    return build(replace(corpus(clean=CLEAN), about="A mill."), snapshot, store)[0]


def test_a_version_built_again_elsewhere_is_the_same(store, built):
    before = sorted(path.name for path in store.root.iterdir())
    assert list(rebuilds(built, store, (HOW,))) == [(HOW, "")]
    assert sorted(path.name for path in store.root.iterdir()) == before
    (stored,) = store.versions("mill")
    assert list(rebuilds(stored, store, (replace(HOW, workers=0),))) == [(replace(HOW, workers=0), "")]


def test_a_store_may_be_named_from_where_one_is(store, built, monkeypatch):
    monkeypatch.chdir(store.root.parent)
    near = Store(store.root.relative_to(store.root.parent))
    assert [said for _, said in rebuilds(built, near, (replace(HOW, workers=0),))] == [""]


def test_what_is_told_of_circumstances():
    assert str(HOW) == "1 workers, units of 1,048,576 bytes, PYTHONHASHSEED=7, LC_ALL=C.UTF-8, TZ=Asia/Kolkata"


def test_a_version_that_differs_is_told_from_its_rebuild(store, built):
    doctored = replace(built, parsed=built.parsed + 1)
    ((_, said),) = rebuilds(doctored, store, (replace(HOW, workers=0),))
    assert said == f"parsed: '{built.parsed + 1}' here, '{built.parsed}' there"


@pytest.mark.parametrize("field", [{"code_digest": "0" * 12}, {"libraries": {"python": "2.7"}}], ids=str)
def test_what_other_code_or_libraries_built_may_differ_and_then_it_is_said(store, built, field):
    how = replace(HOW, workers=0)
    assert [said for _, said in rebuilds(replace(built, **field), store, (how,))] == [""]
    doctored = replace(built, parsed=0, **field)
    ((_, said),) = rebuilds(doctored, store, (how,))
    assert said == f"(it was built by other code or libraries) parsed: '0' here, '{built.parsed}' there"


def test_a_rebuild_that_cannot_be_made_says_why(store, built):
    with pytest.raises(UnknownNameError):
        list(rebuilds(replace(built, snapshot="0" * 12), store))
    spoilt = replace(built, spec={**built.spec, "expect": {**built.spec["expect"], "documents": 3}})
    with pytest.raises(BuildError, match=r"mill is not whole: \d+ instead of 3 documents"):
        list(rebuilds(spoilt, store, (replace(HOW, workers=0),)))
    for blob in (store.root / "blobs").glob("*/*"):
        blob.write_bytes(b"damaged")
    with pytest.raises(CorruptError):
        list(rebuilds(built, store, (replace(HOW, workers=0),)))


def test_a_process_that_fails_otherwise_is_named(store, built, monkeypatch):
    monkeypatch.setattr(again.sys, "executable", "/bin/false")
    with pytest.raises(BuildError, match=r"the rebuild with 1 workers, .* failed: 1: please report it"):
        list(rebuilds(built, store, (HOW,)))


# What differs


def row(number: int, text: str = "corn", **fields) -> Document:
    return Document(id=f"{number:032x}", text=text, source="file:a", raw_sha256="r", **fields)


ROWS = [
    row(1),
    row(2, "The mill turns and turns and turns, and whoever comes to look at it is welcome to stay."),
    row(3),
]
CHANGED = [
    ([*ROWS], {}, ""),
    ([*ROWS], {"snapshot": "another"}, "snapshot: 'aaa111aaa111' here, 'another' there"),
    ([*ROWS], {"parsed": 5}, "parsed: '4' here, '5' there"),
    ([*ROWS], {"drops": {}}, "drops: \"{'exact: duplicate': 1}\" here, '{}' there"),
    ([*ROWS], {"id": "another"}, "id: 'bbb000000001' here, 'another' there"),
    ([*ROWS], {"stats": {"train": {"documents": 4, "longest": [1, 2.5]}}}, "stats: "),
    ([*ROWS], {"parent": "x", "build_key": "y", "libraries": {}, "title": "z"}, ""),
    (
        [ROWS[0], replace(ROWS[1], text=ROWS[1].text.replace("look", "book")), ROWS[2]],
        {},
        f"data/train.parquet, row 1: document {2:032x}, text: '",
    ),
    ([ROWS[0], replace(ROWS[1], title="A"), ROWS[2]], {}, f"row 1: document {2:032x}, title: '' here, 'A' there"),
    (
        [ROWS[0], replace(ROWS[1], meta={"n": 1}), ROWS[2]],
        {},
        f"document {2:032x}, meta: '{{}}' here, '{{\"n\":1}}' there",
    ),
    (ROWS[:2], {}, f"data/train.parquet, row 2: id {3:032x} here, None there"),
    ([ROWS[0], ROWS[2]], {}, f"row 1: document {2:032x}, id: "),
]


def stored(folder, documents, **fields) -> Version:
    (folder / "data").mkdir(parents=True)
    return version(shards=(shards.write(folder, "data/train.parquet", "train", documents),), **fields)


@pytest.mark.parametrize(("documents", "fields", "said"), CHANGED)
def test_the_first_thing_that_differs_is_named(tmp_path, documents, fields, said):
    one, other = stored(tmp_path / "one", ROWS), stored(tmp_path / "other", documents, **fields)
    found = difference(one, tmp_path / "one", other, tmp_path / "other")
    assert said in found
    assert bool(said) == bool(found)
    if "book" in documents[1].text:
        assert "to look at it" in found
        assert "to book at it" in found


def test_shards_that_are_called_otherwise_lack_or_hold_the_same_rows_in_another_file_are_told(tmp_path):
    one = stored(tmp_path / "one", ROWS)
    (shard,) = one.shards
    cases = [
        ((), "shards: data/train.parquet here, None there"),
        ((replace(shard, path="data/x.parquet"),), "shards: data/train.parquet here, data/x.parquet there"),
        ((replace(shard, bytes=1),), "data/train.parquet: the rows are equal, the files are not"),
        ((shard, shard), "shards: None here, data/train.parquet there"),
    ]
    for others, said in cases:
        assert difference(one, tmp_path / "one", replace(one, shards=others), tmp_path / "one").startswith(said)


def test_the_rebuild_is_of_the_sections_the_version_was_built_with(store, built):
    again_ = again.corpus_of(built)
    assert content_id(dict(again_.clean)) == content_id({k: v for k, v in built.spec["clean"].items() if v is not None})
    assert (again_.name, again_.licence, again_.source) == ("mill", "CC0-1.0", {})
