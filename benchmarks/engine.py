"""How fast the engines train: characters a second beside nn.LSTM on one-hot input, and of the processor's best product.

    python -m benchmarks engine [--rounds N] [--sizes 2x128b50s50 …] [--cell lstm|gru|rnn] [--threads N]

Each round takes one step of every loop in turn, on one text of random characters. One thread: CPU seconds of the
process, medians. Several threads: seconds on the wall, since waiting for one another is what they may waste, and the
numba engine on one thread beside them. The share of the product counts 6 (4 H² (2L - 1) + H V) operations a character,
which a one-hot product gives no credit for, over what a square product of 1,024 reaches in the same run.
"""

import argparse
import re
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from benchmarks.train import Plain
from model import machine
from model.batches import Batch
from model.learner import Learner
from model.options import Engine, TrainOptions

SIZES = ("2x128b50s50", "2x256b128s100", "2x512b128s100")
GOALS = {"2x128b50s50": 1.9, "2x256b128s100": 2.3, "2x512b128s100": 2.0}
VOCABULARY = 65  # of tiny Shakespeare
ONE_THREAD = "numba, 1 thread"
GATES = {"lstm": 4, "gru": 3, "rnn": 1}


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks engine", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=11, help="steps of each loop (default 11)")
    parser.add_argument("--sizes", nargs="+", default=SIZES, metavar="LxHbBsT", help=f"default {' '.join(SIZES)}")
    parser.add_argument("--cell", default="lstm", choices=GATES, help="default lstm; the plain loop is an LSTM always")
    parser.add_argument("--threads", type=int, default=1, help="torch's threads (default 1)")
    asked = parser.parse_args(arguments)
    precision = machine.precision()
    clock = time.process_time if asked.threads == 1 else time.perf_counter
    with machine.threads(asked.threads), machine.seeded(1):
        peak = product(precision, clock)
        print(f"{asked.threads} thread(s), {precision}: a product of 1,024 x 1,024 x 1,024 at {peak / 1e9:.0f} GF/s")
        print(f"{'size':16} {'loop':16} {'characters/s':>12} {'of nn.LSTM':>10} {'of the product':>14}")
        for size in asked.sizes:
            show(size, asked.cell, speeds(size, asked.cell, asked.rounds, asked.threads, clock), peak)


def speeds(size: str, cell: str, rounds: int, threads: int, clock: Callable[[], float]) -> dict[str, float]:
    """Characters a second of each loop."""
    layers, hidden, batch, length = _numbers(size)
    sizes = {"layers": layers, "hidden": hidden, "batch": batch, "length": length, "embedding": 64}
    options = TrainOptions(cell=cell, dropout=0.0, **sizes)  # type: ignore[arg-type]
    loops: dict[str, Learner | Plain] = {
        "one-hot nn.LSTM": Plain(options, VOCABULARY),
        **{engine: Learner(_with(options, engine), VOCABULARY) for engine in ("torch", "numba")},
    }
    if threads > 1:
        loops[ONE_THREAD] = Learner(_with(options, "numba"), VOCABULARY)
    ids = np.random.default_rng(1).integers(1, VOCABULARY, (rounds + 2, length + 1, batch))
    taken: dict[str, list[float]] = {name: [] for name in loops}
    for step, text in enumerate(ids):
        window = Batch(text[:-1].copy(), text[1:].copy(), first=step == 0, places=np.zeros(batch, np.int64))
        for name, loop in loops.items():
            if isinstance(loop, Learner):  # its threads are its own, in each of which torch has one
                torch.set_num_threads(1)
                loop.threads = 1 if name == ONE_THREAD else threads
            else:
                torch.set_num_threads(threads)
            started = clock()
            loop.learn(window, 1e-3)
            taken[name].append(clock() - started)
    return {name: batch * length / statistics.median(times[2:]) for name, times in taken.items()}


def show(size: str, cell: str, found: dict[str, float], peak: float) -> None:
    """Print a size's rows."""
    layers, hidden, *_ = _numbers(size)
    operations = 6 * (GATES[cell] * hidden**2 * (2 * layers - 1) + hidden * VOCABULARY)
    for name, speed in found.items():
        ratio = speed / found["one-hot nn.LSTM"]
        share = f"{speed * operations / peak:14.0%}" if cell == "lstm" or name != "one-hot nn.LSTM" else f"{'':14}"
        goal = f"  (goal {GOALS[size]} with bfloat16)" if name == "numba" and cell == "lstm" and size in GOALS else ""
        print(f"{size:16} {name:16} {speed:12,.0f} {ratio:10.2f} {share}{goal}", flush=True)


def product(precision: torch.dtype, clock: Callable[[], float]) -> float:
    """Operations a second of the best of several products."""
    one, other = (torch.randn(1024, 1024).to(precision) for _ in range(2))
    times = []
    for _ in range(12):
        started = clock()
        torch.mm(one, other)
        times.append(clock() - started)
    return 2 * 1024**3 / min(times)


def _with(options: TrainOptions, engine: Engine) -> TrainOptions:
    return replace(options, engine=engine)


def _numbers(size: str) -> tuple[int, int, int, int]:
    layers, hidden, batch, length = map(int, re.findall(r"\d+", size))
    return layers, hidden, batch, length
