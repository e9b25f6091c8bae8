"""Who goes on to a larger budget."""

import math

import pytest

from model.sweep.file import Halving
from model.sweep.halving import halve, rungs
from model.sweep.plan import Trial


@pytest.mark.parametrize(
    ("halving", "budgets", "shares"),
    [
        (Halving(steps=(100, 900)), [100, 300, 900], [1, 3, 9]),
        (Halving(steps=(100, 899)), [100, 300], [1, 3]),
        (Halving(steps=(100, 100)), [100], [1]),
        (Halving(factor=2, minutes=(0.5, 4.0)), [0.5, 1.0, 2.0, 4.0], [1, 2, 4, 8]),
    ],
)
def test_budgets_grow_by_the_factor_up_to_the_largest(halving, budgets, shares):
    found = rungs(halving)
    name = "train.steps" if halving.steps else "train.minutes"
    assert [rung.settings[name] for rung in found] == budgets
    assert [rung.share for rung in found] == shares


def test_a_budget_of_minutes_takes_the_place_of_steps():
    assert rungs(Halving(minutes=(1, 3)))[0].settings == {"train.minutes": 1.0, "train.steps": 0, "train.epochs": 0}


def trial(clip, seed=1, text="sea"):
    return Trial(text=text, settings={"train.clip": clip, "train.seed": seed})


def played(trials, halving, score):
    """The clips of each round, by what `score` says of a trial."""
    seen = []

    def train(those):
        seen.append([(t.text, t.settings["train.clip"], t.settings["train.steps"]) for t in those])
        return [score(t) for t in those]

    halve(trials, rungs(halving), train)
    return seen


def clip(of):
    return of.settings["train.clip"]


def test_one_in_a_factor_goes_on_with_so_much_more():
    trials = [trial(n) for n in (5, 3, 9, 1, 7, 2, 8, 4, 6)]
    first, second, third = played(trials, Halving(steps=(10, 90)), clip)
    assert len(first) == 9
    assert second == [("sea", 3, 30), ("sea", 1, 30), ("sea", 2, 30)]
    assert third == [("sea", 1, 90)]


def test_seeds_go_on_together_by_their_mean_and_what_failed_goes_nowhere():
    scores = {(1, 1): 1.0, (1, 2): 9.0, (2, 1): 3.0, (2, 2): 3.0, (3, 1): 0.0, (3, 2): math.inf}
    trials = [trial(c, seed) for c, seed in scores]
    seen = played(trials, Halving(steps=(10, 30)), lambda t: scores[clip(t), t.settings["train.seed"]])
    assert seen[1] == [("sea", 2, 30), ("sea", 2, 30)]


def test_texts_are_no_rivals_and_each_keeps_one():
    trials = [trial(n, text=text) for text in ("easy", "hard") for n in (1, 2)]
    seen = played(trials, Halving(steps=(10, 30)), lambda t: clip(t) + 100 * (t.text == "hard"))
    assert seen[1] == [("easy", 1, 30), ("hard", 1, 30)]


def test_where_all_failed_no_more_is_trained():
    assert played([trial(1), trial(2)], Halving(steps=(10, 30)), lambda _: math.inf)[1:] == [[]]
