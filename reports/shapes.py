"""The shapes of what a report reads, as other rooms write it; what does not fit is a damaged file.

Ranges are wide, and only there so that no number breaks a drawing. Keys that no report needs are passed over.
"""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from msgspec import Meta

Count = Annotated[int, Meta(ge=0, le=1 << 60)]
Power = Annotated[int, Meta(ge=1, le=1 << 60)]
Amount = Annotated[float, Meta(ge=0, le=1e15)]
Loss = Annotated[float, Meta(ge=0, le=1e9)]  # nats or bits: a network that diverged is far beyond a blind guess


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """The loss on the validation split, and how often the hidden state was zeroed while it was read (0 = never)."""

    nats_per_char: Loss
    bits_per_byte: Loss
    reset: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One line of ``metrics.jsonl``: the mean training loss since the line before, now and then a validation loss."""

    iteration: Count
    seconds: Amount  # of training, since its start
    characters: Count  # read so far
    nats_per_char: Loss
    validation: Validation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setback:
    """One of ``setbacks.json``: a step that was refused, where training went back to, the rate's share since."""

    iteration: Count
    back_to: Count
    said: str
    documents: tuple[str, ...]  # of the batch, the worst stream's first
    rate: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """``samples/000400.json``: what the model wrote after so many iterations."""

    iteration: Count
    temperature: Amount
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One of ``samples/ladder.json``: what the best weights write at one temperature."""

    temperature: Amount
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ngrams:
    """Of ``baselines.json``, what n-grams need for the scored text."""

    order: Count
    bits_per_byte: Loss


@dataclass(frozen=True, slots=True, kw_only=True)
class Compressor:
    """Of the same, what a compressor does, which with a text before may even be less than nothing."""

    name: str
    after_training: Annotated[float, Meta(ge=-1e9, le=1e9)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Baselines:
    """``baselines.json``: what simpler models reach on the scored text, having read training text too."""

    trained: Count  # characters of the train split that they read
    trained_in_all: Count
    kneser_ney: Ngrams
    best: Ngrams
    compressors: tuple[Compressor, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Of a run's `config`, what sentences are made with."""

    layers: Count
    hidden: Count
    separator: str
    validation_characters: Count
    cell: Literal["lstm", "gru", "rnn"] = "lstm"
    norm: bool = False
    residual: bool = False
    tied: bool = False
    unit: Literal["character", "byte", "word"] = "character"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A run's `clock`."""

    started_at: str
    seconds: Amount
    characters_per_second: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a split is."""

    documents: Count
    characters: Count
    bytes: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """The length of one document."""

    characters: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """How long documents are; the histogram pairs powers of two with documents of that many to twice as many."""

    shortest: Length
    median: Count
    longest: Length
    histogram: Annotated[tuple[tuple[Power, Count], ...], Meta(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabularies:
    """How often each character occurs."""

    train: dict[str, Count] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """A version's `stats`."""

    total: Size
    splits: dict[str, Size]
    vocabulary: Vocabularies
    lengths: Lengths
