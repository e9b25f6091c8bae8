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

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from corpusmill.errors import UnknownNameError
from corpusmill.store import Store, refs, shards
from corpusmill.types import Progress, Run, Split, silent
from model import dynamic as adapting
from model import machine
from model.costs import character_nats
from model.dynamic import Dynamic
from model.evaluate import Score, fresh_of, ids_of, measure, passage_of, spelt, summed
from model.load import Trained, load
from model.network import from_weights
from model.passage import Passage, joined, resets
from preprocess.ids import encoded
from preprocess.vocab import Ids

__all__ = ["Score", "each", "each_token", "measure", "per_character", "score", "split_passage", "split_text"]


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
    passage, trained = passage_of(text), load(run, store)
    costs = _found(run, store, trained, passage, reset, dynamic, progress)
    return summed(costs, passage, trained.vocabulary, split, reset, trained.options.boundaries, dynamic)


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
    trained, passage = load(run, store), passage_of(text)
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
    trained, passage = load(run, store), passage_of(text)
    costs = _found(run, store, trained, passage, reset, dynamic, progress)
    yield from zip(trained.vocabulary.tokens(passage.text), costs.tolist(), strict=True)


def per_character(costs: NDArray[np.float64], starts: NDArray[np.int64], characters: int) -> NDArray[np.float64]:
    """Costs of tokens [n] as costs of characters: those of a character's bytes together, a word's in equal parts."""
    sums, firsts = np.bincount(starts, costs, characters), np.unique(starts)
    widths = np.diff(firsts, append=characters)
    return np.repeat(sums[firsts] / widths, widths)


def split_passage(run: Run, store: Store, split: Split, limit: int | None = None) -> Passage:
    """A split as the run saw it: its documents in order, the separator between; `limit` characters of it, or all.

    Raises UnknownNameError when the version is gone or has no such split.
    """
    version = refs.learnt_from(store, run)
    if not any(shard.split == split and shard.rows for shard in version.shards):
        there = ", ".join(dict.fromkeys(shard.split for shard in version.shards if shard.rows))
        raise UnknownNameError(f"{version.ref} has no split {split!r}", f"it has {there}")
    separator = load(run, store).options.separator
    return joined(shards.texts(store.version_folder(version), version.shards, split), separator, limit)


def split_text(run: Run, store: Store, split: Split) -> str:
    """The text of a split, as `split_passage` has it."""
    return split_passage(run, store, split).text


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
    ids, fresh = ids_of(passage, trained.vocabulary), fresh_of(passage, trained.vocabulary, trained.options)
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
    costs: NDArray[np.float64] = spelt(passage, trained.vocabulary) + nats
    return costs


def _learnt(run: Run, store: Store, trained: Trained) -> tuple[Ids, NDArray[np.bool_]]:
    """The ids that a run learnt from, and where it forgot what was before. Raises UnknownNameError, CorruptError."""
    version, options = refs.learnt_from(store, run), trained.options
    train = encoded(version, store, trained.vocabulary, options.separator)["train"]
    fresh = np.zeros(len(train.ids), np.bool_)
    if options.boundaries == "reset":
        fresh[resets(train.starts, len(trained.vocabulary.encode(options.separator)))] = True
    return train.ids, fresh
