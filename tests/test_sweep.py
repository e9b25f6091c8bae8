"""`corpusmill sweep`, `compare` and `suggest` as a user meets them."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from corpusmill.cli import main
from corpusmill.store import Store
from corpusmill.store.ids import pretty
from model.sweep import crew, result
from model.sweep.file import load, parse
from model.sweep.plan import plan
from model.sweep.run import Ground, run
from model.sweep.worker import Task
from tests.model.small import corpus

ROOT = Path(__file__).parent.parent
TEXT = "\n\n".join(f"Verse {n}: the mill turns {n} times and the river runs on." for n in range(120))
SIZES = """
title = "Sizes"
source = "a test"
corpora = ["my.txt"]
[base]
train.steps = 8
train.batch = 4
train.length = 16
train.evaluations = 2
train.samples.length = 10
[[trial]]
train.hidden = 8
[[trial]]
train.hidden = 16
[[trial]]
train.batch = 5000
[[trial]]
train.hidden = 8
train.reset = 7
[[published]]
value = 2.5
of = "nothing real"
source = "a test"
settings = { train.hidden = 16 }
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder with a text and a sweep of it, and what came of that: two sizes and one that has too little text."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "my.txt").write_text(TEXT, encoding="utf-8")
    (folder / "sizes.toml").write_text(SIZES, encoding="utf-8")
    done = call(folder, "sweep", "sizes.toml", "--json", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def call(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "corpusmill", *arguments],
        cwd=folder,
        env=os.environ | {"CORPUSMILL_STORE": str(folder / "store"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def inside(monkeypatch, capsys):
    """The same in this process: what trains nothing need not load everything again."""

    def run_inside(folder, *arguments):
        monkeypatch.chdir(folder)
        monkeypatch.setenv("CORPUSMILL_STORE", str(folder / "store"))
        before = signal.getsignal(signal.SIGTERM)
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        signal.signal(signal.SIGTERM, before)
        said = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, ended.value.code, said.out, said.err)

    return run_inside


def test_a_sweep_ranks_its_trials_and_what_fails_is_a_row(desk):
    _, told = desk
    assert set(told) == {"sweep", "title", "score", "runs", "seeds"}
    assert told["sweep"] == "my/sweeps/sizes"
    assert [each["status"] for each in told["runs"]] == ["made", "made", "failed", "made"]
    first, second, failed, other = told["runs"]
    assert first["nats_per_char"] <= second["nats_per_char"]
    assert failed["nats_per_char"] is None
    assert failed["error"].startswith("my@v1 has ")
    assert (other["reset"], first["reset"] != 7) == (7, True)
    assert {each["settings"]["hidden"]: each["published"] for each in told["runs"]} == {8: None, 16: 2.5, 192: None}
    assert set(first) >= {"run", "corpus", "version", "split", "characters", "reset", "bits_per_byte", "parameters"}
    assert first["split"] == "document 0.9/0.05/0.05"


def test_a_sweep_and_its_trainings_are_told_as_one_and_a_run_knows_its_sweep(desk, inside):
    folder, told = desk
    paths = (folder / "store" / "lineage").glob("*.jsonl")
    events = [json.loads(line) for path in paths for line in path.read_text().splitlines()]
    (sweep,) = {each["run"]["runId"] for each in events if each["job"]["name"] == "my.sweep.sizes"}
    parents = [each["run"]["facets"]["parent"]["run"]["runId"] for each in events if each["job"]["name"] == "my.train"]
    ended = [each["eventType"] for each in events if each["job"]["name"] == "my.train"]
    assert parents == [sweep] * 8
    assert {kind: ended.count(kind) for kind in ended} == {"START": 4, "COMPLETE": 3, "FAIL": 1}

    run = told["runs"][0]["run"]
    assert "trial of my/sweeps/sizes" in inside(folder, "lineage", run).stdout
    assert "sweep        my/sweeps/sizes" in inside(folder, "show", run).stdout
    assert json.loads(inside(folder, "verify", "--json").stdout)["checked"]["sweeps"] == 1


def test_what_is_there_is_not_trained_again_and_compare_finds_it(desk, inside):
    folder, told = desk
    again = inside(folder, "sweep", "sizes.toml")
    assert again.returncode == 0, again.stderr
    assert "Sizes: 4 trainings, 3 were there already, 1 failed" in again.stdout
    assert "sweep " not in again.stderr  # nothing was trained, the failure neither
    for name in ("sizes", "sizes.toml", "my/sweeps/sizes"):
        compared = json.loads(inside(folder, "compare", name, "--json").stdout)
        assert [each["run"] for each in compared["runs"]] == [each["run"] for each in told["runs"]]


def test_compare_tables_runs_and_says_which_do_not_compare(desk, inside):
    folder, told = desk
    runs = [each["run"] for each in told["runs"] if each["status"] == "made"]
    said = inside(folder, "compare", *runs).stdout
    assert "not to be compared with the first table: another reset" in said
    assert len(re.findall(r"^my@v1, split document 0\.9/0\.05/0\.05: validation, ", said, re.MULTILINE)) == 2
    assert all(run in said for run in runs)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["sweep", "char-rn"], 1, "did you mean char-rnn"),
        (["sweep", "sizes.toml", "--set", "train.hiden=3"], 1, "did you mean hidden"),
        (["sweep", "bad.toml"], 1, "bad.toml: train.hidden"),
        (["sweep", "version.toml"], 1, "split.scheme cannot be set for my@v1"),
        (["sweep", "split.toml"], 1, "no scheme is named"),
        (
            ["sweep", "sizes.toml", "--set", "train.batch=5000", "--retry", "--jobs=1"],
            1,
            "none of 4 trials could be trained",
        ),
        (["compare", "my/sweeps/size"], 1, "did you mean sizes"),
        (["compare", "char-rnn.toml"], 1, "was never run"),
        (["compare", "nothing"], 1, "'nothing' is not in the store"),
        (["compare", "sizes", "--score", "perplexity"], 2, "perplexity"),
        (["suggest", "bible"], 1, "bible"),
        (["suggest", "my", "--minutes", "0"], 2, "minutes"),
    ],
)
def test_bad_input_is_answered_with_one_line_and_its_status(desk, inside, arguments, status, said):
    folder, _ = desk
    (folder / "bad.toml").write_text('corpora = ["my.txt"]\n[base]\ntrain.hidden = -1', encoding="utf-8")
    (folder / "version.toml").write_text('corpora = ["my@v1"]\n[base]\nsplit.scheme = "document"', encoding="utf-8")
    (folder / "split.toml").write_text('corpora = ["my.txt"]\n[base]\nsplit.scheme = "legacy:x"', encoding="utf-8")
    done = inside(folder, *arguments)
    assert done.returncode == status, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_dry_run_lists_trials_and_leaves_nothing(tmp_path, inside):
    done = inside(tmp_path, "sweep", "manele", "--dry-run", "--json", "--jobs", "3")
    told = json.loads(done.stdout)
    assert (told["sweep"], told["jobs"], len(told["trials"]), told["rounds"]) == ("manele", 3, 9, [])
    assert told["trials"][0]["settings"]["train.hidden"] == 100
    assert "9 trials on manele" in inside(tmp_path, "sweep", "manele", "--dry-run").stdout
    assert not (tmp_path / "store").exists()


