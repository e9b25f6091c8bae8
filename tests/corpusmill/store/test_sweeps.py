"""What came of sweeps is looked at, kept, and says nothing that had to be forgotten."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from corpusmill import lineage
from corpusmill.errors import CorruptError, UnknownNameError
from corpusmill.store import commit, encode, gc, recited, refs, scrubbed, shards, sweeps, tombstones
from corpusmill.store.ids import file_sha256, pretty
from corpusmill.store.seal import broken, seal
from corpusmill.store.verify import verify
from tests.corpusmill.samples import keep, run, snapshot, version
from tests.corpusmill.store.poems import forgotten

TRIAL = {
    "text": "poems",
    "corpus": "poems",
    "version": "poems@v1",
    "run": "ccc111ccc111",
    "status": "made",
    "error": "",
}


@pytest.fixture
def built(store, mill):
    """A folder of poems that is collected and built; it is for several tests, so none may change it."""
    folder, place = mill
    shutil.copytree(place, store.root)
    return folder


def put(store, corpus, name, *entries):
    told = {"name": name, "title": "Sizes", "entries": [TRIAL | {"corpus": corpus} | entry for entry in entries]}
    sweeps.write(store, corpus, name, pretty(told))
    return sweeps.path_of(store, corpus, name)


def test_a_run_says_which_sweeps_it_is_a_trial_of_wherever_they_lie(store):
    keep(store, snapshot(), version(), run(), run("ddd111ddd111"))
    put(store, "bible", "sizes", {}, {"run": "fff111fff111", "status": "failed"})
    put(store, "another", "rates", {"corpus": "bible"}, {"corpus": "bible"})

    assert sweeps.names(store, "bible") == ["sizes"]
    assert sweeps.by_run(store) == {run().ref: ["another/sweeps/rates", "bible/sweeps/sizes"]}
    facts = {node.id: node.facts for node in lineage.trace(store, "bible@v1").nodes if node.kind == "run"}
    assert facts[run().ref][-2:] == ("trial of another/sweeps/rates", "trial of bible/sweeps/sizes")
    assert not any("trial of" in fact for fact in facts["bible/runs/ddd111ddd111"])


def test_verifying_tells_of_damage_and_of_runs_that_are_gone_which_is_none(store):
    keep(store, run(of="x"))
    path = put(store, "bible", "sizes", {}, {"run": "eee1"}, {"run": "eee2"}, {"run": "fff1", "status": "failed"})

    found = verify(store)
    assert found.checked["sweeps"] == 1
    assert not [wrong for wrong in found.wrong if wrong.path == str(path)]
    assert [str(extra) for extra in found.extra] == [
        f"{path} names runs that are gone, bible/runs/eee1 and 1 more: repeat the sweep to train what was removed again"
    ]

    path.write_bytes(path.read_bytes().replace(b"eee1", b"eee3"))
    (wrong,) = [wrong for wrong in verify(store).wrong if wrong.path == str(path)]
    assert (wrong.what, wrong.hint) == ("is damaged: it is not what was sealed", sweeps.HINT)
    assert sweeps.by_run(store) == {}  # what is damaged keeps nobody from a lineage
    path.write_bytes(seal(pretty({"name": "sizes"})))
    with pytest.raises(CorruptError, match="entries"):
        sweeps.trials(store, "bible", "sizes")


def test_clearing_away_leaves_what_came_of_sweeps_but_not_what_dead_writers_left(store):
    keep(store, version(), version(2))
    path = put(store, "bible", "sizes", {"run": "gone"})
    left = path.with_name(".sizes.json.1.4194304.tmp")  # no process has this number on Linux
    left.write_bytes(b"")
    later = datetime.now(UTC) + timedelta(days=9)
    assert [wrong.path for wrong in verify(store).extra if "killed" in wrong.what] == [str(left)]

    gone = gc.collect(store, gc.Retention(keep=1), moment=later).removed

    assert {item.kind for item in gone} == {"version", "remains"}
    assert path.exists()
    assert not left.exists()


def test_a_ref_of_a_sweep_says_how_to_see_it(store):
    with pytest.raises(UnknownNameError, match="bible/sweeps/sizes is a sweep"):
        refs.resolve(store, "bible/sweeps/sizes")


def train_document(store):
    made = store.latest_version("poems")
    return next(iter(shards.documents(store.version_folder(made), made.shards, "train")))


def test_an_error_that_names_a_forgotten_document_goes_from_every_sweep_and_event(store, built):
    gone = train_document(store)
    error = f"training diverged at iteration 9: loss nan; in it were {gone.id} (A (strange) title)"
    failed = {"run": "fff1", "status": "failed", "error": error, "corpus": "poems"}
    path, other = put(store, "poems", "sizes", {}, failed), put(store, "others", "mixed", failed)
    untouched = put(store, "poems", "plain", {})
    before = untouched.stat().st_mtime_ns
    store.set_latest("others", "latest", "v000001")
    events = store.root / "lineage" / "openlineage-2026.jsonl"
    told = {"run": {"facets": {"errorMessage": {"message": error}}}, "eventType": "FAIL"}
    commit.write_file(events, json.dumps(told).encode() + b"\n" + json.dumps({"eventType": "START"}).encode() + b"\n")

    forgotten(store, gone.id, reason="asked", corpus="poems")

    assert [each.error for each in sweeps.trials(store, "poems", "sizes")] == ["", scrubbed.NAMED]
    assert [each.error for each in sweeps.trials(store, "others", "mixed")] == [scrubbed.NAMED]
    assert not [each for each in (path, other) if broken(each.read_bytes())]
    assert untouched.stat().st_mtime_ns == before
    fail, start = map(json.loads, events.read_text().splitlines())
    assert (fail["run"]["facets"]["errorMessage"]["message"], start["eventType"]) == (scrubbed.NAMED, "START")


def test_an_address_that_a_sweep_trains_on_is_masked_when_it_is_forgotten(store, built):
    put(store, "poems", "sizes", {"text": "file:b.txt"}, {})
    forgotten(store, "file:b.txt")
    mask = tombstones.load(store, "poems").mask("file:b.txt")
    body = sweeps.read(store, "poems", "sizes")
    assert [each["text"] for each in json.loads(body)["entries"]] == [mask, "poems"]


def test_what_a_training_said_of_a_forgotten_document_goes_from_its_run(store, built):
    gone, latest = train_document(store), store.latest_version("poems")
    setback = {"iteration": 9, "said": "nan", "documents": [f"{gone.id} (A title)", "0" * 32 + " (Another)"]}
    made = run(of=latest.id, corpus="poems")
    folder = store.run_folder("poems", made.id)
    commit.write_file(folder / "setbacks.json", pretty([setback]))
    commit.write_file(folder / "checkpoints" / "state.json", seal(pretty({"last": {"setbacks": [setback]}})))
    files = {name: file_sha256(folder / name) for name in recited.TOLD}
    clock = {**made.clock, "files": {"checkpoints/state.json": files.pop("checkpoints/state.json")}}
    made = run(of=latest.id, corpus="poems", files=files, clock=clock)
    (folder / "manifest.json").write_bytes(encode(made))

    (done,) = forgotten(store, gone.id, reason="asked")

    assert done.tainted == (made.ref,)
    again = store.run("poems", made.id)
    assert {name: file_sha256(folder / name) for name in recited.TOLD} == again.digests
    assert set(again.files) == {"setbacks.json"}
    assert json.loads((folder / "setbacks.json").read_bytes())[0]["documents"] == [
        scrubbed.NAMED,
        "0" * 32 + " (Another)",
    ]
    assert not broken((folder / "checkpoints" / "state.json").read_bytes())
    assert not verify(store, again).wrong
    assert recited.taints(store, again)[0].samples == 0


def test_a_training_elsewhere_that_started_from_a_tainted_run_begins_anew(store, built):
    gone, latest = train_document(store), store.latest_version("poems")
    made = run(of=latest.id, corpus="poems")
    keep(store, made, run("eee111eee111", of="elsewhere", corpus="others"))
    works = {init: store.run_work_folder("others", f"{number}" * 12) for number, init in enumerate((made.ref, "", "x"))}
    for init, work in works.items():
        commit.write_file(work / "config.json", pretty({"init": init}))
    bare = store.run_work_folder("others", "9" * 12)
    bare.mkdir()

    forgotten(store, gone.id, reason="asked", corpus="poems")

    assert {init: work.exists() for init, work in works.items()} == {made.ref: False, "": True, "x": True}
    assert bare.exists()
