"""A run that starts from another: whose weights, in which shape, and what its ids mean.

    options, parent = resolved(corpus, store)
    weights = grown(trained.weights, trained.vocabulary, merged(trained.vocabulary, own))

The vocabularies are merged. What both know keeps its rows of embedding and head, and what the new text lacks is kept
too, so the model still reads and writes the old one. What is new begins as the parent's "unknown": it is read as that
was, and the chance that the parent gave to "unknown" is shared out evenly among it and all that is new. So before the
first step every text costs what it cost the parent, but that new tokens are spelt out no more; and the rows part with
the first batch that has them, since each has gradients of its own. No bias is set anew: what forget gates have learnt
stays. It knows no torch.
"""

import math
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from corpusmill.errors import SpecError
from corpusmill.store import Store, pins, refs
from corpusmill.types import Corpus, Run
from model.load import load
from model.options import TrainOptions, checked
from model.weights import Weights
from preprocess.vocab import UNKNOWN, Tokens, merged, places


@dataclass(frozen=True, slots=True)
class Begun:
    """What a training goes by: its options, and the run that it starts from with where that lies."""

    options: TrainOptions
    parent: Run | None
    parents: Store

    @property
    def weights(self) -> str:
        """The digest of the weights to start from; "" where they are drawn."""
        return self.parent.files[self.parent.checkpoint] if self.parent else ""


SHAPE = ("unit", "cell", "hidden", "layers", "embedding", "norm", "residual", "tied")
"""Settings that weights are of."""

_ROWS = ("embedding.weight", "head.weight", "head.bias")  # a row a token


def resolved(corpus: Corpus, store: Store) -> tuple[TrainOptions, Run | None]:
    """The options that a corpus declares, and the run that it starts from, whose shape they have then.

    Raises SpecError where it declares another shape, UnknownNameError for a run that there is not.
    """
    options = checked(corpus)
    if not options.init:
        return options, None
    parent = refs.run(store, options.init)
    theirs = msgspec.convert(parent.config, TrainOptions)
    shape = {name: getattr(theirs, name) for name in SHAPE}
    for name, value in shape.items():
        if name in corpus.train and getattr(options, name) != value:
            said, wanted = (msgspec.json.encode(each).decode() for each in (getattr(options, name), value))
            message = f"{corpus.declared_in}: train.{name} is {said}, and {parent.ref}, to start from, has {wanted}"
            raise SpecError(message, f"leave train.{name} out, or set it to {wanted}: weights have one shape")
    return replace(options, init=parent.ref, **shape), parent


def started(begun: Begun, own: Tokens) -> tuple[Tokens, Weights | None]:
    """The vocabulary to train with and the weights to start from, if any. Raises CorruptError."""
    if not begun.parent:
        return own, None
    with pins.held(begun.parents, begun.parent):
        trained = load(begun.parent, begun.parents)
    vocabulary = merged(trained.vocabulary, own)
    return vocabulary, grown(trained.weights, trained.vocabulary, vocabulary)


def grown(weights: Weights, old: Tokens, new: Tokens) -> Weights:
    """Weights whose ids are an old vocabulary's, for a new one that knows all of it; new arrays throughout."""
    known = places(old, new)
    fresh = np.setdiff1d(np.arange(len(new)), known)
    made = {name: array.copy() for name, array in weights.items()}
    for name in filter(weights.__contains__, _ROWS):
        made[name] = np.repeat(weights[name][UNKNOWN : UNKNOWN + 1], len(new), axis=0)
        made[name][known] = weights[name]
    made["head.bias"][[UNKNOWN, *fresh]] -= np.float32(math.log(1 + len(fresh)))
    return made
