"""The pipeline with stages that are functions passed in, and for real without Prefect."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json as msgjson

from corpusmill.errors import BuildError, UnknownNameError
from corpusmill.store import Store
from corpusmill.types import silent
from flows import stages
from flows.pipeline import Stages, experiment, pipeline, run_plain
from flows.run import run_flow
from flows.stages import Done, Job
from tests.flows.programs import environment, text


def fakes(log: list, **changed):
    """Stages that write down what they were given; `changed` replaces some."""

    def stage(name, ref):
        def call(job, *given):
            log.append((name, given[:-1]))
            return Done(ref, made=True, notes=(f"what {name} says",))

        return call

    refs = {"collect": "c/snapshots/1", "build": "c@v1", "train": "c/runs/2", "report": "r.html"}
    refs |= {"score": "c/runs/2", "sample": "c/runs/2"}
    return Stages(**{name: changed.get(name) or stage(name, ref) for name, ref in refs.items()})


def test_each_stage_gets_the_ref_that_the_one_before_gave(own):
    log = []

    outcome = pipeline(own, fakes(log), silent)

    assert log == [("collect", ()), ("build", ("c/snapshots/1",)), ("train", ("c@v1",)), ("report", ("c/runs/2",))]
    assert (outcome.corpus, outcome.snapshot, outcome.version) == ("verses", "c/snapshots/1", "c@v1")
    assert (outcome.run, outcome.report, outcome.skipped) == ("c/runs/2", "r.html", ())


def test_an_experiment_trains_then_scores_then_writes_then_reports(own):
    log = []

    outcome = experiment(own, "c@v1", fakes(log), silent)

    assert log == [("train", ("c@v1",)), *((name, ("c/runs/2",)) for name in ("score", "sample", "report"))]
    assert (outcome.version, outcome.run, outcome.report) == ("c@v1", "c/runs/2", "r.html")
    assert (outcome.score, outcome.skipped) == ("what score says", ())


def test_stages_whose_result_was_there_are_named(own):
    there = {name: lambda *_: Done("ref", made=False) for name in ("collect", "train")}

    assert pipeline(own, fakes([], **there), silent).skipped == ("collect", "train")


def test_after_a_failure_nothing_more_is_begun(own):
    log = []

    def fails(*_):
        raise BuildError("no validation text")

    with pytest.raises(BuildError, match="no validation text"):
        pipeline(own, fakes(log, build=fails), silent)

    assert log == [("collect", ())]


@given(st.builds(Job, st.text(), st.text(), overrides=st.lists(st.text()).map(tuple)) | st.from_type(Job))
def test_a_job_survives_json(job):
    assert msgjson.decode(msgjson.encode(job), type=Job) == job


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("bible", "bible"),
        ("/home/me/My Poems.txt", "My Poems.txt"),
        ("/home/me/poems/", "poems"),
        ("https://host/a/b.txt?x=1", "b.txt"),
        ("https://host/", "https://host/"),
    ],
)
def test_a_job_has_a_short_name(target, name):
    assert Job(target, "store").name == name


def test_a_snapshot_is_the_latest_or_the_one_asked_for(own, tmp_path):
    with pytest.raises(UnknownNameError, match="verses has no snapshot yet: collect it"):
        stages.build(own, "", silent)
    first = stages.collect(own, silent)
    (tmp_path / "verses.txt").write_text(text(300), encoding="utf-8")
    second = stages.collect(own, silent)

    built = {wanted: stages.build(own, wanted, silent) for wanted in (second.ref, first.ref.rpartition("/")[2], "")}

    assert [done.ref for done in built.values()] == ["verses@v1", "verses@v2", "verses@v1"]
    with pytest.raises(UnknownNameError, match="is not in the store"):
        stages.build(own, "ffffffffffff", silent)


def test_a_file_becomes_a_report_and_a_second_time_nothing_is_made(plain):
    job, outcome = plain

    assert outcome.skipped == ()
    assert [version.ref for version in Store(Path(job.store)).versions("verses")] == [outcome.version]
    assert Path(outcome.report).read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert run_plain(job, silent) == replace(outcome, skipped=("collect", "build", "train", "report"))


def test_a_wrong_name_is_told_before_prefect_is_touched(tmp_path):
    with pytest.raises(UnknownNameError, match="no corpus is named 'shakespear': did you mean shakespeare"):
        run_flow(Job("shakespear", str(tmp_path / "store")), silent, home=tmp_path / "home")

    assert list(tmp_path.iterdir()) == []


def test_plain_never_imports_prefect_and_skipping_never_torch(plain, tmp_path):
    job, _ = plain
    program = (
        "import sys, msgspec\n"
        "from corpusmill.types import silent\n"
        "from flows.pipeline import run_plain\n"
        "from flows.stages import Job\n"
        "outcome = run_plain(msgspec.json.decode(sys.argv[1], type=Job), silent)\n"
        "heavy = {'prefect', 'torch', 'uvicorn', 'sqlalchemy'} & sys.modules.keys()\n"
        "print(msgspec.json.encode([outcome.skipped, sorted(heavy)]).decode())\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, msgjson.encode(job).decode()],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )

    assert (json.loads(done.stdout), done.stderr) == ([["collect", "build", "train", "report"], []], "")
    assert list(tmp_path.iterdir()) == []
