"""Statistics of a version and the time there is -> settings of a training, each with its reason and its source.

    found = suggest(facts(version, store), measured(), minutes=15)
    [(each.key, each.value) for each in found.settings]       # [("train.hidden", 448), ("train.layers", 2), …]

They are rules, not a search: a good place to begin one. Most are the advice of char-rnn's Readme and its code; what is
our own rule of thumb says so. Only the machine's speed is measured, and only by `measured`.
"""

import math
import statistics
import time
from dataclasses import dataclass
from typing import Any

from corpusmill.errors import TrainError
from corpusmill.store import Store
from corpusmill.types import Version
from model.options import TrainOptions
from preprocess.ids import counts

README = "char-rnn, Readme, “Approximate number of parameters”"
BEST = "char-rnn, Readme, “Best models strategy”"
LOSSES = "char-rnn, Readme, “Monitoring Validation Loss vs. Training Loss”"
BATCHES = "char-rnn, train.lua: it warns below 50 batches"
UPDATES = "nanoGPT, README: 2,000 iterations on a CPU"
WIDTH = "Yang et al. 2022, arXiv 2203.03466: Adam's rate goes with 1/width"
ONCE = "Komatsuzaki 2019, arXiv 1906.06669"
REPEATED = "Muennighoff et al. 2023, arXiv 2305.16264"
DEFAULT = "the default recipe"
OURS = "a rule of thumb of ours"

SIZES = (32, 64, 96, 128, 192, 256, 320, 384, 448, 512, 640, 768, 1024)
LAYERS = 2
LARGEST = 512  # units, where nobody says how much time there is
ORDER = math.sqrt(10)  # of magnitude: half of one to either side
FEWEST_UPDATES = 2000
FEWEST_BATCHES = 50
GOOD_AS_NEW = 4.0  # readings of a text that are nearly as good as so much new text
MOST_EPOCHS = 50  # char-rnn's
MOST_DROPOUT = 0.5
FEWEST_SEEN = 10  # times, for a character to be learnt
_RARE = 0.1  # share of the vocabulary from which rare characters are worth a word
_SPARED = 0.01  # share of the text that they may be at most: of a tiny one all characters are rare


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What of a version the rules ask for: its train split."""

    ref: str
    characters: int
    documents: int
    vocabulary: int  # different characters
    rare: int  # of these, how many occur less than `FEWEST_SEEN` times


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting, why, and who says so."""

    key: str  # as --set takes it
    value: Any
    reason: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Settings, and what a training with them comes to on this machine."""

    ref: str
    characters: int
    documents: int
    vocabulary: int
    parameters: int
    epochs: float  # readings of the text in the budget
    characters_per_second: float
    settings: tuple[Setting, ...]

    @property
    def sets(self) -> list[str]:
        """``train.hidden=256``, …: what --set takes."""
        return [f"{setting.key}={setting.value}" for setting in self.settings]


def facts(version: Version, store: Store) -> Facts:
    """Count a version's train split; where its manifest has the counts, nothing else is read. Raises CorruptError."""
    found = counts(version, "train", store, "")
    if not found:
        raise TrainError(f"{version.ref} has no text to train on", "change its [split], or give it more documents")
    return Facts(
        ref=version.ref,
        characters=sum(found.values()),
        documents=sum(shard.rows for shard in version.shards if shard.split == "train"),
        vocabulary=len(found),
        rare=sum(count < FEWEST_SEEN for count in found.values()),
    )


def measured(hidden: int = 192, rounds: int = 5) -> float:
    """How fast this machine learns just now: parameters times characters a second, on one thread. Takes a second.

    It is nearly the same number for all sizes, since each parameter is used as often for every character.
    """
    import torch

    from model import machine

    streams, length = 16, 64
    network = torch.nn.LSTM(hidden, hidden, LAYERS)
    text = torch.randn(length, streams, hidden)
    taken = []
    with machine.threads(1):
        for _ in range(rounds):
            began = time.process_time()
            with torch.autocast("cpu", torch.bfloat16, enabled=machine.precision() == torch.bfloat16):
                outputs, _ = network(text)
            torch.autograd.backward(outputs.float().sum())
            taken.append(time.process_time() - began)
    size = sum(each.numel() for each in network.parameters())
    return size * streams * length / statistics.median(taken)


def suggest(known: Facts, speed: float, minutes: float | None = None) -> Suggestion:
    """Settings for a text and a time; without one, as much time as the text is worth. `speed` as `measured` gives."""
    batch, length = _batch(known)
    hidden, why = _hidden(known, speed, minutes, batch * length)
    size = parameters(hidden, known.vocabulary)
    pace = speed / size
    needed = max(GOOD_AS_NEW * known.characters, FEWEST_UPDATES * batch * length) / pace / 60
    budget = minutes or math.ceil(10 * needed) / 10
    epochs = pace * 60 * budget / known.characters
    settings = [
        Setting(key="train.hidden", value=hidden, reason=why[0], source=why[1]),
        Setting(key="train.layers", value=LAYERS, reason="two or three are advised; two learn faster", source=README),
        _dropout(epochs, size / known.characters),
        _streams(known, batch),
        Setting(key="train.length", value=length, reason="characters a gradient goes back", source=DEFAULT),
        _rate(hidden),
        Setting(key="train.minutes", value=budget, reason=_why_budget(epochs, minutes), source=_budget_source(minutes)),
        *_rare(known),
    ]
    return Suggestion(
        ref=known.ref,
        characters=known.characters,
        documents=known.documents,
        vocabulary=known.vocabulary,
        parameters=size,
        epochs=round(epochs, 2),
        characters_per_second=round(pace, 1),
        settings=tuple(settings),
    )


