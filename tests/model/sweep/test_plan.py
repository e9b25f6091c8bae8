"""A sweep file -> trials, and what is wrong with a file."""

import math

import pytest

from corpusmill.errors import SpecError, UnknownNameError
from model.sweep.file import load, parse
from model.sweep.plan import options_of, plan, resolved, side_by_side, varied
from tests.model.small import declared

HEAD = 'corpora = ["sea"]\n'


def trials(text, *overrides):
    return plan(parse(HEAD + text, "sizes.toml", overrides))[0]


def settings(text, *overrides):
    return [dict(trial.settings) for trial in trials(text, *overrides)]


def test_a_grid_is_every_value_with_every_other_in_the_order_of_the_file():
    assert settings("[grid]\ntrain.hidden = [8, 16]\ntrain.layers = [1, 2]") == [
        {"train.hidden": 8, "train.layers": 1},
        {"train.hidden": 8, "train.layers": 2},
        {"train.hidden": 16, "train.layers": 1},
        {"train.hidden": 16, "train.layers": 2},
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [{}]),
        ("[base]\ntrain.hidden = 8", [{"train.hidden": 8}]),
        ("[base.train]\nhidden = 8\nsamples.length = 9", [{"train.hidden": 8, "train.samples.length": 9}]),
        ("seeds = [1, 2]", [{"train.seed": 1}, {"train.seed": 2}]),
        (
            '[base]\ntrain.clip = 1.0\n[[trial]]\ntrain.cell = "gru"\ntrain.clip = 5.0\n[[trial]]\ntrain.cell = "rnn"',
            [{"train.clip": 5.0, "train.cell": "gru"}, {"train.clip": 1.0, "train.cell": "rnn"}],
        ),
        ("[grid]\ntrain.betas = [[0.9, 0.99], [0.9, 0.999]]", [{"train.betas": [0.9, b]} for b in (0.99, 0.999)]),
        ('[grid]\nsplit.scheme = ["document"]', [{"split.scheme": "document"}]),
    ],
)
def test_each_section_is_laid_over_those_before_it(text, expected):
    assert settings(text) == expected


def test_a_text_may_have_settings_of_its_own():
    text = 'corpora = ["a", { name = "b", split.scheme = "legacy:nanogpt" }]\n[base]\nsplit.scheme = "document"'
    found, _ = plan(parse(text, "two.toml"))
    assert [(trial.text, trial.split) for trial in found] == [
        ("a", {"split.scheme": "document"}),
        ("b", {"split.scheme": "legacy:nanogpt"}),
    ]
    assert found[0].place != found[1].place


def test_what_is_set_from_outside_has_the_last_word_and_trials_that_become_the_same_are_one():
    sweep = parse(HEAD + "[grid]\ntrain.hidden = [8, 16]", "sizes.toml", ("train.hidden=4", "train.steps=6"))
    found, twice = plan(sweep)
    assert ([dict(trial.settings) for trial in found], twice) == ([{"train.hidden": 4, "train.steps": 6}], 1)


RANDOM = """[random]
trials = 40
seed = {seed}
train.learning_rate = {{ loguniform = [1e-4, 1e-1] }}
train.dropout = {{ uniform = [0.0, 0.5] }}
train.layers = {{ int = [1, 3] }}
train.cell = {{ choice = ["lstm", "gru"] }}
"""


def test_draws_repeat_lie_where_they_should_and_the_first_of_many_are_those_of_few():
    drawn = settings(RANDOM.format(seed=1))
    assert drawn == settings(RANDOM.format(seed=1))
    assert drawn != settings(RANDOM.format(seed=2))
    assert drawn[:5] == settings(RANDOM.format(seed=1).replace("40", "5"))
    assert {each["train.layers"] for each in drawn} == {1, 2, 3}
    assert {each["train.cell"] for each in drawn} == {"lstm", "gru"}
    assert all(0 <= each["train.dropout"] <= 0.5 for each in drawn)
    logs = [math.log10(each["train.learning_rate"]) for each in drawn]
    assert all(-4 <= log <= -1 for log in logs)
    assert 8 < sum(log < -2.5 for log in logs) < 32
    assert all(float(f"{each['train.dropout']:.4g}") == each["train.dropout"] for each in drawn)


