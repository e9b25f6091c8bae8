"""What the ``[train]`` section of a corpus may say, with the default recipe. It knows no torch, so reading it is fast.

The recipe is SOAP with warm-up and cosine decay to a fiftieth, gradients clipped to norm 1, pieces of 256 characters in
random order, orthogonal recurrent weights and a forget bias of 1. It was chosen by what Shakespeare costs after so many
CPU seconds of one thread, not iterations; docs/training.md has what was tried. `benchmarks/train.py` measures the loss
that it reaches in three CPU minutes. `experiments/` has the recipes of others as settings of the same section.
"""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from msgspec import Meta

from corpusmill import spec
from corpusmill.types import Corpus

Count = Annotated[int, Meta(ge=1, le=1 << 31)]
CountOrNone = Annotated[int, Meta(ge=0, le=1 << 31)]
Share = Annotated[float, Meta(ge=0, lt=1)]
Temperature = Annotated[float, Meta(ge=0, le=100)]
Rate = Annotated[float, Meta(gt=0, le=10)]
Cell = Literal["lstm", "gru", "rnn"]
Engine = Literal["auto", "torch", "numba"]
Device = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleOptions:
    """``[train.samples]``: what the model writes as training goes on, and at its end."""

    length: Count = 400  # tokens of each sample
    prime: str = ""  # text to go on from; empty = start as a document does, after the separator
    temperature: Temperature = 0.8  # of the samples drawn at each evaluation
    temperatures: tuple[Temperature, ...] = (0.2, 0.5, 0.8, 1.0, 1.2)  # of the ladder drawn from the best weights


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOptions:
    """``[train]``: every setting that decides a training; a run's id digests them all."""

    # The text.
    unit: Literal["character", "byte", "word"] = "character"  # what an id stands for
    min_count: Count = 1  # characters, or words, rarer than this in the train split are one "unknown" one
    separator: str = "\n\n"  # stands between two documents
    boundaries: Literal["carry", "reset"] = "carry"  # what becomes of the hidden state where a document starts

    # The network; its first six settings are taken from the run that it starts from, where there is one.
    init: str = ""  # run to start from: its best weights, its vocabulary and the new one merged
    cell: Cell = "lstm"
    hidden: Annotated[int, Meta(ge=1, le=8192)] = 192  # units of a layer; for a few minutes, more with more time
    layers: Annotated[int, Meta(ge=1, le=16)] = 2
    embedding: Annotated[int, Meta(ge=1, le=8192)] = 64  # numbers that stand for a token at the input
    norm: bool = False  # layer normalisation of each layer's output (Ba et al. 2016)
    residual: bool = False  # each layer above the first adds what it read to what it says (He et al. 2015)
    tied: bool = False  # the head's weights are the embedding's (Press & Wolf 2017), which then has `hidden` numbers
    dropout: Share = 0.0  # share of each layer's units left out while training: for small texts and long runs
    dropout_mask: Literal["window", "place"] = "window"  # the same units for a whole window, or anew at each place
    initial: Literal["orthogonal", "uniform"] = "orthogonal"  # weights to start from
    initial_range: Annotated[float, Meta(gt=0, le=10)] = 0.08  # of uniform ones, on both sides of 0
    forget_bias: Annotated[float, Meta(ge=-10, le=10)] = 1.0  # of an LSTM, at the start

    # The batches: `batch` places of the text are read side by side, the hidden state carried from window to window;
    # each is left for another, drawn at random, once a piece is read.
    batch: Annotated[int, Meta(ge=1, le=1 << 16)] = 32  # 16 learn what is read now, and forget
    length: Annotated[int, Meta(ge=1, le=1 << 16)] = 64  # of truncated back-propagation through time, in tokens
    pieces: CountOrNone = 256  # tokens read on from a zero state, drawn in random order; 0 = a whole stream

    # The optimiser.
    optimizer: Literal["adamw", "soap", "rmsprop", "adagrad"] = "soap"
    learning_rate: Rate = 1.5e-2  # at its highest, after the warm-up; for AdamW and RMSProp rather less
    schedule: Literal["cosine", "epochs", "constant"] = "cosine"  # how the rate falls
    warmup: Share = 0.05  # share of the run over which the rate rises from 0
    final_rate: Annotated[float, Meta(ge=0, le=1)] = 0.02  # of the learning rate, where the cosine ends
    decay: Annotated[float, Meta(gt=0, le=1)] = 0.97  # of the rate, each epoch, where the schedule is "epochs"
    decay_after: CountOrNone = 10  # epochs that it is left alone
    betas: tuple[Share, Share] = (0.9, 0.99)  # SOAP, AdamW: decay of the gradient's running mean and mean square
    smoothing: Share = 0.95  # RMSProp: decay of the running mean square
    weight_decay: Annotated[float, Meta(ge=0, le=10)] = 0.0
    clip: Annotated[float, Meta(gt=0, le=1e6)] = 1.0  # what the gradient is cut to
    clip_by: Literal["norm", "value"] = "norm"  # the length of the whole, or each number
    averaging: Share = (
        0.0  # decay of the running mean of the weights, which is then what is evaluated and kept; 0 = none
    )
    spike: Annotated[float, Meta(gt=1, le=1e6)] = 3.0  # times the running loss: a step back instead of a step on

    # How long, and what is looked at on the way.
    minutes: Annotated[float, Meta(gt=0, le=1e6)] = 2.0  # of wall clock, evaluations and samples included
    epochs: Annotated[float, Meta(ge=0, le=1e6)] = 0.0  # > 0: so many times through the text instead
    steps: CountOrNone = 0  # > 0: exactly so many iterations instead, the same on every machine of a kind
    evaluations: Count = 12  # of the validation split, evenly over the run
    patience: CountOrNone = 5  # evaluations without a better one before training stops early; 0 = never
    validation_characters: Annotated[int, Meta(ge=2, le=1 << 31)] = 30_000  # at most so many are scored, from its start
    reset: CountOrNone = 0  # zero the hidden state every so many tokens of it; 0 = carry it along 32 streams

    # The machine.
    seed: Annotated[int, Meta(ge=0, le=(1 << 63) - 1)] = 1
    threads: Annotated[int, Meta(ge=0, le=1024)] = 0  # 0 = one or up to 4, whichever is faster; with `steps`, one
    engine: Engine = "auto"  # what computes the recurrent layers
    device: Device = "auto"  # where: on an NVIDIA GPU if there is one, else on the processor

    samples: SampleOptions = field(default_factory=SampleOptions)


def checked(corpus: Corpus) -> TrainOptions:
    """The options a corpus declares. Raises SpecError naming file, key and nearest match."""
    return spec.options(TrainOptions, corpus.train, corpus.declared_in, "train")