def parameters(hidden: int, vocabulary: int) -> int:
    """Weights of a two-layer LSTM with the default embedding: gates, embedding and head."""
    embedding = TrainOptions().embedding
    inputs = [embedding, *[hidden] * (LAYERS - 1)]
    gates = sum(4 * hidden * (size + hidden + 2) for size in inputs)
    return gates + vocabulary * (embedding + hidden + 1)


def _batch(known: Facts) -> tuple[int, int]:
    """Streams and length: the defaults, or less where a text has not enough batches of them."""
    default = TrainOptions()
    length = min(default.length, max(known.characters // (4 * FEWEST_BATCHES), 8))
    return max(min(default.batch, known.characters // (FEWEST_BATCHES * length)), 1), length


def _hidden(known: Facts, speed: float, minutes: float | None, each: int) -> tuple[int, tuple[str, str]]:
    """The largest size that text and time allow, and what stood in the way of a larger one."""
    allowed = [size for size in SIZES if parameters(size, known.vocabulary) <= ORDER * known.characters]
    text = f"parameters of the same order as the {known.characters:,} characters"
    if minutes is None:
        near = [size for size in allowed if parameters(size, known.vocabulary) <= known.characters and size <= LARGEST]
        size = near[-1] if near else SIZES[0]
        return size, (text if size < LARGEST else f"the text allows more, in hours: at most {LARGEST} unasked", README)
    seconds = 60 * minutes
    quick = [s for s in allowed if speed / parameters(s, known.vocabulary) * seconds >= FEWEST_UPDATES * each]
    if not quick:
        return SIZES[0], (f"even so the budget has less than {FEWEST_UPDATES:,} updates; give it more", UPDATES)
    if quick[-1] == allowed[-1]:
        return quick[-1], (text, README)
    return quick[-1], (f"the largest that has {FEWEST_UPDATES:,} updates in {minutes:g} minutes here", UPDATES)


def _dropout(epochs: float, ratio: float) -> Setting:
    """More for every reading beyond the fourth, and for every parameter that a character has."""
    key = "train.dropout"
    if epochs <= 1:
        return Setting(key=key, value=0.0, reason="no character is read twice: nothing to learn by heart", source=ONCE)
    if epochs <= GOOD_AS_NEW:
        reason = f"{epochs:.1f} readings are nearly as good as so much new text"
        return Setting(key=key, value=0.05, reason=reason, source=REPEATED)
    share = MOST_DROPOUT * min(ratio, 1) * min((epochs - GOOD_AS_NEW) / GOOD_AS_NEW, 1)
    many = f"{ratio:.2g}" if ratio < 1 else f"{ratio:,.1f}"
    reason = f"{epochs:,.1f} readings, {many} parameters a character: up to 0.5 against learning by heart"
    return Setting(key=key, value=round(max(share, 0.05), 2), reason=reason, source=f"{LOSSES}; the scale is ours")


def _streams(known: Facts, batch: int) -> Setting:
    if batch < TrainOptions().batch:
        reason = f"{known.characters:,} characters have {FEWEST_BATCHES} batches of no more streams"
        return Setting(key="train.batch", value=batch, reason=reason, source=BATCHES)
    return Setting(key="train.batch", value=batch, reason="what learnt fastest on Shakespeare", source=DEFAULT)


def _rate(hidden: int) -> Setting:
    default, key = TrainOptions(), "train.learning_rate"
    if hidden <= default.hidden:
        return Setting(key=key, value=default.learning_rate, reason="at its highest, after the warm-up", source=DEFAULT)
    rate = float(f"{default.learning_rate * default.hidden / hidden:.2g}")
    reason = f"that of {default.hidden} units, less as the layers are wider"
    return Setting(key=key, value=rate, reason=reason, source=WIDTH)


def _why_budget(epochs: float, minutes: float | None) -> str:
    readings = f"about {epochs:,.1f} readings of the text here"
    if minutes is None:
        return f"enough: {readings}"
    return f"what there is: {readings}{', far more than it is worth' if epochs > MOST_EPOCHS else ''}"


def _budget_source(minutes: float | None) -> str:
    return BEST if minutes else f"{REPEATED}; {UPDATES}"


def _rare(known: Facts) -> list[Setting]:
    if known.rare < _RARE * known.vocabulary or known.rare * FEWEST_SEEN > _SPARED * known.characters:
        return []
    reason = f"{known.rare:,} of {known.vocabulary:,} characters occur less often: too seldom to be learnt"
    return [Setting(key="train.min_count", value=FEWEST_SEEN, reason=reason, source=OURS)]
