"""A build goes on from what the last one did, and never from what is damaged."""

import pytest

from corpusmill.errors import CorruptError
from corpusmill.store import Store, shards
from preprocess.build import build
from preprocess.partition import units
from preprocess.partition.mill import folder_of
from tests.preprocess.odd_kind import with_odd_kind
from tests.preprocess.snapshots import corpus, take
from tests.preprocess.test_build import documents, tree

BODIES = {f"file:{n:03d}": b"Mill number %d grinds." % n for n in range(60)}
TWINS = BODIES | {"file:twin": BODIES["file:007"], "file:007": BODIES["file:007"]}


def odd(**clean):
    return corpus(parse={"kind": "odd"}, clean=clean)


@pytest.fixture(autouse=True)
def parser(tmp_path, monkeypatch):
    """Every file is a partition."""
    monkeypatch.setattr(units, "TARGET", 1)
    return with_odd_kind(tmp_path, monkeypatch)


def interrupted(store, snapshot, declared=None):
    """A build that has parsed everything and published nothing."""

    def interrupt(_stage, _done, _total, note):
        if note.startswith("writing"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(declared or odd(), snapshot, store, processes=0, progress=interrupt)
    assert store.versions("mill") == []


def fresh(tmp_path, bodies, declared=None):
    """What a store that never saw anything else gives."""
    store = Store(tmp_path / "fresh")
    return build(declared or odd(), take(store, "mill", bodies), store)[0]


def same_rows(one, other):
    assert (one.id, one.parsed, one.drops, one.stats) == (other.id, other.parsed, other.drops, other.stats)
    assert [(s.path, s.sha256) for s in one.shards] == [(s.path, s.sha256) for s in other.shards]


def test_what_an_interrupted_build_parsed_is_not_parsed_again(store, parser, tmp_path):
    snapshot = take(store, "mill", BODIES)
    interrupted(store, snapshot)
    assert parser.parsed() == sorted(BODIES)
    version, _ = build(odd(), snapshot, store)
    assert parser.parsed() == []
    same_rows(version, fresh(tmp_path, BODIES))


def _cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def _flip(path):
    path.write_bytes(path.read_bytes()[:-2] + bytes([path.read_bytes()[-2] ^ 4]) + path.read_bytes()[-1:])


@pytest.mark.parametrize("damage", [_cut, _flip, lambda path: path.unlink(), lambda path: path.write_bytes(b"")])
@pytest.mark.parametrize("kind", ["index", "rows"])
def test_a_damaged_partition_is_made_again_and_the_others_are_not(store, parser, tmp_path, damage, kind):
    snapshot = take(store, "mill", BODIES)
    interrupted(store, snapshot)
    parser.parsed()
    damage(sorted(folder_of(store, "mill").glob(f"*.{kind}"))[17])
    try:
        version, _ = build(odd(), snapshot, store)
    except CorruptError as error:
        assert (kind, error.hint) == ("rows", "repeat the command")
        assert store.versions("mill") == []
        version, _ = build(odd(), snapshot, store)
    assert len(parser.parsed()) == 1
    same_rows(version, fresh(tmp_path, BODIES))


def test_a_changed_document_is_all_that_is_parsed_again(store, parser, tmp_path):
    build(odd(), take(store, "mill", BODIES), store)
    parser.parsed()
    changed = BODIES | {"file:007": b"This one stands still.", "file:new": b"This one is new."}
    del changed["file:008"]
    version, _ = build(odd(), take(store, "mill", changed), store)
    assert parser.parsed() == ["file:007", "file:new"]
    assert {row.text for row in documents(store, version)} == {body.decode() for body in changed.values()}
    assert version.stats == fresh(tmp_path, changed).stats


@pytest.mark.parametrize("steps", range(3))
def test_a_duplicate_that_becomes_the_keeper_is_found_again(store, parser, tmp_path, steps):
    first, _ = build(odd(), take(store, "mill", TWINS), store)
    (twin,) = shards.read_drops(store.version_folder(first))
    kept = ({"file:007", "file:twin"} - {twin.source}).pop()
    assert not list(folder_of(store, "mill").glob("*.rows"))
    bodies = {url: body for url, body in TWINS.items() if url != kept}
    for n in range(steps):  # versions between that have neither
        without = {url: body for url, body in bodies.items() if url != twin.source}
        build(odd(), take(store, "mill", without | {f"file:{n}": b"Number %d" % n}), store)
    parser.parsed()
    version, _ = build(odd(), take(store, "mill", bodies), store)
    assert parser.parsed() == [twin.source]
    assert twin.source in {row.source for row in documents(store, version)}
    same_rows(version, fresh(tmp_path, bodies))


WORDS = ["the", "mill", "turns", "and", "grinds", "all", "the", "corn", "that", "comes", "while", "water", "runs"]
MILLS = {
    f"file:{n:03d}": " ".join(f"{word}{n // 4}" for word in WORDS + ["stone"] * (n % 5)).encode() + b" in %d" % n
    for n in range(60)
} | {"file:twin": b"the same", "file:other": b"the same"}
NEAR = {"threshold": 0.95, "permutations": 32, "shingle": 1}
CHANGES = [
    ({"keep": ["words >= 1"]}, {"keep": ["words >= 16"]}),
    ({"keep": ["words >= 16"]}, {"keep": ["words >= 1"]}),
    ({"signals": ["words"]}, {"keep": ["words <= 18"]}),
    ({"near": NEAR}, {"near": NEAR | {"threshold": 0.6}}),
    ({"near": NEAR | {"threshold": 0.6}}, {"near": NEAR}),
    ({"near": NEAR | {"threshold": 0.6}}, {"near": NEAR | {"threshold": 0.6, "keep": "all"}}),
    ({}, {"dedup": False}),
    ({"dedup": False}, {}),
]


@pytest.mark.parametrize("tidied", [False, True])
@pytest.mark.parametrize(("before", "after"), CHANGES, ids=str)
def test_another_threshold_parses_only_what_was_left_out_and_not_even_that_while_the_rows_are_there(
    store, parser, tmp_path, before, after, tidied
):
    snapshot, left_out = take(store, "mill", MILLS), set()
    if tidied:
        first, _ = build(odd(**before), snapshot, store)
        left_out = {drop.source for drop in shards.read_drops(store.version_folder(first))}
    else:
        interrupted(store, snapshot, odd(**before))
    parser.parsed()
    version, made = build(odd(**after), snapshot, store)
    assert made
    assert set(parser.parsed()) <= left_out
    same_rows(version, fresh(tmp_path, MILLS, odd(**after)))


def test_other_fractions_parse_nothing_again(store, parser):
    build(odd(), take(store, "mill", BODIES), store)
    parser.parsed()
    declared = corpus(parse={"kind": "odd"}, split={"fractions": [0.5, 0.25, 0.25]})
    version, _ = build(declared, take(store, "mill", BODIES), store)
    assert parser.parsed() == []
    assert 20 < version.stats["splits"]["train"]["documents"] < 40
    assert len(documents(store, version)) == len(BODIES)


def test_what_a_step_or_the_parser_is_told_parses_everything_again(store, parser):
    snapshot = take(store, "mill", BODIES)
    build(odd(), snapshot, store)
    parser.parsed()
    build(odd(steps=["line_ends", "nfc", "strip"]), snapshot, store)
    assert parser.parsed() == sorted(BODIES)


def test_nothing_is_kept_beside_a_version_but_small_files_of_its_own(store, parser):
    build(odd(), take(store, "mill", BODIES), store)
    first = {path.name for path in folder_of(store, "mill").iterdir()}
    build(odd(), take(store, "mill", BODIES | {"file:new": b"New."}), store)
    second = {path.name for path in folder_of(store, "mill").iterdir()}
    assert {name.rpartition(".")[2] for name in second} == {"index", "json"}
    assert len(second - first) <= 1 + 3 + 5  # its index; its shard's counts; what is measured on samples
    assert len(second) == len(first) + 1


def test_the_partitions_are_safe_to_delete(store, parser):
    snapshot = take(store, "mill", BODIES)
    first, _ = build(odd(), snapshot, store)
    for path in folder_of(store, "mill").iterdir():
        path.unlink()
    before = tree(store.root / "mill")
    assert build(odd(steps=["line_ends", "nfc", "strip"]), snapshot, store) == (first, False)
    assert tree(store.root / "mill") == before
