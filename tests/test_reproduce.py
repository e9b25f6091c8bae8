"""`corpusmill reproduce`: what it comes to when a version is built, or a run trained, once more."""

import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import msgspec
import pytest

from corpusmill.errors import CorruptError
from corpusmill.store import MANIFEST, Store, blobs, commit, encode, shards
from corpusmill.store.ids import file_sha256
from corpusmill.types import Removal
from model import reproduce as training
from model.train import fit
from preprocess.build import build
from preprocess.publish import reproduce as building
from tests.corpusmill.samples import folder_of, keep
from tests.corpusmill.store.buckets import Memory
from tests.model.small import SMALL
from tests.preprocess.snapshots import corpus, take
from tests.preprocess.test_build import MILL

ZERO = "0" * 12
GONE = Removal(at="2099-02-01T00:00:00Z", reason="asked for", documents=2, hashes=(), content="c" * 12)
DECLARED = corpus(train={**SMALL, "steps": 6, "evaluations": 2})


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A store with two versions, of two snapshots, and a run of the first; no test may change it."""
    store = Store(tmp_path_factory.mktemp("reproduce") / "store")
    snapshots = [take(store, "mill", MILL), take(store, "mill", {"file:mill.txt": b"Another mill.\n\n" * 99 + b"x"})]
    keep(store, *snapshots)
    first, _ = build(DECLARED, snapshots[0], store)
    build(replace(DECLARED, clean={"dedup": False}), snapshots[1], store)
    fit(DECLARED, first, store)
    return store


@pytest.fixture
def store(made, tmp_path):
    """A copy, to be spoilt."""
    shutil.copytree(made.root, tmp_path / "store")
    return Store(tmp_path / "store")


def version(store):
    return store.versions("mill")[0]


def run(store):
    return store.runs("mill")[0]


def doctored(store, thing, **fields):
    """The same thing with other fields, in the store as well."""
    changed = replace(thing, **fields)
    (folder_of(store, thing) / MANIFEST).write_bytes(encode(changed))
    return changed


def tree(store):
    """Everything in a store but locks, which stay."""
    return {path: path.read_bytes() for path in store.root.rglob("*") if path.is_file() and "locks" not in path.parts}


def rebuilt(store, thing=None, **options):
    return building.reproduce(thing or version(store), store, processes=0, **options)


def retrained(store, thing=None, **options):
    return training.reproduce(thing or run(store), store, **options)


def test_a_version_and_a_run_come_out_identical_and_leave_nothing(made):
    before = tree(made)
    for verdict, ref in ((rebuilt(made), "mill@v1"), (retrained(made), run(made).ref)):
        assert (verdict.ref, verdict.verdict, verdict.difference, verdict.why) == (ref, "identical", "", ())
        assert verdict.holds
    assert rebuilt(made, made.versions("mill")[1]).verdict == "identical"
    assert tree(made) == before


def test_progress_is_told(made):
    told = []
    rebuilt(made, progress=lambda *of: told.append(of))
    retrained(made, progress=lambda *of: told.append(of))
    assert {stage for stage, *_ in told} == {"build", "compress", "n-grams", "train"}


def test_other_code_is_tried_only_when_asked_for(store):
    for again, thing in ((rebuilt, version), (retrained, run)):
        old = doctored(store, thing(store), code_digest=ZERO)
        verdict = again(store, old)
        (why,) = verdict.why
        assert verdict.verdict == "impossible"
        assert why.startswith(f"the code is not the same: {ZERO} then, ")
        verdict = again(store, old, any_code=True)
        assert (verdict.verdict, verdict.why) == ("identical", (why,))


def test_of_other_libraries_the_same_may_come(store):
    old = version(store)
    libraries = {**old.libraries, "pyarrow": "22.0.0", "rust": "1.0"}
    verdict = rebuilt(store, doctored(store, old, libraries=libraries))
    assert verdict.verdict == "identical"
    assert verdict.why[0].startswith("pyarrow: 22.0.0 then, ")
    assert verdict.why[1:] == ("rust: 1.0 then, unknown now",)


def test_other_files_of_the_same_rows_are_other_numerics(store):
    old = version(store)
    first, *others = old.shards
    old = doctored(store, old, shards=(replace(first, bytes=1), *others))
    verdict = rebuilt(store, old)
    assert (verdict.verdict, verdict.holds) == ("same data, other numerics", True)
    assert f"{first.path}: the rows are equal, the files are not" in verdict.difference
    assert "nothing on record" in verdict.why[0]
    verdict = rebuilt(store, doctored(store, old, libraries={**old.libraries, "pyarrow": "22.0.0"}))
    assert len(verdict.why) == 1
    assert verdict.why[0].startswith("pyarrow: 22.0.0 then, ")


def test_other_rows_are_told_by_the_first(store):
    one, other = store.versions("mill")
    verdict = rebuilt(store, doctored(store, one, snapshot=other.snapshot, spec=other.spec))
    assert (verdict.verdict, verdict.holds) == ("different", False)
    assert verdict.difference.startswith(f"parsed: '{one.parsed}' here, '{other.parsed}' there")


def test_a_build_that_fails_now_is_different(store):
    old = version(store)
    expect = {"documents": 7, "distinct": {}, "sum": {}}
    verdict = rebuilt(store, doctored(store, old, spec={**old.spec, "expect": expect}))
    assert verdict.verdict == "different"
    assert verdict.difference.startswith("the build fails: mill")


def test_what_a_version_cannot_be_built_without_is_named(store):
    old = version(store)
    snapshot = store.snapshot("mill", old.snapshot)
    body = blobs.blob_path(store.root, snapshot.files[0].sha256)
    assert "documents were removed from it at 2099-02-01T00:00:00Z (2): asked for" in impossible(
        rebuilt(store, replace(old, removals=(GONE,)))
    )
    misspelt = doctored(store, old, spec={**old.spec, "clean": {"stepps": []}})
    assert "unknown key" in impossible(rebuilt(store, misspelt))
    doctored(store, old)
    whole = body.read_bytes()
    body.write_bytes(whole[: len(whole) // 2])
    assert str(body.name) in impossible(rebuilt(store))
    body.unlink()
    assert f"the raw bytes of file:mill.txt (blob {snapshot.files[0].sha256}) are gone" in impossible(rebuilt(store))
    shutil.rmtree(folder_of(store, snapshot))
    assert "of its snapshot, " in impossible(rebuilt(store))


def impossible(verdict):
    """Why, all in one."""
    assert (verdict.verdict, verdict.holds, verdict.compared) == ("impossible", False, "")
    return "\n".join(verdict.why)


def test_other_numbers_on_another_machine_are_other_numerics(store):
    old = run(store)
    digests = {**old.files, old.checkpoint: "0" * 64}
    machine = {**old.machine, "threads": "4", "cpu": "AVX512"}
    verdict = retrained(store, replace(old, files=digests, machine=machine))
    assert verdict.verdict == "same data, other numerics"
    assert verdict.difference.startswith(f"{old.checkpoint}: SHA-256 {'0' * 64} then, ")
    assert [why.partition(" now")[0] for why in verdict.why if "threads" in why] == ["threads: 4 then, 1"]


def test_other_numbers_that_nothing_explains_are_different(store):
    old = run(store)
    verdict = retrained(store, replace(old, files={**old.files, old.checkpoint: "0" * 64}))
    assert verdict.verdict == "different"
    assert verdict.why == ("nothing on record: the same code, libraries, kind of processor and threads",)


def test_samples_that_other_code_wrote_are_different_and_say_so(store):
    old = run(store)
    ladder = {**old.files, "samples/ladder.json": "0" * 64}
    verdict = retrained(store, replace(old, files=ladder, written_by=ZERO))
    assert (verdict.verdict, verdict.difference.partition(":")[0]) == ("different", "samples/ladder.json")
    assert verdict.why == ("samples, baselines and the manifest are written by other code now than then",)


def test_a_result_that_is_far_off_is_different_on_whatever_machine(store):
    old = run(store)
    far = {**old.best, "bits_per_byte": old.best["bits_per_byte"] * 1.2}
    files, machine = {**old.files, old.checkpoint: "0" * 64}, {**old.machine, "threads": "4"}
    assert retrained(store, replace(old, best=far, files=files, machine=machine)).verdict == "different"


def test_the_first_loss_that_differs_is_named(store):
    path = folder_of(store, run(store)) / "metrics.jsonl"
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    lines[3]["nats_per_char"], lines[3]["seconds"] = 9.5, 1e6
    path.write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
    old = run(store)
    files = {**old.clock["files"], "metrics.jsonl": file_sha256(path)}
    verdict = retrained(store, replace(old, clock={**old.clock, "files": files}))
    assert verdict.verdict == "different"
    assert verdict.difference.startswith("metrics.jsonl, iteration 4: nats_per_char is 9.5 then, ")
    path.write_text("", encoding="utf-8")
    with pytest.raises(CorruptError, match=r"metrics\.jsonl is missing or does not match"):
        retrained(store)


def test_a_run_by_the_clock_is_repeated_by_its_iterations(store):
    timed, _ = fit(replace(DECLARED, train={**SMALL, "steps": 0, "minutes": 0.01}), version(store), store)
    verdict = retrained(store, timed)
    assert verdict.verdict in ("same data, other numerics", "different")
    assert verdict.why[0] == "it was trained by the clock, for 0.01 minutes; now by the number of iterations"


@pytest.mark.parametrize(
    ("stopped", "seconds", "iterations"),
    [("budget", 61.3, 300), ("early", 30.0, 600), ("early", 0.0, 300), ("early", 90.0, 300)],
)
def test_the_iterations_of_a_run_by_the_clock_are_those_it_aimed_at(stopped, seconds, iterations, made):
    timed = replace(run(made), stopped=stopped, iterations=300, config={"minutes": 1.0}, clock={"seconds": seconds})
    assert training._iterations(timed) == iterations


def test_what_a_run_cannot_be_trained_without_is_named(store):
    old, learnt = run(store), version(store)
    assert "unknown key 'train.hiden'" in impossible(retrained(store, replace(old, config={**old.config, "hiden": 3})))
    shard = store.version_folder(learnt) / learnt.shards[0].path
    whole = shard.read_bytes()
    shard.write_bytes(whole[:-1])
    assert shard.name in impossible(retrained(store))
    shard.write_bytes(whole)
    doctored(store, learnt, removals=(GONE,))
    assert "documents were removed from mill@v1 since it learnt from it (2)" in impossible(retrained(store))
    shutil.rmtree(store.version_folder(learnt))
    assert f"mill@v1 (id {learnt.id}), which it learnt from, is gone" in impossible(retrained(store))


def test_what_was_forgotten_stays_so_and_no_raw_body_is_lost(tmp_path):
    store = Store(tmp_path / "store")
    body = b"Another mill, another stone. " * 40
    snapshot = take(store, "mill", MILL | {"file:other.txt": body})
    keep(store, snapshot)
    first, _ = build(DECLARED, snapshot, store)
    trained, _ = fit(DECLARED, first, store)
    other = next(d.id for d in shards.documents(store.version_folder(first), first.shards) if "other" in d.source)
    asked = [sys.executable, "-m", "corpusmill", "forget", other, "--store", str(store.root)]
    subprocess.run(asked, capture_output=True, check=True)
    assert "documents were removed from it at " in impossible(rebuilt(store))
    assert "documents were removed from mill@v1 since it learnt from it (1)" in impossible(retrained(store, trained))
    blobs.put(store.root, body)  # collected again
    second, _ = build(replace(DECLARED, clean={"dedup": False}), store.latest_snapshot("mill"), store)
    assert "the raw bytes of file:other.txt" in impossible(rebuilt(store, second))
    blobs.put(store.root, body)
    before = tree(store)
    assert rebuilt(store, second).verdict == "identical"
    assert tree(store) == before


def test_a_version_and_a_run_in_a_bucket_are_fetched_and_come_out_identical(tmp_path):
    bucket = Memory()
    store = Store(tmp_path / "copy", bucket)
    snapshot = take(store, "mill", MILL)
    with commit.work_folder(store.root / "mill" / "snapshots" / snapshot.id) as work:
        assert store.publish(work, store.snapshot_folder("mill", snapshot.id), snapshot)
    first, _ = build(DECLARED, snapshot, store)
    fit(DECLARED, first, store)
    for again in (rebuilt, retrained):
        elsewhere = Store(tmp_path / again.__name__, bucket)
        assert again(elsewhere).verdict == "identical"
        assert not list(elsewhere.root.glob(".scratch*"))


def command(store, *arguments):
    return [sys.executable, "-m", "corpusmill", "reproduce", *arguments, "--store", str(store.root)]


def call(store, *arguments):
    return subprocess.run(command(store, *arguments), capture_output=True, text=True, check=False)


def test_the_command_says_it_in_words_and_as_an_object(store):
    done = call(store, "mill@v1")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "mill@v1: identical")
    assert "build" in done.stderr
    doctored(store, run(store), code_digest=ZERO)
    done = call(store, run(store).ref, "--json")
    assert done.returncode == 1
    said = json.loads(done.stdout)
    assert list(said) == ["ref", "verdict", "compared", "difference", "why"]
    assert (said["ref"], said["verdict"]) == (run(store).ref, "impossible")
    done = call(store, f"mill/snapshots/{version(store).snapshot}")
    assert done.returncode == 2
    assert "cannot be had again" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_signal_leaves_nothing(number, store):
    doctored(store, run(store), config=msgspec.to_builtins(run(store).config) | {"steps": 1_000_000, "patience": 0})
    before = tree(store)
    asked = command(store, run(store).ref, "--any-code")
    with subprocess.Popen(asked, stderr=subprocess.PIPE, text=True) as process:
        while not list(store.root.glob(".scratch*/mill/runs/.*/config.json")) and process.poll() is None:
            time.sleep(0.1)
        process.send_signal(number)
        status = process.wait(timeout=30)
    if number == signal.SIGKILL:
        assert list(store.root.glob(".scratch*"))
        assert rebuilt(store).verdict == "identical"
    else:
        assert status == 128 + number
    assert tree(store) == before
    assert not list(store.root.glob(".*"))