def test_suggest_says_settings_that_train_takes(desk, inside):
    folder, _ = desk
    told = json.loads(inside(folder, "suggest", "my@v1", "--minutes", "3", "--json").stdout)
    assert {"ref", "characters", "documents", "vocabulary", "parameters", "epochs", "settings"} <= set(told)
    assert all(set(each) == {"key", "value", "reason", "source"} for each in told["settings"])


def test_ctrl_c_saves_what_a_sweep_was_at_and_says_how_to_go_on(tmp_path):
    (tmp_path / "my.txt").write_text(TEXT, encoding="utf-8")
    long = SIZES.replace("steps = 8", "steps = 100000").replace("batch = 5000", "seed = 3")
    (tmp_path / "long.toml").write_text(long, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-m", "corpusmill", "sweep", "long.toml", "--jobs", "2"],
        cwd=tmp_path,
        env=os.environ | {"CORPUSMILL_STORE": str(tmp_path / "store"), "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        deadline = time.monotonic() + 60
        while len(list(tmp_path.glob("store/my/runs/.*.work/metrics.jsonl"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)  # all processes of the terminal get it
        said = process.communicate(timeout=40)[1]

    assert process.returncode == 130
    assert "To go on: corpusmill sweep long.toml --jobs 2" in said
    assert "Traceback" not in said
    assert len(list(tmp_path.glob("store/my/runs/.*.work/checkpoints/state.json"))) == 2
    assert Store(tmp_path / "store").runs("my") == []


@pytest.fixture(scope="module")
def sea(tmp_path_factory):
    """A store with a version that is small."""
    from benchmarks.material import version
    from tests.model.small import texts

    store = Store(tmp_path_factory.mktemp("sea"))
    return store, version(store, "sea", texts())


def test_halving_trains_the_best_again_with_more(sea):
    store, version = sea
    text = 'corpora = ["sea"]\n[grid]\ntrain.learning_rate = [1e-9, 1e-2]\n[halving]\nfactor = 2\nsteps = [12, 24]'
    sweep = parse(text, "halved.toml")
    trials, _ = plan(sweep)
    grounds = {trial.place: Ground(corpus(), version) for trial in trials}
    told = []
    record = run(sweep, trials, grounds, store, jobs=1, retry=False, progress=lambda *of: told.append(of))
    rows = [(each.config["learning_rate"], each.config["steps"]) for each in record.entries]
    assert rows == [(1e-9, 12), (1e-2, 12), (1e-2, 24)]
    assert [entry.status for entry in record.entries] == ["made"] * 3
    assert pretty(result.find("halved", store)) == pretty(record)
    assert told[-1][:3] == ("sweep", 1, 1)
    assert told[-1][3] == "1 of 1 trained"


def test_a_process_that_is_killed_fails_its_trial_alone(sea):
    store, version = sea
    ended, tasks = [], [Task(corpus=corpus(steps=9, seed=n), version=version.name, store=store.place) for n in (7, 8)]
    hands = []

    def progress(_stage, done, _total, _note):
        if not hands:
            listed = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True)
            lines = [line.split(maxsplit=2) for line in listed.stdout.splitlines()]
            hands.extend(int(p) for p, parent, said in lines if parent == str(os.getpid()) and "sweep.worker" in said)
            for pid in hands:
                os.kill(pid, signal.SIGKILL)

    crew.train(tasks, 1, progress, lambda number, said: ended.append((number, said)))
    assert [number for number, _ in ended] == [0, 1]
    assert ended[1][1].run
    assert hands
    assert ended[0][1].kind == "Died"
    assert "its process ended (status -9)" in ended[0][1].error


def test_a_record_that_is_damaged_is_refused_and_one_that_is_not_there_is_none(store):
    assert result.load("sea", "none", store) is None
    path = store.corpus("sea") / "sweeps" / "bad.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"name": 1}')
    with pytest.raises(Exception, match="damaged"):
        result.load("sea", "bad", store)


def test_the_sweeps_that_the_guide_shows_are_sweeps():
    text = (ROOT / "docs/sweeps.md").read_text(encoding="utf-8")
    shown = re.findall(r"^```toml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert shown
    for block in shown:
        assert "corpora" in tomllib.loads(block)
        assert plan(parse(block, "shown.toml"))[0]
    named = set(re.findall(r"`experiments/([a-z0-9-]+)\.toml`", text))
    assert named == {path.stem for path in (ROOT / "experiments").glob("*.toml")}
    assert all(load(name).published or name == "torch-rnn" for name in named)
