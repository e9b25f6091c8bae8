"""Trainings that are killed at any moment, and stopped in the middle of what takes long, and come to the same end."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from itertools import count
from pathlib import Path

import pytest

from benchmarks.material import version as published
from corpusmill.errors import Interrupted
from corpusmill.store import Store
from model import loop, machine
from model.options import checked
from model.parallel import ALONE
from model.stop import Stop
from model.task import read
from model.train import fit
from model.tuning import Begun
from tests.faults import times
from tests.model.small import SMALL, corpus, prose, texts
from tests.model.test_train import metrics, outcome, signalling, work_folder

KILLS = times(2, 20)
STEPS = {**SMALL, "steps": 40, "evaluations": 5}
CASES = {
    "lstm, torch": {"cell": "lstm", "engine": "torch"},
    "lstm, numba": {"cell": "lstm", "engine": "numba", "averaging": 0.9},
    "gru, torch": {"cell": "gru", "engine": "torch", "averaging": 0.9},
    "gru, numba": {"cell": "gru", "engine": "numba"},
    "setback": {
        "cell": "lstm",
        "engine": "torch",
        "averaging": 0.9,
        "spike": 1.2,
        "optimizer": "adamw",
        "pieces": 0,
        "learning_rate": 0.3,
        "warmup": 0.0,
    },
}
ROOT = Path(__file__).parents[2]
TIMED = {"started_at", "seconds", "cpu_seconds", "saved", "looked", "busy"}


class Trainer:
    """Starts trainings in children of a process that has all loaded."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process

    def begin(self, root: Path, settings: dict) -> int:
        self._process.stdin.write(json.dumps([str(root), settings]) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def end(self) -> int:
        return int(self._process.stdout.readline())


@pytest.fixture(scope="module")
def trainer():
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.model.trainer"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, text=True) as process:
        yield Trainer(process)
        process.stdin.close()


def place(root: Path) -> Store:
    store = Store(root)
    published(store, "sea", texts())
    return store


def left(store: Store) -> dict:
    """All that a run left, but for what the clock decides."""
    (run,) = store.runs("sea")
    folder = store.run_folder("sea", run.id)
    state = json.loads((folder / "checkpoints" / "state.json").read_bytes())
    kept = {name: {**state[name], "standing": untimed(state[name]["standing"])} for name in ("last", "mark")}
    return {**outcome(store, run), "standing": kept}


def untimed(standing: dict) -> dict:
    return {name: value for name, value in standing.items() if name not in TIMED}


@pytest.mark.parametrize("case", CASES)
def test_a_training_killed_at_any_moment_comes_to_the_very_same_run(case, trainer, tmp_path):
    settings, draw, stores = STEPS | CASES[case], random.Random(case), count()
    whole = place(tmp_path / "whole")
    trainer.begin(whole.root, settings)
    began = time.monotonic()
    assert trainer.end() == 0
    lasted, wanted = time.monotonic() - began, left(whole)
    assert ("setbacks.json" in wanted["files"]) == (case == "setback")

    store, killed = place(tmp_path / f"{next(stores)}"), 0
    while killed < KILLS:
        child = trainer.begin(store.root, settings)
        time.sleep(draw.uniform(0, lasted))
        if not store.runs("sea"):
            os.kill(child, signal.SIGKILL)
        status = trainer.end()
        killed += status == -signal.SIGKILL
        assert status in (0, -signal.SIGKILL)
        if store.runs("sea"):
            assert left(store) == wanted
            store = place(tmp_path / f"{next(stores)}")
    trainer.begin(store.root, settings)
    assert trainer.end() == 0
    assert left(store) == wanted
    assert not list((store.corpus("sea") / "runs").glob(".*"))


def test_two_trainings_with_one_seed_have_the_same_losses_to_the_last_bit(trainer, tmp_path):
    runs = []
    for name in ("one", "other"):
        store = place(tmp_path / name)
        trainer.begin(store.root, STEPS | {"engine": "numba", "cell": "gru"})
        assert trainer.end() == 0
        runs.append(metrics(store.run_folder("sea", store.runs("sea")[0].id)))

    assert runs[0] == runs[1]
    assert len(runs[0]) == 40


def during(stage: str, act):
    """A progress that acts once, at the second word of a stage."""
    seen = []

    def progress(name, *_):
        seen.append(name)
        if seen.count(stage) == 2 and name == stage:
            act()

    return progress


@pytest.mark.parametrize("stage", ["n-grams", "compress"])
def test_a_signal_ends_the_baselines_and_the_next_call_goes_on_with_them(stage, finished, store, version):
    with pytest.raises(Interrupted) as caught:
        fit(corpus(), version, store, progress=during(stage, signalling(signal.SIGTERM)))

    assert caught.value.signum == signal.SIGTERM
    assert store.runs("sea") == []
    run, made = fit(corpus(), version, store)
    assert made
    assert outcome(store, run) == outcome(*finished)


ONCE = {**SMALL, "steps": 2, "evaluations": 1, "initial": "uniform"}
LONG = {  # what takes a quarter of a minute and more
    "evaluation": {"validation_characters": 4_000_000, "hidden": 128},
    "sample": {"samples": {"length": 29_999}, "hidden": 400},
    "ladder": {"samples": {"length": 300, "temperatures": [0.5] * 400}, "hidden": 400},
}


def in_the_middle_of(what: str, store: Store) -> bool:
    """Whether all before it is done."""
    folder = next((store.corpus("sea") / "runs").glob(".*.work"), None)
    return bool(folder) and (folder / ("baselines.json" if what == "ladder" else "metrics.jsonl")).is_file()


@pytest.mark.parametrize("what", LONG)
def test_sigterm_in_the_middle_of_something_long_saves_and_ends_within_ten_seconds(what, trainer, tmp_path):
    store = Store(tmp_path)
    published(store, "sea", {"train": [prose(300)], "validation": [prose(300_000 if what == "evaluation" else 40)]})

    child = trainer.begin(store.root, ONCE | LONG[what] | {"engine": "torch"})
    while not in_the_middle_of(what, store):
        time.sleep(0.02)
    time.sleep(0.3)
    os.kill(child, signal.SIGTERM)
    began = time.monotonic()

    assert trainer.end() == 128 + signal.SIGTERM
    assert time.monotonic() - began < 10
    standing = json.loads((work_folder(store) / "checkpoints" / "state.json").read_bytes())["last"]["standing"]
    assert (standing["iteration"], standing["owed"]) == (2, what != "ladder")


@pytest.mark.parametrize("moment", range(3))
def test_an_evaluation_that_was_cut_off_is_what_is_done_next(moment, finished, store, version):
    folder = store.run_work_folder("sea", finished[1].id)
    task = read(version, store, Begun(checked(corpus()), None, store), folder, ALONE)
    with machine.pace(1, repeatable=True) as pace, machine.seeded(1):
        _, ended = loop.train(task, CutOff(moment), pace, lambda *_: None)
    assert ended == "interrupted"
    standing = json.loads((task.folder / "checkpoints" / "state.json").read_bytes())["last"]["standing"]
    assert (standing["iteration"], standing["owed"], standing["evaluations"]) == (8 * (moment + 1), True, moment)
    lines = (task.folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == standing["iteration"] - 1

    run, made = fit(corpus(), version, store)

    assert made
    assert outcome(store, run) == outcome(*finished)


class CutOff(Stop):
    """A signal that comes in the middle of an evaluation, after so many others."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.left = after

    def heed(self, *_: object) -> None:
        self.left -= bool(_)  # once for each evaluation: its text is one window
        if self.left < 0:
            self.signum = signal.SIGTERM
        super().heed()
