from importlib import import_module

import pytest

from corpusmill.errors import BuildError, ParseError
from corpusmill.store import shards
from corpusmill.store.ids import sha256
from preprocess.build import build
from preprocess.partition import units
from tests.corpusmill.archives import PACKERS, tar, zipped
from tests.preprocess.snapshots import corpus, take
from tests.preprocess.test_build import BINARY, MILL, TEXT, documents

LINES = {"a.txt": TEXT.encode(), "b.txt": b"And another one turns.", "c.png": BINARY, "d.md": b"About the mill."}


def test_an_archives_members_are_read_as_files_and_traced_to_it(store):
    bodies = {"https://mill.example/mill.tar.gz": PACKERS["gzip"](tar(LINES))}
    version, _ = build(
        corpus(parse={"kind": "text", "members": ["*.txt", "*.png"]}), take(store, "mill", bodies), store
    )
    digests = {(row.source, row.raw_sha256) for row in documents(store, version)}
    (address,) = bodies
    assert digests == {(f"{address}!/{name}", sha256(LINES[name])) for name in ("a.txt", "b.txt")}
    sources = {row.source.partition("!/")[2] for row in documents(store, version)}
    (left_out,) = shards.read_drops(store.version_folder(version))
    assert (sources, left_out.source) == ({"a.txt", "b.txt"}, "https://mill.example/mill.tar.gz!/c.png")
    assert version.drops == {"parse: binary": 1}  # what no pattern names is not looked at


def test_a_member_is_skipped_by_its_address_like_a_file(store):
    declared = corpus(parse={"kind": "text", "skip": ["*!/*.md", "*.png"]})
    version, _ = build(declared, take(store, "mill", {"file:mill.zip": zipped(LINES)}), store)
    assert version.drops == {"parse: skipped": 2}


def test_patterns_that_no_member_matches_are_named(store):
    declared = corpus(parse={"kind": "text", "members": ["*.c", "*.h"]})
    with pytest.raises(BuildError, match=r"mill.zip: none of its 4 members matches \*.c, \*.h"):
        build(declared, take(store, "mill", {"file:mill.zip": zipped(LINES)}), store)


def test_packing_a_file_changes_no_document(store):
    plain, _ = build(corpus(), take(store, "mill", {"file:mill.txt": TEXT.encode()}), store)
    packed, _ = build(corpus(), take(store, "mill", {"file:mill.txt": PACKERS["xz"](TEXT.encode())}), store)
    ids = [[(row.id, row.text) for row in documents(store, version)] for version in (plain, packed)]
    assert ids[0] == ids[1]


def test_of_an_archive_that_is_not_whole_nothing_is_taken(store):
    cut = PACKERS["gzip"](tar({"a.txt": b"Never to be seen. " * 9} | LINES))[:-30]
    version, _ = build(corpus(), take(store, "mill", MILL | {"file:cut.tar.gz": cut}), store)
    assert version.drops == {"parse: truncated archive": 1}
    assert {row.source for row in documents(store, version)} == {"file:mill.txt"}
    with pytest.raises(ParseError, match=r"cut.tar.gz is not for text: truncated archive: it ends in the middle"):
        build(corpus(), take(store, "mill", {"file:cut.tar.gz": cut}), store)


def test_a_legacy_split_cuts_the_only_member(store):
    declared = corpus(split={"scheme": "legacy:nanogpt"}, parse={"kind": "text", "members": ["*.txt"]})
    body = zipped({"mill.txt": TEXT.encode(), "about.md": b"About the mill."})
    version, _ = build(declared, take(store, "mill", {"file:mill.zip": body}), store)
    assert "".join(documents(store, version, split)[0].text for split in ("train", "validation")) == TEXT.replace(
        "\r\n", "\n"
    )
    with pytest.raises(BuildError, match="legacy:nanogpt cuts a single file, and there are 4"):
        declared = corpus(split={"scheme": "legacy:nanogpt"}, parse={"kind": "text", "skip": ["*.png"]})
        build(declared, take(store, "mill", {"file:mill.zip": zipped(LINES | {"e.txt": b"More."})}), store)


def test_progress_goes_on_within_a_large_archive(store, monkeypatch):
    monkeypatch.setattr(units, "SMALL", 1000)
    monkeypatch.setattr(units, "TARGET", 100_000)
    monkeypatch.setattr(import_module("corpusmill.archive.ahead"), "_WAITING", 1)  # not all is read at once
    notes = []
    body = tar({f"{n}.txt": b"Passage %d of a mill. " % n * 50 for n in range(4000)})
    build(corpus(), take(store, "mill", {"file:mill.tar": body}), store, progress=lambda *call: notes.append(call))
    read = [done for _, done, total, note in notes if "mill.tar!/" in note and 0 < done < total]
    assert len(set(read)) > 1
    assert len({note for *_, note in notes}) > 5
    assert read == sorted(read)
