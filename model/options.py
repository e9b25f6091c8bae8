"""What the ``[train]`` section of a corpus may say, with the default recipe. It knows no torch, so reading it is fast.

The recipe is AdamW with warm-up and cosine decay to a fiftieth, gradients clipped to norm 1, carried hidden state,
orthogonal recurrent weights and a forget bias of 1. With it `benchmarks/train.py` measures the loss that Shakespeare
reaches in three CPU minutes.
"""

from dataclasses import dataclass, field
from typing import Annotated

from msgspec import Meta

from corpusmill import spec
from corpusmill.types import Corpus

Count = Annotated[int, Meta(ge=1, le=1 << 31)]
CountOrNone = Annotated[int, Meta(ge=0, le=1 << 31)]
Share = Annotated[float, Meta(ge=0, lt=1)]
Temperature = Annotated[float, Meta(ge=0, le=100)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleOptions:
    """``[train.samples]``: what the model writes as training goes on, and at its end."""

    length: Count = 400  # characters of each sample
    prime: str = ""  # text to go on from; empty = start as a document does, after the separator
    temperature: Temperature = 0.8  # of the samples drawn at each evaluation
    temperatures: tuple[Temperature, ...] = (0.2, 0.5, 0.8, 1.0, 1.2)  # of the ladder drawn from the best weights


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOptions:
    """``[train]``: every setting that decides a training; a run's id digests them all."""

    # The text.
    min_count: Count = 1  # characters rarer than this in the train split are one "unknown" character
    separator: str = "\n\n"  # stands between two documents

    # The network.
    hidden: Annotated[int, Meta(ge=1, le=8192)] = 256  # units in each LSTM layer
    layers: Annotated[int, Meta(ge=1, le=16)] = 2
    embedding: Annotated[int, Meta(ge=1, le=8192)] = 64  # numbers that stand for a character at the input
    dropout: Share = 0.05  # share of each layer's units left out while training; more for small texts and long runs

    # The batches: `batch` places of the text are read side by side, the hidden state carried from window to window.
    batch: Annotated[int, Meta(ge=1, le=1 << 16)] = 16
    length: Annotated[int, Meta(ge=1, le=1 << 16)] = 64  # of truncated back-propagation through time, in characters

    # The optimiser: AdamW.
    learning_rate: Annotated[float, Meta(gt=0, le=10)] = 1e-2  # at its highest, after the warm-up
    warmup: Share = 0.05  # share of the run over which the rate rises from 0
    final_rate: Annotated[float, Meta(ge=0, le=1)] = 0.02  # of the learning rate, where the cosine ends
    betas: tuple[Share, Share] = (0.9, 0.99)  # decay of the gradient's running mean and mean square
    weight_decay: Annotated[float, Meta(ge=0, le=10)] = 0.0
    clip: Annotated[float, Meta(gt=0, le=1e6)] = 1.0  # norm that the gradient is cut to

    # How long, and what is looked at on the way.
    minutes: Annotated[float, Meta(gt=0, le=1e6)] = 2.0  # of wall clock, evaluations and samples included
    steps: CountOrNone = 0  # > 0: exactly so many iterations instead, the same on every machine of a kind
    evaluations: Count = 12  # of the validation split, evenly over the run
    patience: CountOrNone = 5  # evaluations without a better one before training stops early; 0 = never
    validation_characters: Annotated[int, Meta(ge=2, le=1 << 31)] = 30_000  # at most so many are scored, from its start
    reset: CountOrNone = 0  # zero the hidden state every so many characters of it; 0 = carry it along 32 streams

    # The machine.
    seed: Annotated[int, Meta(ge=0, le=(1 << 63) - 1)] = 1
    threads: Annotated[int, Meta(ge=0, le=1024)] = 0  # 0 = one or up to 4, whichever is faster; with `steps`, one

    samples: SampleOptions = field(default_factory=SampleOptions)


def checked(corpus: Corpus) -> TrainOptions:
    """The options a corpus declares. Raises SpecError naming file, key and nearest match."""
    return spec.options(TrainOptions, corpus.train, corpus.declared_in, "train")
