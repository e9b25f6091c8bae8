from collections import Counter

import pytest

from corpusmill.store import Store, shards
from preprocess.build import build
from preprocess.partition import units
from preprocess.partition.mill import folder_of
from tests.preprocess.snapshots import corpus, take
from tests.preprocess.test_build import documents, tree

PLAIN = {f"file:{n:02d}": f"Mill {n:02d} turns twice and grinds, alone, all corn.".encode() for n in range(100)}
RARE = {
    "file:x": "Zoë turns “twice”.".encode(),
    "file:y": "€€€€€€".encode(),
    "file:z": "ë alone, and corn".encode(),
    "file:twin": PLAIN["file:07"],
}
BODIES = PLAIN | RARE
STEPS = {"steps": ["line_ends"]}


def built(store, bodies=BODIES, processes=0, **rare):
    declared = corpus(clean=STEPS | {"signals": ["words"], "rare": {"fewer_than": 5} | rare})
    return build(declared, take(store, "mill", bodies), store, processes=processes)[0]


def texts(store, version):
    return {row.source: (row.text, row.meta.get("rare_characters")) for row in documents(store, version)}


def slow(bodies, least=5):
    """The characters that are rare in the documents that are published, each text counted once."""
    counts = Counter("".join({body.decode() for body in bodies.values()}))
    return {character for character, count in counts.items() if count < least}


@pytest.mark.parametrize(
    ("options", "x", "y"),
    [
        ({"then": "replace"}, ("�o� turns �twice�.", 4), ("€€€€€€", None)),
        ({"then": "replace", "replacement": "_"}, ("_o_ turns _twice_.", 4), ("€€€€€€", None)),
        ({"then": "remove"}, ("o turns twice.", 4), ("€€€€€€", None)),
    ],
)
def test_what_is_rare_is_replaced_or_removed_and_counted(store, options, x, y):
    version = built(store, **options)
    found, gone = texts(store, version), slow(BODIES)
    to = {"replace": options.get("replacement", "�"), "remove": ""}[options["then"]]
    for url, body in BODIES.items():
        expected = "".join(to if character in gone else character for character in body.decode())
        count = sum(character in gone for character in body.decode())
        if url in found:
            assert found[url] == (expected, count or None)
    assert (found["file:x"], found["file:y"]) == (x, y)
    assert len(found) == len(BODIES) - 1
    assert version.drops == {"dedup: same text": 1}
    assert gone == set("Zë“”")
    assert not (gone - {to}) & set(version.stats["vocabulary"]["total"])


def test_documents_that_hold_what_is_rare_are_left_out_with_the_reason(store):
    version = built(store, then="drop")
    drops = {drop.source: drop for drop in shards.read_drops(store.version_folder(version)) if drop.step == "rare"}
    gone = slow(BODIES)
    assert set(drops) == {url for url, body in BODIES.items() if set(body.decode()) & gone}
    assert drops["file:z"].reason.startswith("rare characters: U+00EB")
    assert version.parsed == len(BODIES)
    assert not gone & set(version.stats["vocabulary"]["total"])


def test_what_becomes_the_same_text_is_dropped_as_a_duplicate(store):
    bodies = PLAIN | {"file:a": "corné".encode(), "file:b": "cornè".encode()}
    version = built(store, bodies, then="remove")
    assert version.drops == {"dedup: same text": 1}


def test_signals_stay_as_they_were_measured(store):
    version = built(store, then="replace", replacement=" ")  # of which more words would be made
    (row,) = [row for row in documents(store, version) if row.source == "file:x"]
    assert row.signals == {"words": 3.0}


def test_when_nothing_is_rare_nothing_is_changed(store, tmp_path):
    declared = corpus(clean=STEPS | {"signals": ["words"]})
    other = Store(tmp_path / "other")
    plain, _ = build(declared, take(other, "mill", BODIES), other)
    rare, _ = build(
        corpus(clean=STEPS | {"signals": ["words"], "rare": {"fewer_than": 2, "replacement": "?"}}),
        take(store, "mill", {url: body * 2 for url, body in BODIES.items()}),
        store,
    )
    assert plain.stats["total"]["documents"] == rare.stats["total"]["documents"]
    assert not any("rare_characters" in row.meta for row in documents(store, rare))


def test_it_depends_on_nothing_but_the_documents(tmp_path, monkeypatch):
    trees = []
    for n, (target, items) in enumerate(((1, BODIES.items()), (1 << 20, reversed(BODIES.items())))):
        monkeypatch.setattr(units, "TARGET", target)
        store = Store(tmp_path / str(n))
        built(store, dict(items), then="replace")
        trees.append(tree(store.root / "mill"))
    assert trees[0] == trees[1]


@pytest.mark.parametrize("target", [1, 1 << 20])
def test_it_is_right_when_the_rows_were_tidied_away(store, tmp_path, monkeypatch, target):
    monkeypatch.setattr(units, "TARGET", target)
    monkeypatch.setattr(shards, "ROW_GROUP_BYTES", 50)
    build(corpus(clean=STEPS | {"signals": ["words"]}), take(store, "mill", BODIES), store)
    assert not list(folder_of(store, "mill").glob("*.rows"))
    later, fresh = built(store), built(Store(tmp_path / "fresh"))
    assert (later.id, later.stats, later.drops) == (fresh.id, fresh.stats, fresh.drops)
    changed = BODIES | {"file:new": b"And a new one."}
    assert built(store, changed).id == built(Store(tmp_path / "again"), changed).id
