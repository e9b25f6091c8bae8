"""How well a model predicts a text: nats per character, bits per byte, perplexity.

    score(run, store, "To be, or not to be", reset=0)
    score(run, store, split_text(run, store, "validation"), split="validation", reset=256)

The text is read in order. Its first character is predicted from a zero state that has read nothing; each later one from
all characters before it, or with `reset` N from the last 1 to N of them: the state is zeroed before reading characters
0, N, 2N …, so every prediction but the first has at least the character before (as with a transformer of context N).
A character that the vocabulary lacks costs what the model asks for "unknown" plus 8 bits for each of its UTF-8 bytes,
so the sum is the length of a lossless code for the text.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from corpusmill.errors import UnknownNameError, UsageError
from corpusmill.store import Store, refs, shards
from corpusmill.types import Run, Split
from model import machine
from model.load import load
from model.lstm import CharLSTM, from_weights
from preprocess.vocab import Ids, Vocabulary

STREAMS = 64  # stretches between two resets that are read side by side
ROWS = 4096  # characters in one window of all streams: bounds the logits held at a time

Nats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How well a text is predicted; `split` names it, `reset` says how often the state was zeroed (0 = never)."""

    nats_per_char: float
    bits_per_byte: float
    perplexity: float  # per character
    split: str
    reset: int
    characters: int


def score(run: Run, store: Store, text: str, *, split: str = "", reset: int = 0) -> Score:
    """Score a text with a run's best weights. Raises UsageError for an empty text, CorruptError."""
    trained = load(run, store)
    with machine.threads():
        return measure(from_weights(trained.weights), trained.vocabulary, text, split=split, reset=reset)


def each(run: Run, store: Store, text: str, *, reset: int = 0) -> Iterator[tuple[str, float]]:
    """Every character of a text with what it cost, in nats, in order."""
    trained = load(run, store)
    with machine.threads():
        costs = _costs(from_weights(trained.weights), trained.vocabulary, text, reset)
    yield from zip(text, costs.tolist(), strict=True)


def split_text(run: Run, store: Store, split: Split) -> str:
    """The text of a split as the run saw it: its documents in order, the separator between.

    Raises UnknownNameError when the version is gone or has no such split.
    """
    version = refs.learnt_from(store, run)
    if not any(shard.split == split and shard.rows for shard in version.shards):
        there = ", ".join(dict.fromkeys(shard.split for shard in version.shards if shard.rows))
        raise UnknownNameError(f"{version.ref} has no split {split!r}", f"it has {there}")
    separator = load(run, store).separator
    return separator.join(shards.texts(store.version_folder(version), version.shards, split))


def measure(network: CharLSTM, vocabulary: Vocabulary, text: str, *, split: str = "", reset: int = 0) -> Score:
    """Score a text with a network. Raises UsageError for an empty text."""
    total = float(_costs(network, vocabulary, text, reset).sum())
    return Score(
        nats_per_char=total / len(text),
        bits_per_byte=total / math.log(2) / len(text.encode("utf-8", "surrogatepass")),
        perplexity=math.exp(total / len(text)),
        split=split,
        reset=reset,
        characters=len(text),
    )


@torch.no_grad()
def character_nats(network: CharLSTM, ids: Ids, reset: int = 0) -> Nats:
    """-ln p of every id given those before it, [n]; in float32, whatever training computed in."""
    stretch = reset or max(len(ids) - 1, 1)
    nats = np.zeros(len(ids), np.float32)
    logits = network.head(network.start(1)[0][-1])  # what a zero state predicts
    nats[:1] = functional.cross_entropy(logits, _tensor(ids[:1])).numpy()
    for start in range(0, len(ids) - 1, STREAMS * stretch):
        part = ids[start : start + STREAMS * stretch + 1]
        nats[start + 1 : start + len(part)] = _stretches(network, part, stretch)
    return nats


def _stretches(network: CharLSTM, ids: Ids, stretch: int) -> Nats:
    """Predict all ids but the first, [n - 1], the state zeroed every `stretch`; the stretches lie side by side."""
    count = len(ids) - 1
    streams = math.ceil(count / stretch)
    padded = np.pad(ids, (0, streams * stretch + 1 - len(ids)))
    inputs, targets = (_tensor(part.reshape(streams, stretch)).T for part in (padded[:-1], padded[1:]))  # [stretch, B]
    state, found = network.start(streams), []
    for window, answers in zip(
        *(torch.split(part, max(ROWS // streams, 1)) for part in (inputs, targets)), strict=True
    ):
        logits, state = network(window.contiguous(), state)  # [T, B, V]
        found.append(functional.cross_entropy(logits.movedim(2, 1), answers, reduction="none"))
    return torch.cat(found).T.reshape(-1)[:count].numpy()


def _costs(network: CharLSTM, vocabulary: Vocabulary, text: str, reset: int) -> NDArray[np.float64]:
    """What every character costs in nats, [n], the unknown ones spelt out at 8 bits, each ln 2 nats, a byte."""
    if not text:
        raise UsageError("there is nothing to score: the text is empty", "give a text of at least one character")
    nats = character_nats(network, vocabulary.encode(text), reset)
    return nats + vocabulary.unknown_bytes(text) * (8 * math.log(2))


def _tensor(ids: Ids) -> Tensor:
    return torch.from_numpy(ids.astype(np.int64))
