import pytest

from corpusmill.errors import BuildError
from corpusmill.store import Store, shards
from preprocess.build import build
from preprocess.decide.legacy import LEGACY, cutter
from preprocess.partition import units
from tests.corpusmill.archives import PACKERS, tar, zipped
from tests.preprocess.snapshots import corpus, take
from tests.preprocess.test_build import BINARY, documents

TEXT = "".join(f"Verse {n}: é, the mill turns, and turns.\r\n" for n in range(200))
BODY = TEXT.encode()
PLAIN = {"kind": "text"}


def cut(store, scheme, bodies, gone=(), clean=None, **parse):
    declared = corpus(split={"scheme": scheme}, parse=PLAIN | parse, clean=clean or {})
    return build(declared, take(store, "mill", bodies, gone), store)[0]


@pytest.mark.parametrize("scheme", [*LEGACY, "legacy:char-rnn:10x20"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_the_pieces_are_those_of_the_scheme_and_the_tail_is_a_drop(store, scheme, mark):
    version, expected = cut(store, scheme, {"file:a.txt": mark + BODY}), cutter(scheme)(TEXT)
    found = {split: [row.text for row in documents(store, version, split)] for split in expected.pieces}
    assert found == {split: [text] for split, text in expected.pieces.items()}
    drops = shards.read_drops(store.version_folder(version))
    said = f"beyond the last whole batch: {expected.left_out:,} characters"
    assert [drop.reason for drop in drops] == ([said] if expected.left_out else [])
    assert version.parsed == len(expected.pieces) + len(drops)
    assert bool(drops) == ("char-rnn" in scheme)


@pytest.mark.parametrize("small", [0, 1 << 20])
@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.txt.gz", PACKERS["gzip"](BODY)),
        ("a.tar", tar({"a.txt": BODY, "b.md": b"About."})),
        ("a.zip", zipped({"x/b.md": b"About.", "x/a.txt": BODY})),
    ],
)
def test_the_only_file_may_be_packed_or_the_only_member(store, monkeypatch, small, name, body):
    monkeypatch.setattr(units, "SMALL", small)
    version = cut(store, "legacy:nanogpt", {f"file:{name}": body}, members=["*.txt"])
    assert "".join(row.text for split in ("train", "validation") for row in documents(store, version, split)) == (
        TEXT.replace("\r\n", "\n")
    )


def test_what_is_skipped_or_gone_is_accounted_for(store):
    bodies = {"file:a.txt": BODY, "file:index.html": b"a.txt", "file:z.zip": zipped({"more.html": b"x"})}
    version = cut(store, "legacy:udacity", bodies, gone=("file:lost",), skip=["*.html"])
    assert version.drops == {"parse: gone": 1, "parse: skipped": 2}
    assert version.parsed == 5


@pytest.mark.parametrize("small", [0, 1 << 20])
@pytest.mark.parametrize(
    ("more", "count"),
    [
        ({"file:b.txt": b"Another one."}, 2),
        ({"file:b.png": BINARY}, 2),
        ({"file:b.zip": zipped({"x": b"x is one", "y": b"y is another"})}, 3),
        ({"file:b.tar.gz": PACKERS["gzip"](tar({"x": b"x", "y": b"y"}))[:-9]}, 2),
    ],
)
def test_two_files_are_refused_however_much_can_be_read_of_the_second(store, monkeypatch, small, more, count):
    monkeypatch.setattr(units, "SMALL", small)
    with pytest.raises(BuildError, match=rf"legacy:nanogpt cuts a single file, and there are {count}: use the scheme"):
        cut(store, "legacy:nanogpt", {"file:a.txt": BODY} | more)
    assert store.versions("mill") == []


def test_nothing_is_measured_or_cleaned_whatever_is_declared(store):
    clean = {"signals": ["words"], "keep": ["lines >= 1000"], "steps": ["min_characters:99999"], "near": {}}
    version = cut(store, "legacy:nanogpt", {"file:a.txt": BODY}, clean=clean | {"rare": {"fewer_than": 9}})
    assert version.drops == {}
    assert list(version.columns) == list(shards.COLUMNS)
    assert all(row.signals == {} for row in documents(store, version))


def test_the_same_again_is_found_and_another_scheme_is_another_version(store, tmp_path):
    first = cut(store, "legacy:nanogpt", {"file:a.txt": BODY})
    assert cut(store, "legacy:nanogpt", {"file:a.txt": BODY}) == first
    second = cut(store, "legacy:torch-rnn", {"file:a.txt": BODY})
    assert second.number == 2
    assert cut(Store(tmp_path / "other"), "legacy:torch-rnn", {"file:a.txt": BODY}).id == second.id
