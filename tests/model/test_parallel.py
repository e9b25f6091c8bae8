import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.material import version as published
from corpusmill.errors import TrainError
from corpusmill.store import Store
from model import parallel
from model.train import fit
from tests.model import peers
from tests.model.small import corpus, texts

ROOT = Path(__file__).parents[2]


def environment(rank: int, port: int) -> dict[str, str]:
    """What torchrun gives to a process."""
    given = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": 2, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    return {**os.environ, **{name: str(value) for name, value in given.items()}}


def side_by_side(*arguments: str) -> list[subprocess.CompletedProcess]:
    """Both processes of a pair, ended."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command, pipe = [sys.executable, *arguments], subprocess.PIPE
    both = [
        subprocess.Popen(command, env=environment(rank, port), cwd=ROOT, stdout=pipe, stderr=pipe, text=True)
        for rank in range(2)
    ]
    said = [process.communicate(timeout=120) for process in both]
    return [
        subprocess.CompletedProcess(command, process.returncode, *those)
        for process, those in zip(both, said, strict=True)
    ]


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """What two processes came to, and the folder with their stores."""
    folder = tmp_path_factory.mktemp("pair")
    for name in ("store", "other"):
        published(Store(folder / name), "sea", texts())
    for done in side_by_side("-m", "tests.model.peers", str(folder)):
        assert done.returncode == 0, done.stderr
    return [json.loads((folder / f"{rank}.json").read_bytes()) for rank in range(2)], folder


def losses(store: Store, run: str) -> list[float]:
    lines = (store.run_folder("sea", run) / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line)["nats_per_char"] for line in lines]


def test_two_processes_learn_what_one_learns_up_to_rounding(pair):
    one, found = peers.learnt(parallel.ALONE), pair[0][0]["learnt"]

    assert found["losses"] == pytest.approx(one["losses"], abs=1e-5)
    for name in one["arrays"]:
        if not name.startswith("random"):
            assert np.allclose(found["arrays"][name], one["arrays"][name], atol=1e-4), name


def test_all_processes_have_the_same_weights_to_the_last_bit_and_dropout_of_their_own(pair):
    first, second = (each["learnt"] for each in pair[0])

    assert second == first
    assert first["arrays"]["random"] != first["arrays"]["random.1"]
    assert first["first"] == first["repeated"]


def test_a_spike_on_one_process_is_one_on_all_and_names_the_stream_wherever_it_is_read(pair):
    assert all(found["learnt"]["spike"]["same"] for found in pair[0])
    assert [found["learnt"]["spike"]["worst"] for found in pair[0]] == [3, 3]


def test_what_the_first_says_all_have_and_the_highest_is_of_all(pair):
    assert [(found["agreed"], found["numbers"]) for found in pair[0]] == [(0, [1.0, 0.0])] * 2


def test_two_processes_train_one_run_with_the_losses_of_one_and_the_first_writes_it(pair, store):
    (first, second), folder = pair
    alone, _ = fit(corpus(dropout=0.0), published(store, "sea", texts()), store)
    both = Store(folder / "store")

    assert first["plain"] == second["plain"]
    assert first["plain"]["run"] == alone.id
    assert first["plain"]["machine"] == {**alone.machine, "processes": "2"}
    near = 1e-4 if alone.machine["dtype"] == "float32" else 0.02
    assert losses(both, alone.id) == pytest.approx(losses(store, alone.id), abs=near)
    assert not list((both.corpus("sea") / "runs").glob(f".{alone.id}*"))


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("again", {"made": False}),
        ("uneven", {"error": "UsageError", "message": "2 processes cannot share 5 streams evenly"}),
        ("early", {"stopped": "early"}),
        ("budget", {"stopped": "budget"}),
        ("spike", {"stopped": "steps"}),
        ("stopped", {"signal": 15}),
        ("signal", {"signal": 15}),
    ],
)
def test_what_ends_one_ends_all(name, wanted, pair):
    for found in pair[0]:
        assert wanted.items() <= found[name].items()


def test_a_setback_of_all_is_written_once(pair):
    (found, _), folder = pair
    (told,) = json.loads(
        (Store(folder / "store").run_folder("sea", found["spike"]["run"]) / "setbacks.json").read_bytes()
    )

    assert told["rate"] == 0.5
    assert told["documents"]


def test_a_training_of_two_that_was_stopped_goes_on_to_the_same_run(pair):
    (found, _), _ = pair

    assert found["resumed"]["files"] == found["straight"]["files"]


def test_the_command_is_told_by_the_first_process_alone(tmp_path):
    published(Store(tmp_path), "shakespeare", texts())
    settings = ["hidden=8", "embedding=4", "batch=4", "length=8", "steps=4", "evaluations=1", "samples.length=5"]
    sets = [part for setting in settings for part in ("--set", f"train.{setting}")]

    first, second = side_by_side("-m", "corpusmill", "train", "shakespeare", "--store", str(tmp_path), *sets)

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert first.stdout.startswith("shakespeare/runs/")
    assert "train    100 %" in first.stderr
    assert (second.stdout, second.stderr) == ("", "")


def test_one_process_imports_nothing_of_torch_to_be_alone():
    script = (
        "import sys\nfrom model import parallel\n"
        "with parallel.joined({}) as peers: assert (peers.rank, peers.world, peers.share(6)) == (0, 1, slice(0, 6))\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)


def test_processes_that_do_not_find_one_another_are_told():
    with pytest.raises(TrainError, match="do not find one another"), parallel.joined({"RANK": "0", "WORLD_SIZE": "2"}):
        pass
