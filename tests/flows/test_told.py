"""Stages tell of their runs, whoever runs them, and never fail because of it."""

import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from corpusmill.errors import BuildError, Interrupted
from corpusmill.store import Store
from corpusmill.types import silent
from flows import stages, told
from flows.pipeline import pipeline
from flows.stages import Done
from model.sweep.result import Entry
from tests.flows.test_pipeline import fakes


def events(job) -> list[dict]:
    paths = sorted(Path(job.store, "lineage").glob("*.jsonl"))
    found = [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    return sorted(found, key=lambda each: each["eventTime"])


def kinds(job) -> list[tuple[str, str]]:
    return [(each["job"]["name"].partition(".")[2], each["eventType"]) for each in events(job)]


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Warnings are told once each, so each test begins anew; no setting of the developer's machine is obeyed."""
    for name in ("OPENLINEAGE_URL", "OPENLINEAGE_DISABLED", "OPENLINEAGE_API_KEY", "OPENLINEAGE_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    told._warn.cache_clear()
    told._receiver.cache_clear()


def test_a_whole_run_is_told_with_what_went_in_and_came_out(plain):
    job, outcome = plain
    mine = [each for each in events(job) if each["job"]["name"].startswith("verses.")][:10]

    ended = {each["job"]["name"].partition(".")[2]: each for each in mine if each["eventType"] == "COMPLETE"}
    assert [(each["job"]["name"].partition(".")[2], each["eventType"]) for each in mine] == [
        ("run", "START"),
        *((stage, kind) for stage in ("collect", "build", "train", "report") for kind in ("START", "COMPLETE")),
        ("run", "COMPLETE"),
    ]
    version = Store(Path(job.store)).versions("verses")[0]
    (out,) = ended["build"]["outputs"]
    assert out["facets"]["version"]["datasetVersion"] == version.id
    assert out["outputFacets"]["outputStatistics"]["rowCount"] == sum(shard.rows for shard in version.shards)
    assert {field["name"] for field in out["facets"]["schema"]["fields"]} == set(version.columns)
    assert ended["build"]["job"]["facets"]["tags"]["tags"][0]["value"] == version.code_digest
    assert [each["namespace"] for each in ended["collect"]["inputs"]] == ["file"]
    names = {stage: ([i["name"] for i in e["inputs"]], [o["name"] for o in e["outputs"]]) for stage, e in ended.items()}
    assert names["build"] == (["verses/snapshots"], ["verses/versions"])
    assert names["train"] == (["verses/versions"], ["verses/runs"])
    assert names["report"] == (["verses/runs"], ["verses/reports"])
    parents = {each["run"]["facets"]["parent"]["run"]["runId"] for stage, each in ended.items() if stage != "run"}
    assert parents == {ended["run"]["run"]["runId"]}
    assert outcome.version == version.ref


def test_a_stage_alone_is_told_and_says_when_nothing_changed(copied):
    before = len(events(copied))
    stages.build(copied, "", silent)

    start, end = events(copied)[before:]
    assert (start["eventType"], end["eventType"], start["run"]["runId"]) == ("START", "COMPLETE", end["run"]["runId"])
    assert end["run"]["facets"]["tags"]["tags"][0]["value"] == "unchanged"
    assert "parent" not in end["run"]["facets"]


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (BuildError("no text", "with the-secret-word"), "FAIL", "no text: with ${WORD}"),
        (ValueError(), "FAIL", "ValueError"),
        (Interrupted(), "ABORT", "stopped: Interrupted"),
    ],
)
def test_a_failure_and_a_signal_are_told_without_secrets(own, monkeypatch, error, kind, said):
    monkeypatch.setenv("CORPUSMILL_SECRET_WORD", "the-secret-word")

    def build(*_):
        raise error

    with pytest.raises(type(error)):
        pipeline(own, fakes([], build=told.told(build)), silent)

    assert kinds(own) == [("run", "START"), ("build", "START"), ("build", kind), ("run", kind)]
    assert events(own)[2]["run"]["facets"]["errorMessage"]["message"] == said


def of(datasets) -> list[tuple[str, str]]:
    return [(each["name"], each["facets"]["version"]["datasetVersion"]) for each in datasets]


def test_a_training_that_starts_from_a_run_is_told_with_that_run(copied):
    (parent,) = Store(Path(copied.store)).runs("verses")
    sets = ("train.steps=2", "train.samples.length=4", f"train.init={parent.ref}")
    done = stages.train(replace(copied, overrides=(*copied.overrides, *sets)), "verses@v1", silent)

    start, end = events(copied)[-2:]
    assert of(start["inputs"]) == of(end["inputs"]) == [("verses/versions", parent.version), ("verses/runs", parent.id)]
    said = {tag["key"]: tag["value"] for tag in end["outputs"][0]["facets"]["tags"]["tags"]}
    assert (said["learnt_from"], said["started_from"]) == ("verses@v1", parent.ref)
    assert done.ref.endswith(of(end["outputs"])[0][1])


