"""Every shipped experiment is a sweep whose trials the shipped corpora can be trained with."""

import pytest

import preprocess
from corpusmill import spec
from model.sweep import file
from model.sweep.halving import rungs
from model.sweep.plan import options_of, plan, resolved

TRIALS = {
    "anna": 1,
    "char-rnn": 1,
    "default": 2,
    "manele": 9,
    "nanogpt-cpu": 2,
    "paper-2015": 72,
    "torch-rnn": 1,
    "udacity": 1,
    "warpeace": 1,
}


def test_all_are_known():
    assert file.names() == sorted(TRIALS)


@pytest.mark.parametrize("name", TRIALS)
def test_every_trial_resolves(name):
    sweep = file.load(name)
    trials, twice = plan(sweep)
    assert (len(trials), twice) == (TRIALS[name], 0)
    assert sweep.title
    assert sweep.source
    assert sweep.about
    assert not sweep.halving or rungs(sweep.halving)
    corpora = {text.name: spec.load(text.name) for text in sweep.texts}
    for trial in trials:
        made = resolved(corpora[trial.text], trial, sweep.declared_in)
        preprocess.check(made)
        options = options_of(made)
        assert options.seed == trial.settings.get("train.seed", 1)
        assert made.split["scheme"] == trial.settings.get("split.scheme", "document")


@pytest.mark.parametrize("name", TRIALS)
def test_a_published_figure_names_what_it_is_of_and_belongs_to_a_trial(name):
    sweep = file.load(name)
    trials, _ = plan(sweep)
    for figure in sweep.published:
        assert figure.of
        assert figure.source
        assert any(figure.settings.items() <= trial.settings.items() for trial in trials)


def test_the_paper_has_rows_of_equal_parameters():
    cells, grid = {"lstm": 4, "gru": 3, "rnn": 1}, {}
    for trial in plan(file.load("paper-2015"))[0]:
        cell, layers, hidden = (trial.settings[f"train.{name}"] for name in ("cell", "layers", "hidden"))
        upper = (layers - 1) * cells[cell] * hidden * (2 * hidden + 2)
        size = cells[cell] * hidden * (87 + hidden + 2) + upper + 87 * (hidden + 1)  # one-hot input of 87
        grid.setdefault(cell, {}).setdefault(layers, set()).add(size)
    assert {cell: {layers: len(sizes) for layers, sizes in found.items()} for cell, found in grid.items()} == {
        cell: {1: 4, 2: 4, 3: 4} for cell in cells
    }
    for row in zip(*(sorted(sizes) for found in grid.values() for sizes in found.values()), strict=True):
        assert max(row) / min(row) < 1.03
