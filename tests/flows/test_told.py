"""Stages tell of their runs, whoever runs them, and never fail because of it."""

import json
import logging
from pathlib import Path

import pytest

from corpusmill.errors import BuildError, Interrupted
from corpusmill.store import Store
from corpusmill.types import silent
from flows import stages, told
from flows.pipeline import pipeline
from flows.stages import Done
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
