"""Successive halving: many trials on a small budget, and only the best go on to a larger one.

    results = halve(trials, rungs(halving, len(trials)), train)

Jamieson & Talwalkar 2016 (arXiv 1502.07943), with the factor of Li et al. 2018 (arXiv 1603.06560, section 3): of each
rung one in `factor` goes on, with `factor` times the budget. Whoever goes on is trained anew: the learning rate falls
over the whole of a budget, so a training that has reached the end of a small one has a rate at which it learns no more,
and would be no fair beginning of a large one. That costs at most factor / (factor - 1) times what going on would.

It knows trials and scores, not how they come to be. What failed has no score and goes nowhere.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

from model.sweep.file import Halving
from model.sweep.plan import Trial

Train = Callable[[Sequence[Trial]], Sequence[float]]
"""Trains trials and gives their scores in order: lower is better, infinite where there is none."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One round: the budget of each trial, and of how many in the first round one is left."""

    settings: dict[str, Any]
    share: int


def rungs(halving: Halving) -> list[Rung]:
    """The rounds from the smallest budget to the last one that is not above the largest."""
    smallest, largest = halving.steps or halving.minutes or (1, 1)
    count = 1 + int(math.log(largest / smallest, halving.factor) + 1e-9)
    powers = [halving.factor**place for place in range(count)]
    return [Rung(_budget(halving, smallest * power), power) for power in powers]


def halve(trials: Sequence[Trial], rounds: Sequence[Rung], train: Train) -> None:
    """Train in rounds. Seeds of one configuration go on together, by their mean; texts and splits are kept apart."""
    first, left = _sizes(trials), list(trials)
    for number, rung in enumerate(rounds):
        at = [replace(trial, settings={**trial.settings, **rung.settings}) for trial in left]
        scores = train(at)
        if number + 1 < len(rounds):
            left = _survivors(left, scores, first, rounds[number + 1].share)


def _survivors(trials: Sequence[Trial], scores: Sequence[float], first: dict[bytes, int], share: int) -> list[Trial]:
    """The trials whose configurations are the best of their place, in the order they had."""
    seen: dict[bytes, dict[bytes, list[float]]] = {}
    for trial, score in zip(trials, scores, strict=True):
        seen.setdefault(trial.place, {}).setdefault(trial.configuration, []).append(score)
    kept = set[bytes]()
    for place, found in seen.items():
        means = {configuration: fmean(each) for configuration, each in found.items()}
        whole = sorted((c for c in means if math.isfinite(means[c])), key=means.__getitem__)
        kept |= set(whole[: max(first[place] // share, 1)])
    return [trial for trial in trials if trial.configuration in kept]


def _sizes(trials: Sequence[Trial]) -> dict[bytes, int]:
    """How many configurations each place begins with."""
    found: dict[bytes, set[bytes]] = {}
    for trial in trials:
        found.setdefault(trial.place, set()).add(trial.configuration)
    return {place: len(each) for place, each in found.items()}


def _budget(halving: Halving, amount: float) -> dict[str, Any]:
    """Settings that give a training so much and no other budget."""
    if halving.steps:
        return {"train.steps": int(amount), "train.epochs": 0}
    return {"train.minutes": float(f"{amount:.6g}"), "train.steps": 0, "train.epochs": 0}
