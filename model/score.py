"""How well a model predicts a text: nats per character, bits per byte, perplexity.

    score(run, store, "To be, or not to be", reset=0)
    score(run, store, split_passage(run, store, "validation"), split="validation", reset=256)
    score(run, store, text, dynamic=settings("rms"))            # the weights go on learning: model.dynamic

The text is read in order. Its first character is predicted from a zero state that has read nothing; each later one from
all characters before it, or with `reset` N from the last 1 to N of them: the state is zeroed before reading characters
0, N, 2N …, so every prediction but the first has at least the character before (as with a transformer of context N).
A character that the vocabulary lacks costs what the model asks for "unknown" plus 8 bits for each of its UTF-8 bytes,
so the sum is the length of a lossless code for the text.

A model of bytes or words reads these one by one, and `reset` counts them; the sum is told per character and per byte of
the text whatever the unit, so scores compare.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpusmill.errors import UnknownNameError, UsageError
from corpusmill.store import Store, refs, shards
from corpusmill.types import Progress, Run, Split, silent
from model import dynamic as adapting
from model import machine
from model.costs import Tick, character_nats
from model.dynamic import Dynamic
from model.load import Trained, load
from model.network import Network, from_weights
from model.options import TrainOptions
from model.passage import Passage, joined, resets
from preprocess.ids import encoded
from preprocess.vocab import Ids, Tokens, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How well a text is predicted; `split` names it.

    `reset` says after how many tokens, of which `unit` says what they are, the state was zeroed (0 = never).
    """

    nats_per_char: float
    bits_per_byte: float
    perplexity: float  # per character; infinite where it is no float64 any more, from 710 nats on
    split: str
    reset: int
    characters: int
    unit: Unit = "character"
    tokens: int = 0  # in the text: as many as characters, or bytes, or words
    unknown: int = 0  # of these, that the vocabulary lacks
    boundaries: str = "carry"  # "reset" where the state was zeroed at each document too, as in the model's training
    dynamic: Dynamic | None = None  # how the weights went on learning, or None: they stayed as they were


def score(
    run: Run,
    store: Store,
    text: str | Passage,
    *,
    split: str = "",
    reset: int = 0,
    dynamic: Dynamic | None = None,
    progress: Progress = silent,
) -> Score:
    """Score a text with a run's best weights.

    Raises UsageError for an empty text and for a dynamic evaluation that diverges, UnknownNameError where that needs
    the training text and the version is gone, CorruptError.
    """
    passage, trained = _passage(text), load(run, store)
    costs = _found(run, store, trained, passage, reset, dynamic, progress)
    return _summed(costs, passage, trained.vocabulary, split, reset, trained.options.boundaries, dynamic)


def each(
    run: Run,
    store: Store,
    text: str | Passage,
    *,
    reset: int = 0,
    dynamic: Dynamic | None = None,
    progress: Progress = silent,
) -> Iterator[tuple[str, float]]:
    """Every character of a text with what it cost, in nats, in order; what a word cost, in equal parts.

    Raises as `score` does.
    """
    trained, passage = load(run, store), _passage(text)
    costs = _found(run, store, trained, passage, reset, dynamic, progress)
    spread = per_character(costs, trained.vocabulary.starts(passage.text), len(passage.text))
    yield from zip(passage.text, spread.tolist(), strict=True)


def each_token(
    run: Run,
    store: Store,
    text: str | Passage,
    *,
    reset: int = 0,
    dynamic: Dynamic | None = None,
    progress: Progress = silent,
) -> Iterator[tuple[str, float]]:
    """Every token of a text, in writing, with what it cost, in nats, in order. Raises as `score` does."""
    trained, passage = load(run, store), _passage(text)
    costs = _found(run, store, trained, passage, reset, dynamic, progress)
    yield from zip(trained.vocabulary.tokens(passage.text), costs.tolist(), strict=True)


def per_character(costs: NDArray[np.float64], starts: NDArray[np.int64], characters: int) -> NDArray[np.float64]:
    """Costs of tokens [n] as costs of characters: those of a character's bytes together, a word's in equal parts."""
    sums, firsts = np.bincount(starts, costs, characters), np.unique(starts)
    widths = np.diff(firsts, append=characters)
    return np.repeat(sums[firsts] / widths, widths)


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


