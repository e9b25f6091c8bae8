from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusmill.diff import Cause, Change, Diff, Figure, Sources, diff, parent, text_diff, texts
from corpusmill.errors import CorruptError, UnknownNameError
from corpusmill.store import Store
from corpusmill.types import SPLITS, Drop, Removal, Split, Version
from tests.corpusmill.published import document, publish
from tests.corpusmill.samples import keep, raw, snapshot, version

KEPT, EDITED, RETITLED, MOVED, REFETCHED, GONE, COME = map(
    document, ("kept", "edited", "retitled", "moved", "refetched", "gone", "come")
)
BEFORE = {"train": [KEPT, EDITED, RETITLED, MOVED, REFETCHED, GONE]}
AFTER = {
    "train": [
        KEPT,
        document("edited", "Another text, with Ω.", title="Edited"),
        document("retitled", title="New title"),
        document("refetched", raw_sha256="8" * 64),
        COME,
    ],
    "test": [MOVED],
}


@pytest.fixture
def pair(store) -> tuple[Version, Version]:
    return publish(store, 1, BEFORE), publish(store, 2, AFTER)


def names(changes: tuple[Change, ...], known: Mapping[str, str]) -> list[str]:
    return [known[change.id] for change in changes]


def test_documents_are_told_apart_by_what_became_of_them(store, pair):
    found = diff(store, *pair)
    assert (found.before, found.after) == ("bible@v1", "bible@v2")
    assert found.added == (
        Change(
            id=COME.id,
            source="https://host/a.txt",
            title="come",
            characters_before=0,
            characters_after=len(COME.text),
            split_before=None,
            split_after="train",
            text=True,
        ),
    )
    (removed,) = found.removed
    assert (removed.id, removed.characters_before, removed.characters_after) == (GONE.id, len(GONE.text), 0)
    assert (removed.split_before, removed.split_after, removed.title) == ("train", None, "gone")
    changed = {change.id: change for change in found.changed}
    assert set(changed) == {EDITED.id, RETITLED.id}
    assert changed[EDITED.id].text
    assert changed[EDITED.id].characters_after == len("Another text, with Ω.")
    assert (changed[RETITLED.id].text, changed[RETITLED.id].title) == (False, "New title")
    (moved,) = found.moved
    assert (moved.id, moved.split_before, moved.split_after) == (MOVED.id, "train", "test")
    assert (found.refetched, found.unchanged) == (1, 1)


def test_what_is_new_is_what_an_earlier_model_cannot_have_read(store, pair):
    assert [change.id for change in diff(store, *pair).new] == sorted([COME.id, EDITED.id])


def test_the_other_way_round_what_was_added_is_removed(store, pair):
    there, back = diff(store, *pair), diff(store, *reversed(pair))
    assert [change.id for change in back.added] == [change.id for change in there.removed]
    assert [change.id for change in back.removed] == [change.id for change in there.added]
    assert (back.vocabulary_added, back.vocabulary_removed) == (there.vocabulary_removed, there.vocabulary_added)


def test_characters_are_gained_and_lost_with_how_often_they_occur(store, pair):
    found = diff(store, *pair)
    assert (found.vocabulary_added, found.vocabulary_removed) == ({",": 1, "A": 1, "w": 1, "Ω": 1}, {"g": 1})


def test_a_version_is_the_same_as_itself(store, pair):
    found = diff(store, pair[0], pair[0])
    assert not (found.added or found.removed or found.changed or found.moved or found.refetched or found.causes)
    assert found.unchanged == 6
    assert (found.shards_reused, found.shards) == (3, 3)
    assert found.sources == Sources((), (), ())
    assert all(figure.before == figure.after for figure in found.stats)


def test_a_shard_that_both_have_is_not_read(store, pair):
    first, _ = pair
    more = publish(store, 3, {"train": [*BEFORE["train"]], "validation": [COME]})
    for shard in first.shards:
        (store.version_folder(first) / shard.path).unlink()
    found = diff(store, first, more)
    assert [change.id for change in found.added] == [COME.id]
    assert (found.unchanged, found.shards_reused, found.shards) == (6, 3, 4)


