import json
import math
import os
import re
import signal
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.material import version as published
from corpusmill.errors import BusyError, CorruptError, Interrupted, SpecError, StoreError, TrainError
from corpusmill.store import Store, shards
from corpusmill.store.ids import file_sha256
from corpusmill.types import Run
from model import weights
from model.checkpoint import Standing
from model.load import load
from model.options import checked
from model.passage import joined
from model.rates import rate
from model.score import score, split_passage, split_text
from model.stop import SIGNALS
from model.train import fit
from tests import needs
from tests.model.small import corpus, prose, texts

CLOCKS = {"seconds", "characters_per_second"}


def metrics(folder: Path) -> list[dict]:
    """The lines without what the clock decides."""
    lines = (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [{name: value for name, value in json.loads(line).items() if name not in CLOCKS} for line in lines]


def folder(store: Store, run: Run) -> Path:
    return store.run_folder(run.corpus, run.id)


def work_folder(store: Store) -> Path:
    return next((store.corpus("sea") / "runs").glob(".*.work"))


def outcome(store: Store, run: Run) -> dict:
    """Everything a run left that the clock does not decide."""
    return {"files": run.files, "metrics": metrics(folder(store, run)), "best": run.best, "stopped": run.stopped}


def at(iteration: int, act):
    """A progress that acts once, after an iteration."""

    def progress(_stage, done, total, _note):
        if total and done == iteration:
            act()

    return progress


def signalling(number: int):
    return lambda: os.kill(os.getpid(), number)


def cut():
    raise RuntimeError("power cut")


def test_a_run_leaves_what_its_manifest_says(finished):
    store, run = finished
    there = {
        path.relative_to(folder(store, run)).as_posix(): file_sha256(path)
        for path in folder(store, run).rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }

    assert run.digests == there
    assert set(run.clock["files"]) == {"metrics.jsonl", "checkpoints/state.json"}
    assert set(there) == {
        "config.json",
        "vocabulary.json",
        "metrics.jsonl",
        "checkpoints/state.json",
        run.checkpoint,
        "checkpoints/last-000024.safetensors",
        "samples/000008.json",
        "samples/000016.json",
        "samples/000024.json",
        "samples/ladder.json",
        "baselines.json",
    }
    assert not list(folder(store, run).parent.glob(".*"))


def test_a_manifest_says_what_was_trained_on_what_by_what(finished):
    store, run = finished

    assert (run.corpus, run.version_ref) == ("sea", "sea@v1")
    assert run.config["hidden"] == 16
    assert run.config["samples"]["prime"] == ""
    assert (run.iterations, run.stopped) == (24, "steps")
    assert run.parameters == sum(array.size for array in load(run, store).weights.values())
    assert run.vocabulary == len(set("\n\n".join(texts()["train"]))) + 1
    assert set(run.machine) == {"kernel", "dtype", "device", "processes", "threads", "cpu", "processor", "system"}
    assert set(run.libraries) == {"python", "torch", "numpy", "safetensors", "zstandard", "pyppmd"}
    assert run.clock["seconds"] > 0
    assert run.clock["cpu_seconds"] > 0
    assert store.runs("sea") == [run]


def test_the_best_loss_is_what_score_says_of_the_best_weights(finished):
    store, run = finished
    text = split_text(run, store, "validation")[: int(run.best["characters"])]

    found = score(run, store, text, reset=int(run.best["reset"]))

    assert found.nats_per_char == pytest.approx(run.best["nats_per_char"], abs=1e-6)
    assert found.bits_per_byte == pytest.approx(run.best["bits_per_byte"], abs=1e-6)


def test_metrics_tell_of_every_iteration_and_of_the_validation_split_now_and_then(finished):
    store, run = finished
    lines = metrics(folder(store, run))

    assert [line["iteration"] for line in lines] == list(range(1, 25))
    assert [line["characters"] for line in lines] == [64 * number for number in range(1, 25)]
    assert all(0 < line["nats_per_char"] < 4 and line["rate"] >= 0 for line in lines)
    assert [line["iteration"] for line in lines if line["validation"]] == [8, 16, 24]
    assert min(line["validation"]["nats_per_char"] for line in lines if line["validation"]) == run.best["nats_per_char"]
    assert lines[-1]["nats_per_char"] < lines[0]["nats_per_char"] - 0.2


def test_samples_are_drawn_as_training_goes_on_and_a_ladder_at_the_end(finished):
    store, run = finished
    samples = [json.loads(path.read_bytes()) for path in sorted((folder(store, run) / "samples").glob("0*.json"))]
    ladder = json.loads((folder(store, run) / "samples" / "ladder.json").read_bytes())

    assert [sample["iteration"] for sample in samples] == [8, 16, 24]
    assert [rung["temperature"] for rung in ladder] == [0.0, 1.0]
    assert {len(written["text"]) for written in samples + ladder} == {30}


def test_what_was_trained_is_not_trained_again(finished):
    store, run = finished
    version = store.versions("sea")[0]

    assert fit(corpus(), version, store, progress=at(1, cut)) == (run, False)


@pytest.mark.parametrize("change", [{"seed": 2}, {"hidden": 17}, {"steps": 8}, {"samples": {"length": 5}}], ids=str)
def test_another_setting_is_another_run(change, finished, store, version):
    run, made = fit(corpus(**{"steps": 3, "evaluations": 1, **change}), version, store)

    assert made
    assert run.id != finished[1].id


def test_the_same_seed_and_steps_give_the_same_run_in_another_store(finished, store, version):
    run, made = fit(corpus(), version, store)

    assert made
    assert run.id == finished[1].id
    assert outcome(store, run) == outcome(*finished)


@pytest.mark.parametrize("iteration", [1, 5, 8, 13, 23, 24])
@pytest.mark.parametrize("number", SIGNALS)
def test_a_training_that_was_stopped_goes_on_to_the_same_run(iteration, number, finished, store, version):
    handlers = [signal.getsignal(each) for each in SIGNALS]

    with pytest.raises(Interrupted) as caught:
        fit(corpus(), version, store, progress=at(iteration, signalling(number)))

    assert caught.value.signum == number
    assert [signal.getsignal(each) for each in SIGNALS] == handlers
    assert store.runs("sea") == []
    done = []
    run, made = fit(corpus(), version, store, progress=lambda *args: done.append(args))
    assert made
    assert done[0] == ("train", 0, 0, f"reading sea@v1, to go on after iteration {iteration}")
    assert [step[1:3] for step in done[1:] if step[0] == "train"] == [(later, 24) for later in range(iteration + 1, 25)]
    assert outcome(store, run) == outcome(*finished)


@pytest.mark.parametrize("iteration", [1, 7, 8, 20, 24])
def test_a_training_that_was_killed_goes_on_from_its_last_save_to_the_same_run(iteration, finished, store, version):
    with pytest.raises(RuntimeError, match="power cut"):
        fit(corpus(), version, store, progress=at(iteration, cut))
    with (work_folder(store) / "metrics.jsonl").open("ab") as file:
        file.write(b'{"iteration":25,"nats')
    checkpoints = work_folder(store) / "checkpoints"
    checkpoints.mkdir(exist_ok=True)
    (checkpoints / "best-000023.safetensors").write_bytes(b"half")
    (checkpoints / ".state.json.999999999.tmp").write_bytes(b"half")

    run, _ = fit(corpus(), version, store)

    assert outcome(store, run) == outcome(*finished)


def test_what_a_killed_save_had_no_time_to_sweep_is_in_no_run(finished, store, version):
    with pytest.raises(Interrupted):
        fit(corpus(), version, store, progress=at(24, signalling(signal.SIGTERM)))
    (work_folder(store) / "checkpoints" / "last-000016.safetensors").write_bytes(b"before")
    (work_folder(store) / "setbacks.json").write_bytes(b"[]")

    run, _ = fit(corpus(), version, store)

    assert outcome(store, run) == outcome(*finished)


def test_a_text_that_was_encoded_once_is_not_read_again(finished, store, version):
    told = replace(version, stats={"vocabulary": {"train": Counter("".join(texts()["train"]))}})

    first, _ = fit(corpus(), told, store)
    (store.version_folder(version) / "data" / "train.parquet").unlink()
    _, made = fit(corpus(seed=2), told, store)

    assert outcome(store, first) == outcome(*finished)
    assert made


@given(st.lists(st.text("ab", max_size=5)), st.sampled_from(["", "\n", "--"]), st.integers(1, 20))
def test_the_validation_text_is_read_as_far_as_it_is_scored(documents, separator, limit):
    read = []
    passage = joined((read.append(text) or text for text in documents), separator, limit)

    assert passage.text == separator.join(documents)[:limit]
    assert all(
        passage.text[start:].startswith(text[:1]) for start, text in zip(passage.starts, documents, strict=False)
    )
    assert len(separator.join(read[:-1])) < limit


def test_training_stops_early_when_validation_gets_worse(store):
    tale = published(store, "sea", {"train": ["the sea, the ship. " * 60], "validation": [prose(150, 2)]})

    run, _ = fit(corpus(steps=600, evaluations=20, patience=2, learning_rate=0.03), tale, store)

    assert run.stopped == "early"
    evaluations = [line["iteration"] for line in metrics(folder(store, run)) if line["validation"]]
    assert run.iterations == evaluations[-1] < 600
    assert run.best["iteration"] == evaluations[-3]
    assert run.checkpoint == f"checkpoints/best-{evaluations[-3]:06d}.safetensors"


def test_a_budget_in_minutes_ends_in_time(store, version):
    said = []

    run, _ = fit(corpus(steps=0, minutes=0.02), version, store, progress=lambda *args: said.append(args))
    said = [args for args in said if args[0] == "train"]

    assert run.stopped == "budget"
    assert run.iterations > 3
    assert 1.2 <= run.clock["seconds"] < 6
    assert said[-1][:3] == ("train", pytest.approx(1.2), pytest.approx(1.2))
    assert " characters/s · " in said[-1][3]
    assert re.search(r" · train \d\.\d\d, validation \d\.\d\d bits per byte$", said[-1][3])


def test_a_clock_that_runs_out_between_two_looks_leaves_the_last_evaluation_to_be_made(store, version):
    def slow(stage, *_):
        time.sleep(0.25 if stage == "train" else 0)

    run, _ = fit(corpus(steps=0, minutes=0.02, evaluations=3, patience=0), version, store, progress=slow)

    assert run.stopped == "budget"
    assert metrics(folder(store, run))[-1]["validation"]


def test_evaluations_do_not_eat_a_budget_in_minutes(store, version):
    run, _ = fit(corpus(steps=0, minutes=0.02, evaluations=10_000, patience=0), version, store)

    lines = metrics(folder(store, run))
    assert len([line for line in lines if line["validation"]]) < run.iterations
    assert lines[-1]["validation"]


def spoil(store: Store, kinds: tuple[str, ...]) -> dict[str, bytes]:
    """Make weights infinite in what a training was stopped with; the files, by path."""
    state = work_folder(store) / "checkpoints" / "state.json"
    saved = json.loads(state.read_bytes())
    left = {}
    for kind in kinds:
        path = work_folder(store) / saved[kind]["path"]
        arrays = weights.read(path, saved[kind]["sha256"])
        arrays["network.head.bias"] = np.full_like(arrays["network.head.bias"], np.inf)
        saved[kind]["sha256"] = weights.write(path, arrays)
        left[path] = path.read_bytes()
    state.write_bytes(json.dumps(saved).encode())
    return left


def stopped_at(iteration: int, store: Store, version) -> None:
    with pytest.raises(Interrupted):
        fit(corpus(), version, store, progress=at(iteration, signalling(signal.SIGINT)))


def test_a_loss_that_is_no_number_goes_back_to_the_last_evaluation_and_on_at_half_the_rate(store, version):
    stopped_at(12, store, version)
    spoil(store, ("last",))

    run, _ = fit(corpus(), version, store)

    (told,) = json.loads((folder(store, run) / "setbacks.json").read_bytes())
    assert (told["iteration"], told["back_to"], told["rate"]) == (13, 8, 0.5)
    assert "loss nan" in told["said"] or "loss inf" in told["said"]
    names = {
        f"{each.id} ({each.title or each.source})"
        for each in shards.documents(store.version_folder(version), version.shards)
    }
    assert told["documents"]
    assert set(told["documents"]) <= names
    lines = metrics(folder(store, run))
    assert [line["iteration"] for line in lines] == list(range(1, 25))
    assert lines[8]["rate"] == pytest.approx(learning_rate_at(8) / 2)
    assert lines[7]["rate"] == pytest.approx(learning_rate_at(7))
    assert run.files["setbacks.json"]


def learning_rate_at(iteration: int) -> float:
    options = checked(corpus())
    return rate(options, 0, Standing(started_at="", iteration=iteration))


def test_a_second_such_loss_ends_the_training_and_names_the_documents(store, version):
    stopped_at(12, store, version)
    left = spoil(store, ("last", "mark"))

    with pytest.raises(
        TrainError, match=r"diverged at iteration 9: loss .* in [0-9a-f]{32} .*lower train\.learning_rate"
    ) as caught:
        fit(corpus(), version, store)

    assert "it had gone back from iteration 13 to 8 and half the rate" in str(caught.value)
    assert "the best weights, of iteration 8, are kept" in str(caught.value)
    assert {path: path.read_bytes() for path in left} == left
    assert (work_folder(store) / "checkpoints" / "best-000008.safetensors").is_file()
    assert store.runs("sea") == []


def spoil_average(store: Store, kinds: tuple[str, ...]) -> None:
    """Make what is evaluated infinite, and leave what is learnt as it was."""
    state = work_folder(store) / "checkpoints" / "state.json"
    saved = json.loads(state.read_bytes())
    for path in {saved[kind]["path"]: kind for kind in kinds}:
        kind = next(kind for kind in kinds if saved[kind]["path"] == path)
        arrays = weights.read(work_folder(store) / path, saved[kind]["sha256"])
        arrays["average.0"] = np.full_like(arrays["average.0"], np.inf)
        digest = weights.write(work_folder(store) / path, arrays)
        for other in saved.values():
            if isinstance(other, dict) and other.get("path") == path:
                other["sha256"] = digest
    state.write_bytes(json.dumps(saved).encode())


def stopped_with_average(store: Store, version) -> None:
    with pytest.raises(Interrupted):
        fit(corpus(averaging=0.99), version, store, progress=at(12, signalling(signal.SIGINT)))


def test_a_validation_loss_that_is_no_number_is_gone_back_from_too(store, version):
    stopped_with_average(store, version)
    spoil_average(store, ("last",))

    run, _ = fit(corpus(averaging=0.99), version, store)

    (told,) = json.loads((folder(store, run) / "setbacks.json").read_bytes())
    assert (told["iteration"], told["back_to"], told["documents"]) == (16, 8, [])
    assert told["said"] == "validation loss nan"
    assert math.isfinite(run.best["nats_per_char"])


def test_a_second_such_validation_loss_ends_the_training(store, version):
    stopped_with_average(store, version)
    spoil_average(store, ("last", "mark"))

    with pytest.raises(TrainError, match=r"diverged at iteration 16: validation loss nan; it had gone back from .* 16"):
        fit(corpus(averaging=0.99), version, store)

    assert store.runs("sea") == []


@pytest.mark.filterwarnings("error")
def test_a_loss_beyond_any_perplexity_is_reported_of(store, version):
    wild = {"learning_rate": 10.0, "spike": 1e6, "clip": 1e6, "initial": "uniform", "initial_range": 10.0, "steps": 9}
    run, _ = fit(corpus(**wild), version, store)

    assert run.best["nats_per_char"] > 20
    assert score(run, store, "the sea", reset=3).perplexity > 1e6


def test_what_simpler_models_reach_on_the_same_text_is_in_every_run(finished):
    store, run = finished
    found = json.loads((folder(store, run) / "baselines.json").read_bytes())

    assert "baselines.json" in run.files
    assert (found["split"], found["characters"], found["reset"]) == (
        "validation", run.best["characters"], run.best["reset"],
    )  # fmt: skip
    assert found["trained"] == found["trained_in_all"] == len("\n\n".join(texts()["train"]))
    assert found["kneser_ney"]["order"] == 20
    assert found["best"]["nats_per_char"] <= found["kneser_ney"]["nats_per_char"]
    assert [one["name"].split()[0] for one in found["compressors"]] == ["zstd", "xz", "PPMd-H"]


@pytest.mark.parametrize("iteration", [1, 2, 5, 12])
def test_a_training_that_went_back_and_was_killed_comes_to_the_same_end(iteration, store, version, tmp_path):
    settings = {
        "spike": 1.2,
        "optimizer": "adamw",
        "pieces": 0,
        "learning_rate": 0.3,
        "warmup": 0.0,
    }  # at half that rate the loss never rises so much
    other = Store(tmp_path / "other")
    straight = published(other, "sea", texts())
    wanted, _ = fit(corpus(**settings), straight, other)
    assert "setbacks.json" in wanted.files
    with pytest.raises(RuntimeError, match="power cut"):
        fit(corpus(**settings), version, store, progress=at(iteration, cut))
    run, _ = fit(corpus(**settings), version, store)
    assert outcome(store, run) == outcome(other, wanted)


def test_documents_are_read_and_scored_as_if_each_were_alone_where_that_is_asked(store):
    short = {"train": [prose(8, n) for n in range(80)], "validation": [prose(8, n) for n in range(100, 115)]}
    version = published(store, "sea", short)
    alone, _ = fit(corpus(boundaries="reset"), version, store)
    carried, _ = fit(corpus(), version, store)
    assert alone.best != carried.best
    found = score(alone, store, split_passage(alone, store, "validation"), reset=int(alone.best["reset"]))
    assert found.boundaries == "reset"
    assert found.nats_per_char == pytest.approx(alone.best["nats_per_char"], abs=1e-6)


@pytest.mark.parametrize("engine", ["torch", "numba"])
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_every_cell_learns_on_every_engine_and_says_which(engine, cell, store, version):
    run, _ = fit(corpus(cell=cell, engine=engine), version, store)
    lines = metrics(folder(store, run))
    assert lines[-1]["nats_per_char"] < lines[0]["nats_per_char"] - 0.1
    assert run.machine["kernel"] == f"{engine} {cell}"


def test_a_training_by_epochs_reads_the_text_so_often(store, version):
    halved = {"schedule": "epochs", "learning_rate": 0.01, "decay": 0.5, "decay_after": 1, "warmup": 0.0}
    said = []

    run, _ = fit(corpus(steps=0, epochs=3.0, **halved), version, store, progress=lambda *args: said.append(args))

    shares = [done / total for stage, done, total, _ in said if stage == "train" and total]
    assert shares == sorted(shares)
    assert (len(set(shares)), shares[-1]) == (run.iterations, 1)
    assert run.stopped == "epochs"
    length = sum(map(len, texts()["train"])) + 2
    assert run.iterations == math.ceil(3.0 * length / 64)
    rates = {line["rate"] for line in metrics(folder(store, run))}
    assert {0.01, 0.005, 0.0025} <= rates <= {0.01, 0.005, 0.0025, 0.00125}


@pytest.mark.parametrize(
    ("texts", "train", "said"),
    [
        ({"train": ["too short"], "validation": ["x"]}, {}, "sea@v1 has 9 characters to train on, and needs 80"),
        ({"train": [], "validation": ["x"]}, {}, "sea@v1 has 0 characters to train on"),
        ({"train": [prose(50)], "validation": []}, {}, "sea@v1 has no validation text"),
        ({"train": [prose(50)], "validation": ["x"]}, {"min_count": 999}, "no character of sea@v1 occurs often enough"),
    ],
    ids=["short", "empty", "no validation", "min_count"],
)
def test_too_little_text_is_said_with_what_is_needed(texts, train, said, store):
    with pytest.raises(TrainError) as caught:
        fit(corpus(**train), published(store, "sea", texts), store)

    assert said in str(caught.value)


def test_a_text_of_one_character_repeated_can_be_learnt(store):
    run, _ = fit(corpus(), published(store, "sea", {"train": ["a" * 500], "validation": ["a"]}), store)

    assert run.vocabulary == 2


def test_characters_that_only_validation_has_are_paid_for(store):
    run, _ = fit(corpus(), published(store, "sea", {"train": ["ab" * 300], "validation": ["é" * 50]}), store)

    assert run.best["bits_per_byte"] > 8


def test_an_unknown_setting_names_file_and_key(store, version):
    with pytest.raises(SpecError, match=r"sea\.toml: unknown key 'train\.hiden': did you mean hidden\?"):
        fit(corpus(hiden=3), version, store)


@pytest.mark.parametrize("name", ["state.json", "last-000012.safetensors"])
def test_a_damaged_checkpoint_is_named(name, store, version):
    with pytest.raises(Interrupted):
        fit(corpus(), version, store, progress=at(12, signalling(signal.SIGTERM)))
    path = work_folder(store) / "checkpoints" / name
    path.write_bytes(path.read_bytes()[:-9])

    with pytest.raises(CorruptError, match=name):
        fit(corpus(), version, store)


def test_two_trainings_of_one_run_do_not_meet(store, version):
    def again():
        with pytest.raises(BusyError, match="another corpusmill is training sea@v1"):
            fit(corpus(), version, store)
        again.tried = True

    fit(corpus(), version, store, progress=at(3, again))

    assert again.tried


def test_a_store_that_cannot_be_written_is_named(store, version):
    (store.corpus("sea") / "runs").write_text("in the way")

    with pytest.raises(StoreError, match="runs"):
        fit(corpus(), version, store)


def test_a_disk_that_fills_while_training_is_named_and_the_training_goes_on_when_there_is_room(tmp_path):
    with needs.disk(tmp_path / "disk", "1m") as folder:
        store = Store(folder / "store")
        made = published(store, "sea", texts())
        ballast = folder / "ballast"
        left = os.statvfs(folder)
        ballast.write_bytes(bytes(left.f_bavail * left.f_frsize - 24_576))

        with pytest.raises(StoreError, match="No space left on device: free some space"):
            fit(corpus(), made, store)
        assert store.runs("sea") == []

        ballast.unlink()
        run, new = fit(corpus(), made, store)

    assert new
    assert run.best["bits_per_byte"] > 0