def measure(
    network: Network,
    vocabulary: Tokens,
    text: str | Passage,
    *,
    split: str = "",
    reset: int = 0,
    tick: Tick = lambda _: None,
) -> Score:
    """Score a text with a network. Raises UsageError for an empty text, and what `tick` raises."""
    passage = _passage(text)
    fresh, ids = _fresh(passage, vocabulary, network.options), _ids(passage, vocabulary)
    costs = character_nats(network, ids, reset, fresh, tick) + _spelt(passage, vocabulary)
    return _summed(costs, passage, vocabulary, split, reset, network.options.boundaries, None)


def _found(
    run: Run,
    store: Store,
    trained: Trained,
    passage: Passage,
    reset: int,
    dynamic: Dynamic | None,
    progress: Progress,
) -> NDArray[np.float64]:
    """What every token costs in nats, [n], the unknown ones spelt out at 8 bits, each ln 2 nats, a byte."""
    ids, fresh = _ids(passage, trained.vocabulary), _fresh(passage, trained.vocabulary, trained.options)
    unit = trained.vocabulary.unit

    def tick(done: int) -> None:
        progress("score", done, len(ids), f"{done:,} of {len(ids):,} {unit}s")

    with machine.threads(1 if dynamic else 0):  # one stream is too little for two
        network = from_weights(trained.weights, trained.options)
        if dynamic:
            known = adapting.gathered(network, dynamic, lambda: _learnt(run, store, trained), progress)
            nats = adapting.character_nats(network, ids, dynamic, known, adapting.zeroed(len(ids), reset, fresh), tick)
        else:
            nats = character_nats(network, ids, reset, fresh, tick)
    tick(len(ids))
    costs: NDArray[np.float64] = _spelt(passage, trained.vocabulary) + nats
    return costs


def _learnt(run: Run, store: Store, trained: Trained) -> tuple[Ids, NDArray[np.bool_]]:
    """The ids that a run learnt from, and where it forgot what was before. Raises UnknownNameError, CorruptError."""
    version, options = refs.learnt_from(store, run), trained.options
    train = encoded(version, store, trained.vocabulary, options.separator)["train"]
    fresh = np.zeros(len(train.ids), np.bool_)
    if options.boundaries == "reset":
        fresh[resets(train.starts, len(trained.vocabulary.encode(options.separator)))] = True
    return train.ids, fresh


def _summed(
    costs: NDArray[np.float64],
    passage: Passage,
    vocabulary: Tokens,
    split: str,
    reset: int,
    boundaries: str,
    dynamic: Dynamic | None,
) -> Score:
    """The same in the three units."""
    total = float(costs.sum())
    return Score(
        nats_per_char=total / len(passage.text),
        bits_per_byte=total / math.log(2) / len(passage.text.encode("utf-8", "surrogatepass")),
        perplexity=_perplexity(total / len(passage.text)),
        split=split,
        reset=reset,
        characters=len(passage.text),
        unit=vocabulary.unit,
        tokens=len(costs),
        unknown=int(np.count_nonzero(vocabulary.unknown_bytes(passage.text))),
        boundaries=boundaries,
        dynamic=dynamic,
    )


def _perplexity(nats: float) -> float:
    try:
        return math.exp(nats)
    except OverflowError:
        return math.inf


def _ids(passage: Passage, vocabulary: Tokens) -> Ids:
    if not passage.text:
        raise UsageError("there is nothing to score: the text is empty", "give a text of at least one character")
    return vocabulary.encode(passage.text)


def _fresh(passage: Passage, vocabulary: Tokens, options: TrainOptions) -> NDArray[np.bool_] | None:
    """The tokens before which nothing is remembered, if the model learnt so: those that begin a separator."""
    if options.boundaries == "carry":
        return None
    starts = vocabulary.starts(passage.text)
    mask = np.zeros(len(starts), np.bool_)
    places = np.searchsorted(starts, np.flatnonzero(passage.fresh(options.separator)))
    mask[places[places < len(starts)]] = True
    return mask


def _spelt(passage: Passage, vocabulary: Tokens) -> NDArray[np.float64]:
    """What the bytes of tokens cost that the vocabulary lacks, in nats, [n]."""
    return np.asarray(vocabulary.unknown_bytes(passage.text), np.float64) * (8 * math.log(2))


def _passage(text: str | Passage) -> Passage:
    return text if isinstance(text, Passage) else Passage(text)
