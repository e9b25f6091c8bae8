"""What the default recipe reaches on Shakespeare in three CPU minutes, and how fast it reads. All on one thread.

    python -m benchmarks train [--text FILE|URL] [--steps N] [--seeds 1 2 3] [--set hidden=128 …]

Two tables. The first trains by ``model.train.fit`` on the first 90 % of the characters (the split legacy:nanogpt) and
scores the rest whole, the hidden state zeroed every 256 characters and carried; the goal is 1.52 nats per character
within 180 CPU seconds. A row ends with the run's id and the digest of its best weights. The second times training
against a plain loop, nn.LSTM on one-hot input, step by step in turn. CPU seconds are the process's, so that other work
on the machine hardly shows.
"""

import argparse
import os
import statistics
import tempfile
import time
import tomllib
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from benchmarks.material import version
from corpusmill import spec
from corpusmill.http import Client, Network
from corpusmill.store import Store
from corpusmill.types import Corpus
from model import machine
from model.batches import START, Batch, batches
from model.learner import Learner
from model.options import TrainOptions
from model.score import score, split_passage
from model.train import fit
from preprocess.vocab import Vocabulary

SHAKESPEARE = "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"
GOAL_NATS, GOAL_SECONDS = 1.52, 180.0


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks train", description=__doc__.partition("\n")[0])
    parser.add_argument("--text", default=SHAKESPEARE, help="a UTF-8 file, or an address (CORPUSMILL_MIRROR is heeded)")
    parser.add_argument("--steps", type=int, default=1300, help="iterations of each training (default 1300)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1], help="one training for each (default 1)")
    parser.add_argument("--rounds", type=int, default=30, help="timed steps of each loop (default 30)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of [train]")
    asked = parser.parse_args(arguments)
    text = _read(asked.text)
    settings = {"threads": 1, "steps": asked.steps, **tomllib.loads("\n".join(asked.set))}
    quality(text, settings, asked.seeds)
    speed(text, settings, asked.rounds)


def quality(text: str, settings: dict[str, Any], seeds: list[int]) -> None:
    """Print the loss that each seed reaches, and in how many CPU seconds."""
    cut = int(len(text) * 0.9)
    print(f"loss on the last {len(text) - cut:,} of {len(text):,} characters (legacy:nanogpt), in nats per character")
    heads = f"{'seed':>4} {'steps':>6} {'CPU s':>6} {'of 180':>6} {'reset 256':>9} {'of 1.52':>7} {'carried':>8}"
    print(f"{heads}  run, best weights")
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        made = version(store, "benchmark", {"train": [text[:cut]], "validation": [text[cut:]]})
        for seed in seeds:
            run, _ = fit(_corpus({**settings, "seed": seed}), made, store)
            held_out = split_passage(run, store, "validation")
            nats, carried = (score(run, store, held_out, reset=reset).nats_per_char for reset in (256, 0))
            seconds = run.clock["cpu_seconds"]
            print(f"{seed:>4} {run.iterations:>6} {seconds:>6.0f} {seconds / GOAL_SECONDS:>6.2f}", end=" ")
            print(f"{nats:>9.4f} {nats / GOAL_NATS:>7.3f} {carried:>8.4f}", end="")
            print(f"  {run.id} {run.files[run.checkpoint]}", flush=True)


def speed(text: str, settings: dict[str, Any], rounds: int) -> None:
    """Print characters per CPU second of this project's step and of a plain one, taken in turn."""
    options = spec.options(TrainOptions, settings, "--set")
    vocabulary = Vocabulary.build(text)
    stream = batches(vocabulary.encode(text), options.batch, options.length, options.seed, START)
    with machine.threads(1), machine.seeded(options.seed):
        loops: dict[str, Learner | Plain] = {
            "corpusmill": Learner(options, len(vocabulary)),
            "one-hot nn.LSTM": Plain(options, len(vocabulary)),
        }
        taken: dict[str, list[float]] = {name: [] for name in loops}
        for batch, _ in islice(stream, rounds):
            for name, loop in loops.items():
                started = time.process_time()
                loop.learn(batch, options.learning_rate)
                taken[name].append(time.process_time() - started)
    size = f"{options.layers} x {options.hidden}, batch {options.batch} x {options.length}"
    print(f"\ntraining {size}, median of {rounds} steps")
    rates = {name: options.batch * options.length / statistics.median(times) for name, times in taken.items()}
    for name, rate in rates.items():
        print(f"{name:16} {rate:>10,.0f} characters per CPU second {rate / rates['one-hot nn.LSTM']:>6.2f} x")


class Plain:
    """A char-rnn as tutorials have it: one-hot input, one stacked nn.LSTM with dropout, torch's default AdamW."""

    def __init__(self, options: TrainOptions, vocabulary: int) -> None:
        """The same sizes as the options'."""
        self.vocabulary, self.clip = vocabulary, options.clip
        self.lstm = nn.LSTM(vocabulary, options.hidden, options.layers, dropout=options.dropout)
        self.head = nn.Linear(options.hidden, vocabulary)
        self.parameters = [*self.lstm.parameters(), *self.head.parameters()]
        self.optimizer = torch.optim.AdamW(self.parameters, betas=options.betas, weight_decay=options.weight_decay)
        self.state: tuple[torch.Tensor, torch.Tensor] | None = None

    def learn(self, batch: Batch, rate: float) -> float:
        """One step; the loss before it in nats per character."""
        inputs = functional.one_hot(torch.from_numpy(batch.inputs), self.vocabulary).float()
        outputs, (hidden, cell) = self.lstm(inputs, self.state)
        logits = self.head(outputs).flatten(0, 1)
        loss = functional.cross_entropy(logits, torch.from_numpy(batch.targets).flatten())
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.parameters, self.clip)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        self.state = hidden.detach(), cell.detach()
        return loss.item()


def _corpus(train: dict[str, Any]) -> Corpus:
    return Corpus(
        name="benchmark",
        title="A text to measure on",
        licence="LicenseRef-unknown",
        source={},
        parse={},
        train=train,
        declared_in="--set",
    )


def _read(where: str) -> str:
    if "://" in where:
        return Client(Network.of(os.environ)).get(where).read().decode()
    return Path(where).read_text(encoding="utf-8")
