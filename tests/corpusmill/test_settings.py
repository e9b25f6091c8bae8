"""What the options of a training come to, as one list of overrides."""

import pytest

from corpusmill.cli.settings import overrides
from corpusmill.errors import UsageError

SAID = "--minutes and --set {} are two budgets: give one of them"


@pytest.mark.parametrize(
    ("sets", "minutes", "engine", "found"),
    [
        (None, None, None, ()),
        (["train.hidden=8"], None, None, ("train.hidden=8",)),
        (["train.minutes=9"], 2.0, None, ("train.minutes=9", "train.minutes=2.0")),
        (["train.engine=numba"], None, "torch", ("train.engine=numba", "train.engine=torch")),
        (["train.steps=0"], 1, "auto", ("train.steps=0", "train.minutes=1", "train.engine=auto")),
        (["train.epochs=0.0"], 1, None, ("train.epochs=0.0", "train.minutes=1")),
    ],
)
def test_an_option_has_the_last_word(sets, minutes, engine, found):
    assert overrides(sets, minutes, engine) == found


@pytest.mark.parametrize(
    ("sets", "minutes", "engine", "said"),
    [
        (["train.steps=20"], 1.0, None, SAID.format("train.steps=20")),
        (["train.hidden=8", "train.epochs=0.5"], 1.0, None, SAID.format("train.epochs=0.5")),
        ([], None, "numbo", "no engine is named 'numbo': did you mean numba?"),
        ([], None, "", "no engine is named '': engines: auto, torch, numba"),
    ],
)
def test_what_contradicts_itself_or_is_unknown_is_refused(sets, minutes, engine, said):
    with pytest.raises(UsageError) as caught:
        overrides(sets, minutes, engine)
    assert str(caught.value) == said