def test_a_build_of_the_latest_snapshot_is_told_with_that(copied):
    (taken,) = Store(Path(copied.store)).snapshots("verses")
    stages.build(copied, "", silent)
    assert of(events(copied)[-1]["inputs"]) == [("verses/snapshots", taken.id)]


def trial(store, run="", **fields):
    (made,) = store.runs("verses")
    given = {"text": "verses", "corpus": "verses", "version": "verses@v1", "config": {"init": ""}, "status": "made"}
    return Entry(**{**given, "run": run or made.id, **fields})


def test_each_trial_of_a_sweep_is_a_training_below_it(copied):
    store = Store(Path(copied.store))
    (made,) = store.runs("verses")
    before = len(events(copied))
    good, bad = trial(store), trial(store, "fff111", config={"init": made.ref})
    with told.whole(copied, "sweep.sizes"), told.trials(store) as watcher:
        for entry in (good, bad):
            watcher.begun(replace(entry, status="unchanged"))
        watcher.ended(replace(bad, status="failed", error="it diverged"))
        watcher.ended(good)
        watcher.ended(trial(store, "never begun"))

    mine = events(copied)[before:]
    assert sorted((each["job"]["name"], each["eventType"]) for each in mine) == sorted(
        [
            ("verses.sweep.sizes", "START"),
            ("verses.train", "START"),
            ("verses.train", "START"),
            ("verses.train", "FAIL"),
            ("verses.train", "COMPLETE"),
            ("verses.sweep.sizes", "COMPLETE"),
        ]
    )
    sweep = mine[0]["run"]["runId"]
    trainings = [each for each in mine if each["job"]["name"] == "verses.train"]
    assert {each["run"]["facets"]["parent"]["run"]["runId"] for each in trainings} == {sweep}
    assert {each["run"]["facets"]["parent"]["job"]["name"] for each in trainings} == {"verses.sweep.sizes"}
    (failed,) = [each for each in trainings if each["eventType"] == "FAIL"]
    (ended,) = [each for each in trainings if each["eventType"] == "COMPLETE"]
    assert failed["run"]["facets"]["errorMessage"]["message"] == "it diverged"
    assert of(failed["inputs"]) == [("verses/versions", made.version), ("verses/runs", made.id)]
    assert (of(ended["inputs"]), of(ended["outputs"])) == (
        [("verses/versions", made.version)],
        [("verses/runs", made.id)],
    )
    assert ended["run"]["facets"]["tags"]["tags"][0]["value"] == "made"


def test_trials_that_were_at_work_when_a_sweep_was_stopped_are_told_too(copied):
    store = Store(Path(copied.store))
    before = len(events(copied))

    def stopped():
        with told.trials(store) as watcher:
            watcher.begun(trial(store))
            raise Interrupted

    with pytest.raises(Interrupted):
        stopped()

    assert [each["eventType"] for each in events(copied)[before:]] == ["START", "ABORT"]


def test_baselines_are_told_beside_their_version(copied, monkeypatch):
    store = Store(Path(copied.store))
    (version,), (run,) = store.versions("verses"), store.runs("verses")
    with told.baselines(store, version, run):
        pass
    start, end = events(copied)[-2:]
    assert (start["job"]["name"], end["eventType"]) == ("verses.baselines", "COMPLETE")
    assert of(end["inputs"]) == [("verses/versions", version.id), ("verses/runs", run.id)]
    assert of(end["outputs"]) == [("verses/baselines", version.id)]
    before = len(events(copied))
    monkeypatch.setenv("OPENLINEAGE_DISABLED", "true")
    with told.baselines(store, version, None), told.trials(store) as watcher:
        watcher.begun(trial(store))
        watcher.ended(trial(store))
    assert len(events(copied)) == before


def test_nobody_is_told_when_it_is_switched_off(own, monkeypatch):
    monkeypatch.setenv("OPENLINEAGE_DISABLED", "true")
    stages.collect(own, silent)
    assert not Path(own.store, "lineage").exists()


def test_a_receiver_that_is_away_and_a_folder_that_cannot_be_written_are_one_warning_each(own, monkeypatch, caplog):
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:9")
    Path(own.store).mkdir()
    Path(own.store, "lineage").write_bytes(b"a file where the folder should be")

    with caplog.at_level(logging.WARNING, "corpusmill.lineage"):
        assert stages.collect(own, silent).made

    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert said[0].startswith("no lineage event was written: ")
    assert said[1] == "lineage events go to the store alone: the receiver did not take it (ConnectionError)"


def test_what_a_stage_gives_is_not_changed_by_telling(own):
    done = Done("c@v1", made=True)

    def build(_job, _snapshot, _progress):
        return done

    assert told.told(build)(own, "c/snapshots/1", silent) is done