def test_the_same_rows_in_another_split_are_not_the_same_shard(store, pair):
    found = diff(store, pair[0], publish(store, 3, {"test": BEFORE["train"]}))
    assert len(found.moved) == 6
    assert found.shards_reused == 0


def test_a_column_that_only_one_version_has_changes_no_document(store, pair):
    signals = {"train": [document(d.title, signals={"alphabetic": 0.5}) for d in BEFORE["train"]]}
    columns = {**pair[0].columns, "alphabetic": "double"}
    found = diff(store, pair[0], publish(store, 3, signals, columns=columns))
    assert (found.unchanged, found.changed) == (6, ())
    assert Cause("columns.alphabetic", None, "double") in found.causes


@pytest.mark.parametrize("identity", [KEPT.id, EDITED.id])
def test_a_damaged_shard_is_named(store, pair, identity):
    path = store.version_folder(pair[1]) / pair[1].shards[0].path
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(CorruptError, match=path.name):
        diff(store, *pair)


def test_causes_are_what_decides_a_version(store):
    keep(store, snapshot(files=(raw("https://h/a"), raw("https://h/b"), raw("https://h/d"))))
    changed = raw("https://h/b", sha256="9" * 64)
    later = (raw("https://h/a"), changed, raw("https://h/c"), raw("https://h/d", status=404))
    keep(store, snapshot("eee111eee111", files=later))
    before = publish(store, 1, {"train": [KEPT]}, [Drop(id="0" * 32, step="keep", reason="short", source="s")])
    after = publish(
        store,
        2,
        {"train": [KEPT]},
        snapshot="eee111eee111",
        spec={"parse": {"kind": "text"}, "clean": {"steps": ["nfc", "c1"], "rare": None}},
        code_digest="d" * 12,
        libraries={"pyarrow": "23.0.0", "ftfy": "6.3"},
    )
    found = diff(store, before, after)
    assert found.causes == (
        Cause("snapshot", "aaa111aaa111", "eee111eee111"),
        Cause("spec.clean.steps", ["nfc"], ["nfc", "c1"]),
        Cause("code", "c" * 12, "d" * 12),
        Cause("libraries.pyarrow", "22.0.0", "23.0.0"),
        Cause("libraries.ftfy", None, "6.3"),
    )
    assert found.sources == Sources(("https://h/c",), (), ("https://h/b", "https://h/d"))
    assert found.drops == {"keep: short": (1, 0)}
    assert found.licences == {"CC0-1.0": (1, 1)}
    assert Figure("dropped", 1, 0) in found.stats
    assert Figure("total.documents", 1, 1) in found.stats
    assert Figure("total.characters", len(KEPT.text), len(KEPT.text)) in found.stats
    assert not any(figure.name.startswith(("vocabulary.", "lengths.histogram")) for figure in found.stats)


def test_what_was_taken_out_is_a_cause(store):
    gone = Removal(at="2024-06-01T10:00:00+00:00", reason="asked", documents=1, hashes=("00",), content="ab")
    before, after = publish(store, 1, {"train": [KEPT, GONE]}), publish(store, 2, {"train": [KEPT]}, removals=(gone,))
    assert Cause("removals", None, 1) in diff(store, before, after).causes


def test_without_a_snapshot_nothing_is_said_of_raw_files(store, pair):
    other = publish(store, 3, AFTER, snapshot="eee111eee111")
    assert diff(store, pair[0], other).sources is None


def test_versions_of_two_corpora_can_be_compared(store, pair):
    other = publish(store, 1, {"train": [KEPT]}, corpus="kjv")
    found = diff(store, pair[0], other)
    assert (found.before, found.after, found.unchanged, len(found.removed)) == ("bible@v1", "kjv@v1", 1, 5)
    assert Cause("corpus", "bible", "kjv") in found.causes


def test_a_version_without_documents_can_be_compared(store, pair):
    found = diff(store, publish(store, 3, {}), pair[0])
    assert (len(found.added), found.unchanged) == (6, 0)


