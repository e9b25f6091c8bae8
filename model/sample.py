"""Text from a trained model, character by character: temperature, top-k, top-p, a seed.

    sampler = Sampler.load(run, store)
    print("".join(sampler.stream("In the", 500, temperature=0.8, seed=7)))

The same seed gives the same text on the same machine. The unknown character is never written. It knows no torch.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpusmill.store import Store
from corpusmill.types import Run
from model.load import load
from model.step import Floats, Step
from model.weights import Weights
from preprocess.vocab import UNKNOWN, Vocabulary


@dataclass(frozen=True, slots=True)
class Sampler:
    """A model that writes. Every `stream` reads and writes on its own, so one sampler serves many."""

    weights: Weights
    vocabulary: Vocabulary
    separator: str  # what a document starts after

    @classmethod
    def load(cls, run: Run, store: Store) -> "Sampler":
        """The sampler of a run's best weights. Raises CorruptError."""
        trained = load(run, store)
        return cls(trained.weights, trained.vocabulary, trained.separator)

    def unseen(self, prime: str) -> str:
        """Which characters of a prime the model has never seen; it reads them as the unknown one."""
        return self.vocabulary.unseen(prime)

    def stream(
        self,
        prime: str = "",
        length: int = 500,
        *,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        seed: int = 0,
    ) -> Iterator[str]:
        """`length` characters that go on from `prime`, which is not repeated; without one, from a document's start.

        Temperature 0 takes the likeliest each time. `top_k` (0 = all) and `top_p` (1 = all) choose among the likeliest
        only: so many, and as many as have that share of the probability (Holtzman et al. 2020).
        """
        random, step = np.random.default_rng(seed), Step(self.weights)
        logits = step.logits()
        for known in self.vocabulary.encode(prime or self.separator):
            logits = step.read(int(known))
        for _ in range(length):
            chosen = choose(logits, random.random(), temperature=temperature, top_k=top_k, top_p=top_p)
            yield self.vocabulary.characters[chosen - 1]
            logits = step.read(chosen)


def choose(logits: Floats, random: float, *, temperature: float, top_k: int = 0, top_p: float = 1.0) -> int:
    """Draw an id from logits [V]; `random` in [0, 1) decides, by inverting the cumulative distribution."""
    scores = logits[UNKNOWN + 1 :].astype(np.float64)
    if temperature == 0:
        return UNKNOWN + 1 + int(scores.argmax())
    with np.errstate(over="ignore"):  # next to temperature 0 all but the likeliest are infinitely unlikely
        chances = np.exp((scores - scores.max()) / temperature)
    if top_k or top_p < 1:
        chances *= _kept(chances, top_k, top_p)
    reached = chances.cumsum()
    place = int(np.searchsorted(reached, random * reached[-1], side="right"))
    return UNKNOWN + 1 + min(place, len(reached) - 1)


def _kept(chances: NDArray[np.float64], top_k: int, top_p: float) -> NDArray[np.bool_]:
    """Which of the chances are among the `top_k` likeliest and, of those, make up the share `top_p`."""
    order = np.argsort(-chances, kind="stable")[: top_k or None]
    shares = chances[order].cumsum() / chances[order].sum()
    kept = np.zeros(len(chances), np.bool_)
    kept[order[: int(np.searchsorted(shares, top_p)) + 1]] = True
    return kept
