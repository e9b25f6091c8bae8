import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusmill.errors import BusyError, CorruptError, UnknownNameError
from corpusmill.store import MANIFEST, Store, encode
from corpusmill.types import Run, Snapshot, Version
from tests.corpusmill.samples import folder_of, keep, raw, run, snapshot, version

THINGS = [snapshot(files=(raw(), raw("https://host/é.txt", status=404))), version(3), run()]


def loaded(store: Store, thing: Snapshot | Version | Run) -> Snapshot | Version | Run:
    if isinstance(thing, Version):
        return store.versions(thing.corpus)[0]
    return store.run(thing.corpus, thing.id) if isinstance(thing, Run) else store.snapshot(thing.corpus, thing.id)


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: type(thing).__name__)
def test_a_manifest_comes_back_as_it_was_written(store, thing):
    keep(store, thing)
    assert loaded(store, thing) == thing
    assert encode(loaded(store, thing)) == encode(thing)


@given(
    title=st.text(),
    parent=st.none() | st.text("0123456789abcdef", min_size=12, max_size=12),
    drops=st.dictionaries(st.text(), st.integers(0, 2**40), max_size=3),
    stats=st.dictionaries(st.text(), st.lists(st.floats(allow_nan=False, allow_infinity=False)), max_size=3),
)
def test_a_manifest_comes_back_whatever_its_texts_and_numbers(tmp_path_factory, title, parent, drops, stats):
    store = Store(tmp_path_factory.mktemp("store"))
    kept = version(title=title, parent=parent, drops=drops, stats=stats)
    keep(store, kept)
    assert store.versions("bible") == [kept]


def test_a_manifest_is_the_same_bytes_for_the_same_values_in_any_order():
    assert encode(version(stats={"a": 1, "b": 2})) == encode(version(stats={"b": 2, "a": 1}))


def test_an_empty_store_holds_nothing_and_asking_creates_nothing(store):
    assert (store.corpora(), store.snapshots("bible"), store.versions("bible"), store.runs("bible")) == ([], [], [], [])
    assert (store.latest_snapshot("bible"), store.latest_version("bible"), store.latest("bible", "x")) == (None,) * 3
    assert not store.root.exists()


def test_things_are_listed_oldest_first(store):
    early, late = "2024-01-01T00:00:00+00:00", "2024-02-01T00:00:00+00:00"
    keep(store, snapshot("a", collected_at=late), snapshot("b", collected_at=early))
    keep(store, version(10), version(9), version(1))
    keep(store, run("a", clock={"started_at": late}), run("b", clock={"started_at": early}), run("c", clock={}))
    assert [s.id for s in store.snapshots("bible")] == ["b", "a"]
    assert [v.number for v in store.versions("bible")] == [1, 9, 10]
    assert [r.id for r in store.runs("bible")] == ["c", "b", "a"]


def test_what_a_writer_has_not_finished_is_invisible(store):
    keep(store, snapshot(), version(), run())
    for kind, thing in (("snapshots", THINGS[0]), ("versions", THINGS[1]), ("runs", THINGS[2])):
        unfinished = store.corpus("bible") / kind / ".v2.1.1.tmp"
        unfinished.mkdir()
        (unfinished / MANIFEST).write_bytes(encode(thing))
        (store.corpus("bible") / kind / "without-manifest").mkdir()
        (store.corpus("bible") / kind / "a-file").write_bytes(b"")
    (store.root / ".hidden").mkdir()
    assert store.corpora() == ["bible"]
    assert [len(of("bible")) for of in (store.snapshots, store.versions, store.runs)] == [1, 1, 1]


