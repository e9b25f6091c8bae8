"""How well a network predicts a text: nats per character, bits per byte, perplexity.

    measure(network, vocabulary, passage, split="validation", reset=256, tick=stop.heed)

What a training asks to know its best weights, and what `score` asks of a run; the conventions are told there. It knows
networks and texts, neither runs nor the store.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from corpusmill.errors import UsageError
from model.costs import Tick, character_nats
from model.network import Network
from model.options import TrainOptions
from model.passage import Passage
from preprocess.vocab import Ids, Tokens, Unit

if TYPE_CHECKING:
    from model.dynamic import Dynamic


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
    dynamic: "Dynamic | None" = None  # how the weights went on learning, or None: they stayed as they were


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
    passage = passage_of(text)
    fresh, ids = fresh_of(passage, vocabulary, network.options), ids_of(passage, vocabulary)
    costs = character_nats(network, ids, reset, fresh, tick) + spelt(passage, vocabulary)
    return summed(costs, passage, vocabulary, split, reset, network.options.boundaries, None)


def summed(
    costs: NDArray[np.float64],
    passage: Passage,
    vocabulary: Tokens,
    split: str,
    reset: int,
    boundaries: str,
    dynamic: "Dynamic | None",
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


def ids_of(passage: Passage, vocabulary: Tokens) -> Ids:
    """A text in a model's ids. Raises UsageError for an empty one."""
    if not passage.text:
        raise UsageError("there is nothing to score: the text is empty", "give a text of at least one character")
    return vocabulary.encode(passage.text)


def fresh_of(passage: Passage, vocabulary: Tokens, options: TrainOptions) -> NDArray[np.bool_] | None:
    """The tokens before which nothing is remembered, if the model learnt so: those that begin a separator."""
    if options.boundaries == "carry":
        return None
    starts = vocabulary.starts(passage.text)
    mask = np.zeros(len(starts), np.bool_)
    places = np.searchsorted(starts, np.flatnonzero(passage.fresh(options.separator)))
    mask[places[places < len(starts)]] = True
    return mask


def spelt(passage: Passage, vocabulary: Tokens) -> NDArray[np.float64]:
    """What the bytes of tokens cost that the vocabulary lacks, in nats, [n]."""
    return np.asarray(vocabulary.unknown_bytes(passage.text), np.float64) * (8 * math.log(2))


def passage_of(text: str | Passage) -> Passage:
    """A text as one whose documents are not told."""
    return text if isinstance(text, Passage) else Passage(text)
