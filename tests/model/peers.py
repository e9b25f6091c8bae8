"""Two processes that train together over gloo, as torchrun starts them; each says what it came to in a file.

    python -m tests.model.peers FOLDER

started by `tests/model/test_parallel.py` with the environment that torchrun gives.
"""

import json
import os
import signal
import sys
import threading
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from corpusmill.errors import CorpusmillError, Interrupted
from corpusmill.store import Store
from model import machine, parallel
from model.batches import START, batches
from model.learner import Learner, SpikeError
from model.options import TrainOptions
from model.train import fit
from tests.model.small import corpus

SIZES = {"hidden": 16, "embedding": 8, "batch": 4, "length": 16}
OPTIONS = TrainOptions(**SIZES, dropout=0.0, spike=1.5, averaging=0.9, optimizer="adamw")  # SOAP makes much of rounding
IDS = np.resize(np.array([1, 2, 3, 2, 4, 5, 1, 3], np.uint8), 700)


def read(count: int, share: slice) -> list:
    return [batch for batch, _ in islice(batches(IDS, 4, 16, 1, START, share=share), count)]


def learnt(peers: parallel.Peers) -> dict:
    """A learner's losses, what it says of a spike, and its arrays."""
    share = peers.share(OPTIONS.batch)
    given = read(26, share)
    with machine.seeded(1):
        learner = Learner(OPTIONS, 6, torch.float32, peers=peers)
        losses = [learner.learn(batch, 1e-2) for batch in given[:25]]
    odd, learner._running = given[25], 0.5
    if share.stop == OPTIONS.batch:  # whoever reads the last stream
        odd.targets[:, -1] = 0
    before = learner.network.weights()
    try:
        learner.learn(odd, 1e-2)
        said = {}
    except SpikeError as error:
        same = all(np.array_equal(array, before[name]) for name, array in learner.network.weights().items())
        said = {"said": str(error), "worst": error.worst, "same": same}
    arrays = {name: array.tolist() for name, array in learner.arrays().items()}
    with machine.seeded(99):
        again = Learner(replace(OPTIONS, dropout=0.3, spike=9.0), 6, torch.float32, peers=peers)
        again.restore(learner.arrays())
        stored = {name: array.copy() for name, array in again.arrays().items()}
        first = [again.learn(batch, 1e-2) for batch in given[:3]]
        again.restore(stored)
        repeated = [again.learn(batch, 1e-2) for batch in given[:3]]
    return {"losses": losses, "spike": said, "arrays": arrays, "first": first, "repeated": repeated}


def trained(store: Store, progress=lambda *_args: None, **settings) -> dict:
    """A run, or what became of it."""
    try:
        run, made = fit(corpus(**settings), store.versions("sea")[0], store, progress=progress)
    except CorpusmillError as error:
        return {"error": type(error).__name__, "message": error.message}
    except Interrupted as stopped:
        return {"signal": stopped.signum}
    return {"run": run.id, "made": made, "machine": run.machine, "stopped": run.stopped, "files": run.files}


def told(folder: Path, rank: int) -> dict:
    """What each scenario came to, one after the other in the same two processes."""
    store, other = Store(folder / "store"), Store(folder / "other")

    def thirteenth(_stage, done, total, _note) -> None:
        if total and done == 13:
            os.kill(os.getpid(), signal.SIGTERM)

    found = {"plain": trained(store, dropout=0.0), "again": trained(store, dropout=0.0)}
    found["uneven"] = trained(store, batch=5)
    found["early"] = trained(store, steps=400, evaluations=40, patience=1, learning_rate=0.5)
    found["budget"] = trained(store, steps=0, minutes=0.012)
    found["spike"] = trained(store, spike=1.2, optimizer="adamw", pieces=0, learning_rate=0.3, warmup=0.0)
    found["straight"] = trained(store, seed=3, dropout=0.3)
    found["stopped"] = trained(other, thirteenth, seed=3, dropout=0.3)
    found["resumed"] = trained(other, seed=3, dropout=0.3)
    if rank == 1:
        threading.Timer(0.25, os.kill, (os.getpid(), signal.SIGTERM)).start()
    found["signal"] = trained(store, seed=4, steps=100_000, evaluations=1)
    return found


def main() -> None:
    folder, rank = Path(sys.argv[1]), int(os.environ["RANK"])
    torch.set_num_threads(1)
    with parallel.joined(os.environ) as peers:
        found = {"learnt": learnt(peers), "numbers": peers.highest(rank, -rank), "agreed": peers.agree(rank, int)}
        found |= told(folder, rank)
    (folder / f"{rank}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