def test_the_stores_own_folders_are_no_corpora(store):
    keep(store, snapshot(corpus="poems"))
    for name in ("blobs", "refs", "locks", "lineage", "NotAName"):
        (store.root / name).mkdir()
    assert store.corpora() == ["poems"]


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: type(thing).__name__)
@pytest.mark.parametrize(
    "damage",
    [
        lambda body: b"",
        lambda body: body[:-20],
        lambda body: body.replace(b'"corpus"', b'"korpus"'),
        lambda body: body.replace(b'"bible"', b"3", 1),
        lambda body: body.replace(b"bible", b"bibl\xff", 1),
        lambda body: b"[" + body,
    ],
)
def test_a_damaged_manifest_is_named(store, thing, damage):
    keep(store, thing)
    path = folder_of(store, thing) / MANIFEST
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CorruptError) as caught:
        loaded(store, thing)
    assert caught.value.message.startswith(f"{path} is damaged: ")
    assert caught.value.hint == "restore it from a copy, or remove its folder"


def test_what_is_not_there_is_named(store):
    for ask in (store.snapshot, store.run):
        with pytest.raises(UnknownNameError, match=r"bible/\w+/abc is not there"):
            ask("bible", "abc")


def test_latest_is_what_a_stage_gave_last_even_if_older(store):
    keep(store, version(1), version(2), snapshot("a"), snapshot("b", collected_at="2030"))
    assert store.latest_version("bible") == version(2)
    assert store.latest_snapshot("bible").id == "b"
    store.set_latest("bible", "latest", version(1).name)
    store.set_latest("bible", "snapshot", "a")
    assert store.latest_version("bible") == version(1)
    assert store.latest_snapshot("bible").id == "a"
    assert (store.root / "refs" / "bible" / "latest").read_bytes() == b'"v000001"\n'


def test_latest_is_the_newest_there_is_when_somebody_removed_the_one_it_names(store):
    keep(store, version(1), snapshot("a"))
    store.set_latest("bible", "latest", "v000009")
    store.set_latest("bible", "snapshot", "gone")
    assert store.latest_version("bible") == version(1)
    assert store.latest_snapshot("bible").id == "a"


def test_an_unchanged_pointer_is_not_written_again(store):
    store.set_latest("bible", "latest", "v000001")
    path = store.root / "refs" / "bible" / "latest"
    written = path.stat()
    store.set_latest("bible", "latest", "v000001")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (written.st_ino, written.st_mtime_ns)


@pytest.mark.parametrize("body", [b"", b"v000001", b'"\xff"', b"3"])
def test_a_damaged_pointer_is_named(store, body):
    store.set_latest("bible", "latest", "v000001")
    path = store.root / "refs" / "bible" / "latest"
    path.write_bytes(body)
    with pytest.raises(CorruptError, match=rf"{path} is damaged: .*: remove it"):
        store.latest_version("bible")


@pytest.mark.parametrize("name", ["../bible", "refs", "", "a/b"])
def test_no_hostile_name_reaches_the_disk_by_any_way_in(store, name):
    ways = [
        store.corpus,
        store.snapshots,
        store.versions,
        store.runs,
        store.latest_snapshot,
        store.latest_version,
        lambda n: store.snapshot(n, "x"),
        lambda n: store.run(n, "x"),
        lambda n: store.run_work_folder(n, "x"),
        lambda n: store.latest(n, "latest"),
        lambda n: store.set_latest(n, "latest", "x"),
        lambda n: store.lock(n, "collect", "collecting"),
    ]
    for way in ways:
        with pytest.raises(UnknownNameError, match="is not a corpus name"):
            way(name)
    assert not store.root.exists()


def test_a_stage_of_a_corpus_is_held_by_one_and_other_stages_and_corpora_go_on(store):
    with store.lock("bible", "collect", "collecting bible"):
        with store.lock("bible", "build", "building bible"), store.lock("poems", "collect", "collecting poems"):
            pass
        second = store.lock("bible", "collect", "collecting bible")
        with pytest.raises(BusyError, match="another corpusmill is collecting bible"), second:
            pytest.fail("the lock was given twice")


def test_where_things_lie_is_the_documented_layout(store):
    root = store.root / "bible"
    assert store.snapshot_folder("bible", "abc") == root / "snapshots" / "abc"
    assert store.version_folder(version(3)) == root / "versions" / "v000003"
    assert store.run_folder("bible", "abc") == root / "runs" / "abc"
    assert store.run_work_folder("bible", "abc") == root / "runs" / ".abc.work"