def test_progress_is_told_to_the_end(store, pair):
    calls = []
    diff(store, *pair, progress=lambda *call: calls.append(call))
    assert calls[0][:3] == ("compare", 0, 12)
    assert calls[-1] == ("compare", 12, 12, "12 rows")


def test_parents_are_versions_before(store):
    first, second = version(1), version(2)
    keep(store, first, second, version(5, parent="ddd000000004"))
    assert parent(store, second) == first
    with pytest.raises(UnknownNameError, match="bible@v1 is the first version"):
        parent(store, first)
    with pytest.raises(UnknownNameError, match="ddd000000004, before bible@v5, is not in the store"):
        parent(store, version(5, parent="ddd000000004"))


def test_a_text_diff_shows_the_lines_that_changed(store):
    before = publish(store, 1, {"train": [document("a", "one\ntwo\nthree"), KEPT]})
    after = publish(store, 2, {"test": [document("a", "one\nzwei\nthree\nfour"), KEPT]})
    assert text_diff(store, before, after, document("a").id).split("\n") == [
        f"--- bible@v1 {document('a').id}",
        f"+++ bible@v2 {document('a').id}",
        "@@ -1,3 +1,4 @@",
        " one",
        "-two",
        "+zwei",
        " three",
        "+four",
    ]
    assert text_diff(store, before, after, KEPT.id) == ""


def test_a_text_that_came_or_went_is_all_new_or_all_gone(store, pair):
    assert f"\n+{COME.text}" in text_diff(store, *pair, COME.id)
    assert f"\n-{GONE.text}" in text_diff(store, *pair, GONE.id)
    with pytest.raises(UnknownNameError, match="neither bible@v1 nor bible@v2 has a document 00ff"):
        text_diff(store, *pair, "00ff")


def test_texts_come_in_the_order_of_the_shards(store, pair):
    assert list(texts(store, pair[0], [KEPT.id, GONE.id, "00ff"])) == [
        each.text for each in sorted((KEPT, GONE), key=lambda each: each.id)
    ]


Said = dict[str, tuple[str, str, Split]]
SAID = st.dictionaries(
    st.sampled_from([f"d{n}" for n in range(12)]),
    st.tuples(st.sampled_from(["x", "xx", "y\0", "\ud7ff\n"]), st.sampled_from(["", "T"]), st.sampled_from(SPLITS)),
)


def as_version(store: Store, number: int, said: Said) -> Version:
    split = {s: [document(n, t, title=title) for n, (t, title, mine) in said.items() if mine == s] for s in SPLITS}
    return publish(store, number, split)


def by_hand(before: Said, after: Said) -> dict[str, set[str]]:
    both = before.keys() & after.keys()
    changed = {name for name in both if before[name][:2] != after[name][:2]}
    return {
        "added": set(after.keys() - before.keys()),
        "removed": set(before.keys() - after.keys()),
        "changed": changed,
        "moved": {name for name in both - changed if before[name][2] != after[name][2]},
    }


@settings(max_examples=60, deadline=None)
@given(before=SAID, after=SAID)
def test_any_two_versions_are_compared_as_by_hand(tmp_path_factory, before, after):
    store = Store(tmp_path_factory.mktemp("store"))
    found = diff(store, as_version(store, 1, before), as_version(store, 2, after))
    known = {document(name).id: name for name in (*before, *after)}
    kinds = by_hand(before, after)
    assert {kind: set(names(getattr(found, kind), known)) for kind in kinds} == kinds
    assert found.unchanged + sum(len(kinds[kind]) for kind in ("added", "changed", "moved")) == len(after)
    for kind in kinds:
        ids = [change.id for change in getattr(found, kind)]
        assert ids == sorted(ids)
    for change in found.changed:
        name = known[change.id]
        assert change.text == (before[name][0] != after[name][0])
        assert (change.characters_before, change.characters_after) == (len(before[name][0]), len(after[name][0]))
        assert (change.split_before, change.split_after) == (before[name][2], after[name][2])


def test_json_has_every_field(store, pair):
    assert set(msgspec.to_builtins(diff(store, *pair))) == set(Diff.__dataclass_fields__)
