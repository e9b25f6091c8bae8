"""How well a model predicts a text: nats per character, bits per byte, perplexity.

    score(run, store, "To be, or not to be", reset=0)
    score(run, store, split_passage(run, store, "validation"), split="validation", reset=256)

The text is read in order. Its first character is predicted from a zero state that has read nothing; each later one from
all characters before it, or with `reset` N from the last 1 to N of them: the state is zeroed before reading characters
0, N, 2N …, so every prediction but the first has at least the character before (as with a transformer of context N).
A character that the vocabulary lacks costs what the model asks for "unknown" plus 8 bits for each of its UTF-8 bytes,
so the sum is the length of a lossless code for the text.

A model of bytes or words reads these one by one, and `reset` counts them; the sum is told
per character and per byte of the text whatever the unit, so scores compare.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from corpusmill.errors import UnknownNameError, UsageError
from corpusmill.store import Store, refs, shards
from corpusmill.types import Run, Split
from model import machine
from model.load import Trained, load
from model.network import Network, from_weights
from model.passage import Passage, joined
from preprocess.vocab import Ids, Tokens, Unit

STREAMS = 64  # stretches between two resets that are read side by side
ROWS = 4096  # characters in one window of all streams: bounds the logits held at a time

Nats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How well a text is predicted; `split` names it.

    `reset` says after how many tokens, of which `unit` says what they are, the state was zeroed (0 = never).
    """

    nats_per_char: float
    bits_per_byte: float
    perplexity: float  # per character
    split: str
    reset: int
    characters: int
    unit: Unit = "character"
    tokens: int = 0  # in the text: as many as characters, or bytes, or words
    boundaries: str = "carry"  # "reset" where the state was zeroed at each document too, as in the model's training


def score(run: Run, store: Store, text: str | Passage, *, split: str = "", reset: int = 0) -> Score:
    """Score a text with a run's best weights. Raises UsageError for an empty text, CorruptError."""
    trained = load(run, store)
    with machine.threads():
        return measure(
            from_weights(trained.weights, trained.options), trained.vocabulary, text, split=split, reset=reset
        )


def each(run: Run, store: Store, text: str | Passage, *, reset: int = 0) -> Iterator[tuple[str, float]]:
    """Every character of a text with what it cost, in nats, in order; what a word cost, in equal parts."""
    trained, passage = load(run, store), _passage(text)
    costs = _token_costs(trained, passage, reset)
    spread = per_character(costs, trained.vocabulary.starts(passage.text), len(passage.text))
    yield from zip(passage.text, spread.tolist(), strict=True)


def each_token(run: Run, store: Store, text: str | Passage, *, reset: int = 0) -> Iterator[tuple[str, float]]:
    """Every token of a text, in writing, with what it cost, in nats, in order."""
    trained, passage = load(run, store), _passage(text)
    costs = _token_costs(trained, passage, reset)
    yield from zip(trained.vocabulary.tokens(passage.text), costs.tolist(), strict=True)


def per_character(costs: NDArray[np.float64], starts: NDArray[np.int64], characters: int) -> NDArray[np.float64]:
    """Costs of tokens [n] as costs of characters: those of a character's bytes together, a word's in equal parts."""
    sums, firsts = np.bincount(starts, costs, characters), np.unique(starts)
    widths = np.diff(firsts, append=characters)
    return np.repeat(sums[firsts] / widths, widths)


def _token_costs(trained: Trained, passage: Passage, reset: int) -> NDArray[np.float64]:
    with machine.threads():
        return _costs(from_weights(trained.weights, trained.options), trained.vocabulary, passage, reset)


def split_passage(run: Run, store: Store, split: Split) -> Passage:
    """A split as the run saw it: its documents in order, the separator between.

    Raises UnknownNameError when the version is gone or has no such split.
    """
    version = refs.learnt_from(store, run)
    if not any(shard.split == split and shard.rows for shard in version.shards):
        there = ", ".join(dict.fromkeys(shard.split for shard in version.shards if shard.rows))
        raise UnknownNameError(f"{version.ref} has no split {split!r}", f"it has {there}")
    separator = load(run, store).options.separator
    return joined(shards.texts(store.version_folder(version), version.shards, split), separator)


