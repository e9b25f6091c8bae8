"""A build on a cluster is the local build: the same keys, rows and files, whatever dies on the way."""

import gzip
import os
import re
import shutil
import signal
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from corpusmill.errors import BuildError, UsageError
from corpusmill.store import Store, blobs, remote
from preprocess.build import build
from preprocess.cluster import machines, same, work
from preprocess.cluster.gang import Gang
from preprocess.cluster.machines import cluster_at
from preprocess.cluster.work import Site
from preprocess.partition import units
from preprocess.partition.mill import folder_of
from tests.corpusmill.archives import tar
from tests.preprocess.cluster.conftest import ROOT, dask_worker
from tests.preprocess.snapshots import corpus, raw_file, take

LINES = corpus(parse={"kind": "lines", "members": ["*"]}, split={"fractions": [0.6, 0.2, 0.2]})
PLAIN = {f"file:{n:02d}": b"\n".join(b"Mill %d grinds %d sacks." % (n, m) for m in range(40)) for n in range(12)}
BODIES = PLAIN | {
    "file:a.tar": tar({f"{n}.txt": b"The stone of %d\nturns." % n for n in range(9)}),
    "file:b.txt.gz": gzip.compress(b"packed corn\npacked stone\n" * 3),
    "file:c.tar.gz": gzip.compress(tar({"x.txt": b"lost\n"}))[:-9],
    "file:twin": PLAIN["file:00"],
}
CHANGED = BODIES | {"file:05": b"Mill 5 stands still.\nAnd so does its wheel."}
PLACES = [("ray", "bucket"), ("dask", "folder"), ("dask", "bucket")]  # Ray over a folder: where a process dies


@pytest.fixture(autouse=True)
def many_units(monkeypatch):
    """Here every file is a unit, and told of."""
    monkeypatch.setattr(units, "TARGET", 1)
    monkeypatch.setattr("preprocess.build._SOME", 1)


def snapshot_in(store, bodies):
    snapshot = take(store, "mill", bodies)
    if store.bucket:
        remote.push_blobs(store.root, store.bucket, {file.sha256 for file in snapshot.files})
        shutil.rmtree(store.root / "blobs")
    return snapshot


def local(tmp_path, *bodies):
    """What builds one after another give here, and the keys of the last one's partitions."""
    store = Store(tmp_path / "local")
    versions = [build(LINES, take(store, "mill", each), store, processes=0)[0] for each in bodies]
    return versions, keys(store)


def keys(store):
    return {path.name for path in folder_of(store, "mill").glob("*.index")}


def alike(one, other):
    assert (one.id, one.parsed, one.drops, one.stats) == (other.id, other.parsed, other.drops, other.stats)
    assert one.shards == other.shards


@pytest.mark.parametrize(("kind", "where"), PLACES)
def test_a_cluster_builds_what_one_machine_builds(kind, where, request, place, tmp_path):
    on, store = request.getfixturevalue(kind), place(where)
    (first, second), known = local(tmp_path, BODIES, CHANGED)
    version, made = build(LINES, snapshot_in(store, BODIES), store, on=on)
    assert made
    alike(version, first)
    again, _ = build(LINES, snapshot_in(store, CHANGED), store, on=on)  # rows that both have are in the version before
    alike(again, second)
    assert again.parent == first.id
    assert len(keys(store) & known) >= len(PLAIN)  # machines divide the archives, for whom a unit is no smaller
    for each in (version, again):
        folder = store.version_folder(each)
        assert {path.name for path in folder.iterdir()} >= {"README.md", "croissant.json", "data", "drops"}
        assert not [path for path in folder.iterdir() if path.name.startswith(".") and path.is_dir()]
    if store.bucket:
        there = [entry.key for entry in store.bucket.list("mill/.parsed/")]
        assert there
        assert all(key.endswith(".indexes") for key in there)


