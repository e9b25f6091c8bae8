"""How fast a trained network writes: one text, compiled and by numpy, and many side by side, beside torch.nn.LSTM.

    python -m benchmarks sample [--sizes 2x128 2x256 2x512] [--cell lstm] [--characters 20000] [--rounds 5]

The torch loop is the usual one: an embedding, layers, a head, one character at a time in inference mode, the state
carried, numpy's choice from the softmax. Networks are of random weights and 65 characters, since speed does not depend
on what was learnt. Rates are characters per second of the processor, one thread; all kinds take turns and medians are
told. Beside them: how far rounding the weights for sampling moves a loss, where a run is named with --run.
"""

import argparse
import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from corpusmill.errors import UsageError
from corpusmill.store import Store, refs
from model.activations import blocks
from model.load import load
from model.options import TrainOptions
from model.sample import Sampler
from model.sampling.choose import Sampling
from model.sampling.packed import rounded
from model.step import STORED, Prepared
from model.weights import Weights
from preprocess.vocab import Vocabulary

LETTERS = Vocabulary("\n !" + "".join(map(chr, range(65, 126))))
TORCH = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
SIDE_BY_SIDE = 32


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks sample", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", nargs="+", default=["2x128", "2x256", "2x512"], help="layers x units")
    parser.add_argument("--cell", choices=list(TORCH), default="lstm")
    parser.add_argument("--characters", type=int, default=20_000, help="of a compiled text; the others are shorter")
    parser.add_argument("--rounds", type=int, default=5, help="of which the medians are told")
    parser.add_argument("--run", nargs=2, metavar=("STORE", "RUN"), help="what rounding costs this run")
    asked = parser.parse_args(arguments)
    torch.set_num_threads(1)
    for size in asked.sizes:
        if not re.fullmatch(r"\d+x\d+", size):
            raise UsageError(f"{size!r} is no size", "layers x units, e.g. 2x256")
        layers, hidden = map(int, size.split("x"))
        _measure(TrainOptions(cell=asked.cell, layers=layers, hidden=hidden), asked.characters, asked.rounds)
    if asked.run:
        _rounding(Path(asked.run[0]), asked.run[1])


def _measure(options: TrainOptions, characters: int, rounds: int) -> None:
    sampler = Sampler(_weights(options), LETTERS, options)
    torch_written = _torch(sampler)
    short = max(characters // 8, 1)
    kinds: dict[str, tuple[int, Callable[[int], object]]] = {
        f"nn.{options.cell.upper()}": (max(characters // 40, 1), torch_written),
        "numpy": (short, lambda n: list(sampler.stream("A", Sampling(length=n), engine="numpy"))),
        "compiled": (characters, lambda n: list(sampler.stream("A", Sampling(length=n), engine="numba"))),
        "compiled, top-p": (short, lambda n: list(sampler.stream("A", Sampling(length=n, top_p=0.9), engine="numba"))),
        f"{SIDE_BY_SIDE} side by side": (
            characters // SIDE_BY_SIDE * SIDE_BY_SIDE or SIDE_BY_SIDE,
            lambda n: list(sampler.texts("A", Sampling(length=n // SIDE_BY_SIDE), count=SIDE_BY_SIDE)),
        ),
    }
    for _, write in kinds.values():
        write(SIDE_BY_SIDE)  # compiled, warm
    taken: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(rounds):
        for name, (count, write) in kinds.items():
            started = time.process_time()
            write(count)
            taken[name].append((time.process_time() - started) / count)
    base = statistics.median(taken[next(iter(kinds))])
    print(f"{options.layers}x{options.hidden}, characters per CPU second, medians of {rounds}")
    for name, seconds in taken.items():
        median = statistics.median(seconds)
        print(f"  {name:<18} {1 / median:>9,.0f} {base / median:>7.2f} x")


def _weights(options: TrainOptions) -> Weights:
    """Random ones, as large as those that a network starts from."""
    random, gates, size = np.random.default_rng(1), len(STORED[options.cell]), options.hidden
    shapes = {"embedding.weight": (len(LETTERS), options.embedding)}
    for depth in range(options.layers):
        shapes[f"layers.{depth}.weight_ih_l0"] = (gates * size, size if depth else options.embedding)
        shapes[f"layers.{depth}.weight_hh_l0"] = (gates * size, size)
        shapes |= {f"layers.{depth}.bias_{side}_l0": (gates * size, 1) for side in ("ih", "hh")}
    shapes |= {"head.weight": (len(LETTERS), size), "head.bias": (len(LETTERS), 1)}
    drawn = {name: random.standard_normal(shape, np.float32) * shape[1] ** -0.5 for name, shape in shapes.items()}
    return {name: array[:, 0] if "bias" in name else array for name, array in drawn.items()}


def _torch(sampler: Sampler) -> Callable[[int], object]:
    """The usual loop."""
    tensors = {name: torch.from_numpy(array) for name, array in sampler.weights.items()}
    embedding, options = tensors["embedding.weight"], sampler.options
    network = TORCH[options.cell](embedding.shape[1], options.hidden, options.layers)
    stacked = {name: tensors[f"layers.{name[-1]}.{name[:-1]}0"] for name in network.state_dict()}
    network.load_state_dict(stacked)

    @torch.inference_mode()
    def write(count: int) -> str:
        state, known, random, written = None, torch.tensor([1]), np.random.default_rng(0), []
        for _ in range(count):
            outputs, state = network(embedding[known].unsqueeze(0), state)
            chances = torch.softmax(outputs[0, 0] @ tensors["head.weight"].T + tensors["head.bias"], 0).numpy()
            place = min(int(np.searchsorted(chances.cumsum(), random.random())), len(chances) - 1)
            known = torch.tensor([place])
            written.append(place)
        return sampler.vocabulary.decode(np.array(written))

    return write


def _rounding(place: Path, ref: str) -> None:
    """The loss of a run on its validation text, by its weights as they are and as they sample."""
    from model.score import split_text

    store = Store(place)
    run = refs.run(store, ref)
    trained, text = load(run, store), split_text(run, store, "validation")[:30_000]
    exact = Prepared.of(trained.weights, trained.options)
    for name, prepared in (("as they are", exact), ("as they sample", rounded(exact))):
        nats = sum(float(block.nats.sum()) for block in blocks(prepared, trained.options, trained.vocabulary, text))
        print(f"{run.ref}, {len(text):,} characters of validation, weights {name}: {nats / len(text):.5f} nats each")
