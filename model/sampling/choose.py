"""From logits to a character: temperature, top-k, top-p, min-p and a random number.

    Sampling(temperature=0.8, min_p=0.05, seed=7)

The filters act in this order: the temperature on the logits; of the chances that result, top-k keeps the likeliest K,
top-p of these the likeliest that make up P of their sum, and min-p of these the ones with at least that share of the
likeliest one's chance. The likeliest always stays. What is kept is drawn from in proportion. The unknown character is
never written.
"""

import math
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from corpusmill.errors import UsageError
from model.step import Floats, Numbers
from preprocess.vocab import UNKNOWN

Chances = NDArray[np.float64]

HINT = (
    "length, temperature, top_k and seed are 0 or more, top_p and min_p are from 0 to 1, and stop strings are not empty"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How a sample is written. Raises UsageError where it cannot be."""

    length: int = 500  # tokens at most: characters, or bytes or words where the model writes these
    temperature: float = 1.0  # 0 = the likeliest each time
    top_k: int = 0  # among the K likeliest only (Fan et al. 2018); 0 = all
    top_p: float = 1.0  # among the likeliest that make up P (Holtzman et al. 2020, section 3.1); 1 = all
    min_p: float = 0.0  # among those of at least P times the likeliest one's chance (Nguyen et al. 2024)
    stop: tuple[str, ...] = ()  # ends before the first of these
    seed: int = 0

    def __post_init__(self) -> None:
        """Look at every number once, for whoever asks."""
        shares = 0 <= self.top_p <= 1 and 0 <= self.min_p <= 1
        counts = min(self.length, self.top_k, self.seed) >= 0
        if not (shares and counts and 0 <= self.temperature < math.inf and all(self.stop)):
            raise UsageError(f"this cannot be sampled: {self._asked()}", HINT)

    @property
    def chooses(self) -> bool:
        """Whether some characters are left out."""
        return self.top_k > 0 or self.top_p < 1 or self.min_p > 0

    def _asked(self) -> str:
        said = ((field.name, getattr(self, field.name), field.default) for field in fields(self))
        return ", ".join(f"{name} {value!r}" for name, value, default in said if value != default)


COLDEST = 1e-300  # a lower temperature would divide to infinity, and leaves none but the likeliest either
PLAIN = Sampling()
"""A text as the model has it."""


def choose(logits: Floats, random: float | Chances, how: Sampling) -> Numbers:
    """Draw an id from logits [V], or one from each row of [N, V]; a number in [0, 1) decides, one a row.

    It inverts the cumulative distribution, so the same number draws the same id wherever logits are the same.
    """
    scores = logits[..., UNKNOWN + 1 :].astype(np.float64)
    if how.temperature == 0:
        return np.asarray(UNKNOWN + 1 + scores.argmax(-1))
    scores -= scores.max(-1, keepdims=True)
    scores /= max(how.temperature, COLDEST)
    chances = np.exp(scores, out=scores)
    if how.chooses:
        chances = _filtered(chances, how)
    reached = chances.cumsum(-1)
    drawn = np.multiply(random, reached[..., -1])  # less than the sum, since the number is less than 1
    return np.asarray((reached <= drawn[..., None]).sum(-1) + (UNKNOWN + 1))


def _filtered(chances: Chances, how: Sampling) -> Chances:
    """Chances [..., V] with 0 in place of those that are left out."""
    order = np.argsort(-chances, axis=-1, kind="stable")
    ranked = np.take_along_axis(chances, order, -1)
    if how.top_k:
        ranked[..., how.top_k :] = 0
    if how.top_p < 1:
        before = ranked.cumsum(-1)
        enough = (before < how.top_p * before[..., -1:]).sum(-1, keepdims=True)  # so many do not make it up
        ranked[np.arange(ranked.shape[-1]) > enough] = 0
    ranked[ranked < how.min_p * ranked[..., :1]] = 0
    kept = np.zeros_like(chances)
    np.put_along_axis(kept, order, ranked, -1)
    return kept