@pytest.mark.parametrize("where", ["folder", "bucket"])
def test_another_machine_goes_on_from_what_a_cut_off_build_has_parsed(where, dask, place, tmp_path):
    store = place(where)
    snapshot = snapshot_in(store, BODIES)

    def interrupt(_stage, _done, _total, note):
        if note.startswith("writing"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(LINES, snapshot, store, on=dask, progress=interrupt)
    assert store.versions("mill") == []
    if store.bucket:  # nothing of the first is left here
        shutil.rmtree(store.root)
    with cluster_at(dask) as cluster:
        before = set().union(*cluster.on_each({}, done_there, store.place, "mill").values())
    version, _ = build(LINES, snapshot, store, on=dask)
    alike(version, local(tmp_path, BODIES)[0][0])
    assert before


def done_there(place, name):
    """The partitions that a machine sees."""
    from corpusmill.store import opened
    from preprocess.cluster.depot import depot_of

    return {each for each in depot_of(opened(place, os.environ), name).names() if each.endswith(".indexes")}


@pytest.mark.parametrize("kind", ["ray", "dask"])
def test_the_work_of_a_process_that_dies_is_done_again(kind, request, place, machine, tmp_path):
    on, store = request.getfixturevalue(kind), place("folder")
    told, killed = [], []

    def kill(_stage, _done, _total, note):
        told.append(note)
        if not killed and len(told) > 8 and (found := at_work(kind, machine)):
            os.kill(found[0], signal.SIGKILL)
            killed.append(found[0])

    version, _ = build(LINES, snapshot_in(store, BODIES), store, on=on, progress=kill)
    assert killed
    alike(version, local(tmp_path, BODIES)[0][0])


@pytest.mark.parametrize("kind", ["ray", "dask"])
def test_who_interrupts_a_build_leaves_no_work_behind(kind, request, tmp_path):
    beats = tmp_path / "beats"

    def still():
        before = beats.read_text()
        time.sleep(3)
        return beats.read_text() == before

    with cluster_at(request.getfixturevalue(kind)) as cluster:
        with pytest.raises(KeyboardInterrupt), Gang(cluster).running() as gang:
            gang.give("toiling", print, toil, str(beats))
            assert until(beats.exists, 60)
            raise KeyboardInterrupt
        assert until(still, 60)


def toil(beats):
    """On a machine: work that has no end."""
    while work.is_wanted():
        with Path(beats).open("a") as file:
            file.write(".")
        time.sleep(0.1)


def until(answer, seconds):
    """Whether it came within so many seconds."""
    deadline = time.monotonic() + seconds
    while not (found := answer()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def at_work(kind, machine):
    """The processes that do the work of our cluster, and of no other on this computer."""
    ours, found = f"TMPDIR={machine['TMPDIR']}\0".encode(), []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            called = process.joinpath("cmdline").read_bytes()
            doing = called.startswith(b"ray::call") if kind == "ray" else b"multiprocessing.spawn" in called
            if doing and ours in process.joinpath("environ").read_bytes():
                found.append(int(process.name))
    return found


def test_a_machine_with_other_code_is_refused_by_name_before_any_work(dask, place, machine, tmp_path):
    for package in ("corpusmill", "preprocess", "collectors", "model", "reports", "flows"):
        shutil.copytree(ROOT / package, tmp_path / "other" / package, ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "other" / "preprocess" / "expect.py").open("a") as file:
        file.write("# mended\n")
    store = place("folder")
    port = int(dask.rpartition(":")[2])
    with dask_worker(port, {**machine, "PYTHONPATH": str(tmp_path / "other")}, tmp_path):
        with cluster_at(dask) as cluster:
            while cluster.processors() < 3:
                pass
        with pytest.raises(BuildError, match=r"^tcp://127.0.0.1:\d+ would build something else: it has corpusmill's"):
            build(LINES, snapshot_in(store, BODIES), store, on=dask)
    assert store.versions("mill") == []
    assert not list(folder_of(store, "mill").glob("*.index"))


def test_a_machine_that_cannot_work_says_why(tmp_path):
    facts = same.facts()
    for answer, said in [
        (ModuleNotFoundError("No module named 'preprocess'"), "one cannot work: ModuleNotFoundError: No module named"),
        (
            ({**facts, "numpy": "1.0"}, ""),
            f"one would build something else: it has numpy 1.0 instead of {facts['numpy']}",
        ),
        (({}, ""), "one would build something else: it has corpusmill's code - instead of"),
        ((facts, "no such file"), "one does not see the store: no such file: a store in a folder has to be on a disk"),
    ]:
        with pytest.raises(BuildError, match=re.escape(said)):
            same.refuse_unfit("one", answer)
    same.refuse_unfit("one", (facts, ""))
    assert "No such file" in work.look(Site(LINES, str(tmp_path)), "probe")[1]
    answer = work.call({"numpy": "1.0"}, os.getpid)
    assert isinstance(answer, BuildError)


@pytest.mark.parametrize(
    ("on", "error", "said"),
    [
        ("spark://10.0.0.1:7077", UsageError, "is no address of a cluster: write ray://HOST:10001 or dask://HOST:8786"),
        ("ray://10.0.0.1", UsageError, "is no address of a cluster"),
        ("ray://10.0.0.1:70000", UsageError, "70000 is no port"),
        ("dask://127.0.0.1:1", BuildError, "cannot be reached: Connection refused: start the cluster, or check"),
        ("ray://127.0.0.1:1", BuildError, "cannot be reached: Connection refused"),
    ],
)
def test_an_address_that_is_none_or_does_not_answer_is_told(on, error, said, store):
    with pytest.raises(error, match=re.escape(said)):
        build(LINES, take(store, "mill", PLAIN), store, on=on)


def test_an_extra_that_is_not_installed_is_named(store, monkeypatch):
    monkeypatch.setitem(machines._KINDS, "ray", ("not_installed_here", ""))
    with pytest.raises(BuildError, match=re.escape("not installed: pip install 'corpusmill[ray]'")):
        build(LINES, take(store, "mill", PLAIN), store, on="ray://127.0.0.1:1")


def test_what_is_small_is_built_here_and_no_cluster_asked(store, monkeypatch):
    monkeypatch.setattr("preprocess.cluster.crew.FEW_BYTES", 1 << 20)
    assert build(LINES, take(store, "mill", PLAIN), store, on="dask://127.0.0.1:1", processes=0)[1]


def test_an_error_on_a_machine_is_the_error_of_the_build(dask, place):
    store = place("folder")
    snapshot = take(store, "mill", PLAIN)
    lost = replace(snapshot, files=(*snapshot.files, raw_file("file:zz", b"gone", blobs.sha256(b"gone"))))
    with pytest.raises(Exception, match="is missing: collect the corpus again"):
        build(LINES, lost, store, on=dask)
    assert store.versions("mill") == []
    assert sys.executable
