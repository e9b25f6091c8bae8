import os
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from corpusmill.errors import BuildError, BusyError, IncompleteError, ParseError, StoreError
from corpusmill.store import Store, shards
from preprocess.build import build
from tests.preprocess.snapshots import corpus, take

TEXT = "\r\n\r\n".join(f"Passage {n} of a mill that turns and turns, whoever comes to look at it." for n in range(60))
MILL = {"file:mill.txt": TEXT.encode()}
BINARY = b"\x89PNG\0\0"


def tree(folder: Path) -> dict[str, bytes]:
    """Every file but what is only kept so that the next build is quicker."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and ".parsed" not in p.parts
    }


def documents(store, version, split=None):
    return list(shards.documents(store.version_folder(version), version.shards, split))


def visible(store: Store) -> list[str]:
    return sorted(tree(store.root / "mill"))


def test_a_version_holds_every_document_once_and_accounts_for_the_rest(store):
    bodies = MILL | {"file:again.txt": TEXT.encode(), "file:picture.png": BINARY}
    version, made = build(corpus(), take(store, "mill", bodies), store)
    rows, drops = documents(store, version), shards.read_drops(store.version_folder(version))
    assert made
    assert version.parsed == len(rows) + len(drops)
    assert version.drops == {"dedup: same text": len(rows), "parse: binary": 1}
    assert len({row.id for row in rows}) == len({row.text for row in rows}) == len(rows)
    assert store.latest_version("mill") == version


def test_duplicates_stay_where_the_corpus_says_so(store):
    bodies = {"file:a.txt": TEXT.encode(), "file:b.txt": TEXT.encode()}
    version, _ = build(corpus(clean={"dedup": False}), take(store, "mill", bodies), store)
    texts = [row.text for row in documents(store, version)]
    assert (len(texts), version.drops) == (2 * len(set(texts)), {})


def test_what_two_files_share_is_counted_once_for_completeness(store):
    tweets = b'[{"id_str": "%d", "text": "Turn %d", "created_at": "Mon Feb 29 23:59:59 +0000 2016"}]'
    bodies = {"file:a": tweets % (1, 1), "file:b": tweets % (1, 1), "file:c": tweets % (2, 2)}
    declared = corpus(parse={"kind": "tweets"}, expect={"documents": 2})
    assert build(declared, take(store, "mill", bodies), store)[0].drops == {"dedup: same id": 1}


def test_every_row_traces_to_the_bytes_it_came_from_and_has_a_licence(store):
    snapshot = take(store, "mill", MILL)
    licensed = replace(snapshot, files=tuple(replace(file, licence="MIT") for file in snapshot.files))
    (file,) = snapshot.files
    for taken, licence in ((snapshot, "CC0-1.0"), (replace(licensed, id="another"), "MIT")):
        version, _ = build(corpus(), taken, store)
        rows = documents(store, version)
        assert {(row.source, row.raw_sha256, row.licence) for row in rows} == {(file.url, file.sha256, licence)}


def test_rows_of_a_shard_are_sorted_by_id_and_splits_share_none(store):
    version, _ = build(corpus(), take(store, "mill", MILL), store)
    ids = {split: [row.id for row in documents(store, version, split)] for split in ("train", "validation", "test")}
    assert all(ids[split] and ids[split] == sorted(ids[split]) for split in ids)
    assert sum(map(len, ids.values())) == len({id_ for split in ids.values() for id_ in split})


def test_the_same_again_is_skipped_and_a_change_makes_the_next_version(store):
    first, _ = build(corpus(), take(store, "mill", MILL), store)
    before = tree(store.root / "mill")
    assert build(corpus(), take(store, "mill", MILL), store) == (first, False)
    assert tree(store.root / "mill") == before
    changed = {"file:mill.txt": TEXT.replace("Passage 7 ", "Sentence 7 ").encode()}
    second, made = build(corpus(), take(store, "mill", changed), store)
    assert made
    assert (second.number, second.parent, second.ref) == (2, first.id, "mill@v2")
    assert build(corpus(), take(store, "mill", MILL), store) == (first, False)
    assert store.latest_version("mill") == first


def test_another_licence_makes_another_version(store):
    snapshot = take(store, "mill", MILL)
    build(corpus(), snapshot, store)
    version, made = build(replace(corpus(), licence="MIT"), snapshot, store)
    assert (made, version.number, version.stats["licences"]) == (True, 2, {"MIT": version.parsed})


def test_sections_that_change_no_row_publish_nothing(store):
    snapshot = take(store, "mill", MILL)
    first, _ = build(corpus(clean={"steps": ["line_ends"]}), snapshot, store)
    assert build(corpus(clean={"steps": ["line_ends", "nfc"]}), snapshot, store) == (first, False)
    assert [v.name for v in store.versions("mill")] == ["v000001"]


def test_two_stores_hold_identical_files_whatever_the_order_of_the_snapshot(tmp_path):
    trees = []
    bodies = MILL | {f"file:{n}.txt": f"{n} {TEXT}".encode() for n in range(5)}
    for name, items in (("a", bodies.items()), ("b", reversed(bodies.items()))):
        store = Store(tmp_path / name)
        build(corpus(), take(store, "mill", dict(items)), store)
        trees.append(tree(store.root / "mill"))
    assert trees[0] == trees[1]
    assert len(trees[0]) == 7


SCRIPT = """
import sys
from pathlib import Path
from corpusmill.store import Store
from preprocess.build import build
from tests.preprocess.snapshots import corpus, take
from tests.preprocess.test_build import MILL
store = Store(Path(sys.argv[1]))
build(corpus(), take(store, "mill", MILL), store)
"""


def test_hash_seed_locale_and_time_zone_change_nothing(tmp_path):
    trees = []
    for seed, zone, language in (
        ("0", "UTC", "C"),
        ("1", "Asia/Kolkata", "C.UTF-8"),
        ("7", "America/New_York", "POSIX"),
    ):
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": language}
        command = [sys.executable, "-c", SCRIPT, str(tmp_path / seed)]
        subprocess.run(command, env=environment, cwd=Path(__file__).parents[2], check=True)
        trees.append(tree(tmp_path / seed / "mill"))
    assert trees[0] == trees[1] == trees[2]


def test_a_change_rewrites_its_shard_and_shares_the_others(store):
    bodies = {f"file:{n}.txt": b"Mill number %d grinds." % n for n in range(200)}
    first, _ = build(corpus(), take(store, "mill", bodies), store)
    changed = documents(store, first, "train")[0].source
    second, _ = build(corpus(), take(store, "mill", bodies | {changed: b"This one stands still."}), store)
    shared = {}
    for old, new in zip(first.shards, second.shards, strict=True):
        inodes = {(store.version_folder(v) / s.path).stat().st_ino for v, s in ((first, old), (second, new))}
        shared[new.split] = len(inodes) == 1
    assert shared == {"train": False, "validation": True, "test": True}


def test_a_damaged_shard_is_not_shared(store):
    first, _ = build(corpus(), take(store, "mill", MILL), store)
    for shard in first.shards:
        (store.version_folder(first) / shard.path).write_bytes(b"damaged")
    second, _ = build(
        corpus(licence_note="changes only the manifest"), take(store, "mill", MILL | {"file:b": BINARY}), store
    )
    assert documents(store, second)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "mill.txt is not for text: empty: there is no text in it"),
        (BINARY, "mill.txt is not for text: binary: a NUL byte at offset 4"),
        (b"\x81\x8d", "mill.txt is not for text: undecodable: byte 81 at offset 0 is neither UTF-8 nor windows-1252"),
    ],
)
def test_the_only_file_must_be_readable(store, body, message):
    with pytest.raises(ParseError) as caught:
        build(corpus(), take(store, "mill", {"file:mill.txt": body}), store)
    assert caught.value.message == message
    assert not visible(store)


def test_of_many_files_none_of_which_can_be_read_the_first_is_named(store):
    with pytest.raises(
        ParseError, match=r"a.png is not for text: binary: .*, and 2 more files could not be read either"
    ):
        build(corpus(), take(store, "mill", {f"file:{n}.png": BINARY for n in "abc"}), store)


def test_files_that_are_skipped_or_gone_are_counted(store):
    bodies = MILL | {"file:index/list.txt": b"mill.txt"}
    snapshot = take(store, "mill", bodies, gone=("file:lost.txt",))
    version, _ = build(corpus(parse={"kind": "text", "skip": ["*/list.txt"]}), snapshot, store)
    assert version.drops == {"parse: gone": 1, "parse: skipped": 1}
    reasons = {drop.source: drop.reason for drop in shards.read_drops(store.version_folder(version))}
    assert reasons == {"file:lost.txt": "gone: status 404", "file:index/list.txt": "skipped: */list.txt"}


def test_a_corpus_that_is_not_whole_publishes_nothing_and_names_what_could_not_be_read(store):
    declared = corpus(expect={"documents": 100})
    with pytest.raises(
        IncompleteError, match=r"mill is not whole: \d+ instead of 100 documents \(unreadable: b.png, binary"
    ):
        build(declared, take(store, "mill", MILL | {"file:b.png": BINARY}), store)
    assert not visible(store)


@pytest.mark.parametrize(
    ("sections", "bodies", "message"),
    [
        ({}, {}, "mill: there is no document in its files"),
        ({"clean": {"steps": ["min_characters:999"]}}, MILL, r"mill: all \d+ documents were left out \(too short\)"),
        ({}, {"file:a": b"One short sentence."}, "mill: one document cannot be both"),
        (
            {"split": {"scheme": "legacy:nanogpt"}},
            MILL | {"file:b": b"b"},
            "legacy:nanogpt cuts a single file, and there are 2",
        ),
        ({"split": {"scheme": "legacy:nanogpt"}}, {"file:b": b"b"}, "one piece of legacy:nanogpt is empty"),
    ],
)
def test_documents_that_make_no_version_are_refused(store, sections, bodies, message):
    with pytest.raises(BuildError, match=message):
        build(corpus(**sections), take(store, "mill", bodies), store)
    assert not visible(store)


def test_a_legacy_split_leaves_the_text_of_its_file_untouched(store):
    declared = corpus(split={"scheme": "legacy:nanogpt"}, clean={"steps": ["line_ends", "min_characters:9"]})
    version, _ = build(declared, take(store, "mill", {"file:mill.txt": b"\xef\xbb\xbf" + TEXT.encode() + b"\n"}), store)
    train, validation = (documents(store, version, split) for split in ("train", "validation"))
    text = TEXT.replace("\r\n", "\n") + "\n"
    assert train[0].text + validation[0].text == text
    assert len(train[0].text) == int(len(text) * 0.9)
    assert (version.parsed, version.drops) == (2, {})


def test_progress_counts_the_bytes_that_are_read_and_then_the_shards(store, monkeypatch):
    monkeypatch.setattr("preprocess.build._SOME", 1)
    calls = []
    snapshot = take(store, "mill", MILL | {"file:b.txt": b"more"})
    version, _ = build(corpus(), snapshot, store, progress=lambda *call: calls.append(call))
    total, shards_ = sum(file.bytes for file in snapshot.files), len(version.shards)
    assert [call[:3] for call in calls[:3]] == [
        ("build", 4, total),
        ("build", total - 1, total),
        ("build", total, total),
    ]
    assert calls[0][3] == "b.txt, 0.0 of 0.0 MB"
    assert [call[:3] for call in calls[3:]] == [("build", n, shards_) for n in range(shards_)]


def test_an_interrupted_build_leaves_nothing_and_the_next_one_carries_on(store):
    def interrupt(_stage, done, _total, _note):
        if done:
            raise KeyboardInterrupt

    snapshot = take(store, "mill", MILL)
    with pytest.raises(KeyboardInterrupt):
        build(corpus(), snapshot, store, progress=interrupt)
    assert not visible(store)
    assert build(corpus(), snapshot, store)[1]


def test_what_a_killed_build_left_is_swept(store):
    left = store.root / "mill" / "versions" / ".v000001.99999999.tmp"
    left.mkdir(parents=True)
    version, _ = build(corpus(), take(store, "mill", MILL), store)
    assert (version.number, left.exists()) == (1, False)


def test_a_full_disk_is_a_store_error_that_leaves_nothing(store):
    snapshot = take(store, "mill", {"file:mill.txt": os.urandom(60_000).hex().encode()})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(StoreError) as caught:
            build(corpus(), snapshot, store)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert str(store.root) in str(caught.value)
    assert not visible(store)
    assert build(corpus(), snapshot, store)[1]


def test_two_builds_at_once_are_refused_but_one_that_is_done_is_found(store):
    snapshot = take(store, "mill", MILL)
    with store.lock("mill", "build", "building mill"), pytest.raises(BusyError, match="building mill"):
        build(corpus(), snapshot, store)
    version, _ = build(corpus(), snapshot, store)
    with store.lock("mill", "build", "building mill"):
        assert build(corpus(), snapshot, store) == (version, False)