def split_text(run: Run, store: Store, split: Split) -> str:
    """The text of a split, as `split_passage` has it."""
    return split_passage(run, store, split).text


def measure(network: Network, vocabulary: Tokens, text: str | Passage, *, split: str = "", reset: int = 0) -> Score:
    """Score a text with a network. Raises UsageError for an empty text."""
    passage = _passage(text)
    costs = _costs(network, vocabulary, passage, reset)
    total = float(costs.sum())
    return Score(
        nats_per_char=total / len(passage.text),
        bits_per_byte=total / math.log(2) / len(passage.text.encode("utf-8", "surrogatepass")),
        perplexity=math.exp(total / len(passage.text)),
        split=split,
        reset=reset,
        characters=len(passage.text),
        unit=vocabulary.unit,
        tokens=len(costs),
        boundaries=network.options.boundaries,
    )


@torch.no_grad()
def character_nats(network: Network, ids: Ids, reset: int = 0, fresh: NDArray[np.bool_] | None = None) -> Nats:
    """-ln p of every id given those before it, [n]; in float32, whatever training computed in.

    `fresh` [n], where given, is true at ids before which nothing is remembered.
    """
    stretch = reset or max(len(ids) - 1, 1)
    nats = np.zeros(len(ids), np.float32)
    logits = network.head(network.start(1)[0][-1])  # what a zero state predicts
    nats[:1] = functional.cross_entropy(logits, _tensor(ids[:1])).numpy()
    for start in range(0, len(ids) - 1, STREAMS * stretch):
        part = ids[start : start + STREAMS * stretch + 1]
        zeroed = None if fresh is None else fresh[start : start + len(part) - 1]
        nats[start + 1 : start + len(part)] = _stretches(network, part, stretch, zeroed)
    return nats


def _stretches(network: Network, ids: Ids, stretch: int, fresh: NDArray[np.bool_] | None) -> Nats:
    """Predict all ids but the first, [n - 1], the state zeroed every `stretch`; the stretches lie side by side."""
    count = len(ids) - 1
    streams = math.ceil(count / stretch)

    def columns(values: NDArray[Any]) -> Tensor:  # [count] -> [stretch, streams]
        return torch.from_numpy(np.pad(values, (0, streams * stretch - count)).reshape(streams, stretch).T)

    inputs, targets = columns(ids[:-1].astype(np.int64)), columns(ids[1:].astype(np.int64))
    zeroed = None if fresh is None else columns(fresh)
    state, found, rows = network.start(streams), [], max(ROWS // streams, 1)
    for first in range(0, stretch, rows):
        window = slice(first, first + rows)
        logits, state = network(inputs[window].contiguous(), state, None if zeroed is None else zeroed[window])
        found.append(functional.cross_entropy(logits.movedim(2, 1), targets[window], reduction="none"))
    return torch.cat(found).T.reshape(-1)[:count].numpy()


def _costs(network: Network, vocabulary: Tokens, passage: Passage, reset: int) -> NDArray[np.float64]:
    """What every token costs in nats, [n], the unknown ones spelt out at 8 bits, each ln 2 nats, a byte."""
    if not passage.text:
        raise UsageError("there is nothing to score: the text is empty", "give a text of at least one character")
    options = network.options
    fresh = _fresh(passage, vocabulary, options.separator) if options.boundaries == "reset" else None
    nats = character_nats(network, vocabulary.encode(passage.text), reset, fresh)
    return nats + vocabulary.unknown_bytes(passage.text) * (8 * math.log(2))


def _fresh(passage: Passage, vocabulary: Tokens, separator: str) -> NDArray[np.bool_]:
    """The tokens before which nothing is remembered: those with which a document's separator begins."""
    starts = vocabulary.starts(passage.text)
    mask = np.zeros(len(starts), np.bool_)
    places = np.searchsorted(starts, np.flatnonzero(passage.fresh(separator)))
    mask[places[places < len(starts)]] = True
    return mask


def _passage(text: str | Passage) -> Passage:
    return text if isinstance(text, Passage) else Passage(text)


def _tensor(ids: Ids) -> Tensor:
    return torch.from_numpy(ids.astype(np.int64))