BAD = [
    ("[base]\ntrain.hiden = 8", "unknown key 'base.train.hiden': did you mean hidden?"),
    ("[grid]\ntran.hidden = [8]", "unknown key 'grid.tran': did you mean train?"),
    ("[grid]\nclean.steps = [[]]", "unknown key 'grid.clean'"),
    ("[base]\nsplit.schema = 'x'", "unknown key 'base.split.schema': did you mean scheme?"),
    ("[base]\ntrain.samples.lenght = 8", "unknown key 'base.train.samples.lenght': did you mean length?"),
    ("[[trial]]\ntrain.hiden = 8", "unknown key 'trial.train.hiden'"),
    ("[gird]\ntrain.hidden = [8]", "unknown key 'gird': did you mean grid?"),
    ("[grid]\ntrain.hidden = 8", "grid.train.hidden is no list of values"),
    ("[grid]\ntrain.hidden = []", "grid.train.hidden is no list of values"),
    ("[grid]\ntrain.seed = [1]\n[[trial]]\ntrain.seed = 2", "train.seed is varied by both grid and trial"),
    ("seeds = [1]\n[grid]\ntrain.seed = [1]", "train.seed is varied by both grid and seeds"),
    ("[random]\ntrials = 3", "[random] needs both trials and something to draw"),
    ("[random]\ntrain.clip = { uniform = [1, 2] }", "[random] needs both"),
    ("[random]\ntrials = 2\ntrain.clip = 3", "random.train.clip is no draw"),
    ("[random]\ntrials = 2\ntrain.clip = { unifrom = [1, 2] }", "did you mean uniform"),
    ("[random]\ntrials = 2\ntrain.clip = { uniform = [2, 1] }", "the lower end comes first"),
    ("[random]\ntrials = 2\ntrain.clip = { loguniform = [0, 1] }", "random.train.clip"),
    ("[random]\ntrials = 2\ntrain.clip = { choice = [] }", "with its values"),
    ("[random]\ntrials = true\ntrain.clip = { choice = [1] }", "random.trials is no number"),
    ("[halving]\nfactor = 3", "smallest and the largest budget"),
    ("[halving]\nsteps = [9, 3]", "the smallest budget comes first"),
    ("[halving]\nsteps = [1, 3]\n[grid]\ntrain.steps = [1]", "train.steps is varied by both grid and halving"),
    ("score = 'perplexity'", "score"),
    ("seeds = [-1]", "seeds"),
    ("[[published]]\nvalue = 1.0", "of"),
    ("corpora = ", "is not TOML"),
]


@pytest.mark.parametrize(("text", "said"), BAD, ids=[text for text, _ in BAD])
def test_a_wrong_file_is_refused_naming_file_key_and_nearest_match(text, said):
    with pytest.raises(SpecError, match=r"sizes\.toml") as caught:
        parse(HEAD + text, "sizes.toml")
    assert said in str(caught.value)


@pytest.mark.parametrize("overrides", ["train.hiden=3", "hidden=3", "train.hidden"])
def test_a_wrong_override_is_refused(overrides):
    with pytest.raises(SpecError, match="--set"):
        parse(HEAD, "sizes.toml", (overrides,))


def test_a_budget_from_outside_is_not_passed_over():
    with pytest.raises(SpecError, match=r"--set train\.steps has no say over \[halving\]"):
        parse(HEAD + "[halving]\nsteps = [1, 3]", "sizes.toml", ("train.steps=5",))


def test_no_corpus_and_no_file_are_refused(tmp_path):
    with pytest.raises(SpecError, match="corpora"):
        parse("corpora = []", "sizes.toml")
    with pytest.raises(UnknownNameError, match="did you mean char-rnn"):
        load("char-rn")


def test_a_trial_is_checked_with_the_settings_of_its_corpus_and_the_sweep_is_named():
    (trial,) = trials("[base]\ntrain.samples.length = 7\ntrain.hidden = 64")
    corpus = declared({"samples": {"prime": "x"}, "steps": 3})
    made = resolved(corpus, trial, "sizes.toml")
    assert made.train == {"samples": {"prime": "x", "length": 7}, "steps": 3, "hidden": 64}
    assert corpus.train == {"samples": {"prime": "x"}, "steps": 3}
    (trial,) = trials("[base]\ntrain.hidden = -1")
    with pytest.raises(SpecError, match=r"sizes\.toml: train\.hidden"):
        resolved(corpus, trial, "sizes.toml")


@pytest.mark.parametrize(
    ("train", "threads"),
    [
        ({"hidden": 128}, 1),  # by the clock, small: one of several side by side
        ({"hidden": 128, "threads": 2}, 2),
        ({"hidden": 128, "steps": 9}, 0),  # has one thread as it is
        ({"hidden": 256}, 0),
    ],
)
def test_what_is_small_gets_one_thread_however_many_are_trained_at_once(train, threads):
    (trial,) = trials("")
    assert options_of(resolved(declared(train), trial, "sizes.toml")).threads == threads


def test_as_many_are_trained_at_once_as_have_processors(monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)), raising=False)
    (trial,) = trials("")

    def at_once(*trains):
        return side_by_side([options_of(resolved(declared(train), trial, "")) for train in trains])

    small, large, stepped = {"hidden": 64}, {"hidden": 512}, {"hidden": 512, "steps": 5}
    assert at_once(*[small] * 20) == 8
    assert at_once(*[small] * 3) == 3
    assert at_once(*[large] * 20) == 2
    assert at_once(*[stepped] * 20) == 8
    assert at_once(*[small] * 10, {"hidden": 64, "threads": 3}) == 2


def test_what_differs_is_known():
    found = trials("[base]\ntrain.clip = 1.0\n[grid]\ntrain.hidden = [8, 16]\n[[trial]]\ntrain.layers = 1\n[[trial]]")
    assert varied(found) == ["train.layers", "train.hidden"]
