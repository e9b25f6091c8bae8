import subprocess
import sys

import pytest

from corpusmill.errors import SpecError
from corpusmill.spec import options
from model.options import SampleOptions, TrainOptions


def test_an_empty_section_is_the_default_recipe():
    assert options(TrainOptions, {}, "bible.toml", "train") == TrainOptions(samples=SampleOptions())


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"hiden": 1}, "unknown key 'train.hiden': did you mean hidden?"),
        ({"samples": {"lenght": 1}}, "unknown key 'train.samples.lenght': did you mean length?"),
        ({"hidden": 0}, "train.hidden"),
        ({"hidden": 64.5}, "train.hidden"),
        ({"dropout": 1.0}, "train.dropout"),
        ({"learning_rate": 0.0}, "train.learning_rate"),
        ({"learning_rate": float("nan")}, "train.learning_rate"),
        ({"learning_rate": float("inf")}, "train.learning_rate"),
        ({"minutes": 0}, "train.minutes"),
        ({"minutes": float("nan")}, "train.minutes"),
        ({"steps": -1}, "train.steps"),
        ({"steps": True}, "train.steps"),
        ({"betas": [0.9]}, "train.betas"),
        ({"clip": 0}, "train.clip"),
        ({"seed": -1}, "train.seed"),
        ({"threads": "two"}, "train.threads"),
        ({"samples": {"temperatures": [-1]}}, "train.samples.temperatures"),
    ],
    ids=str,
)
def test_a_wrong_setting_names_file_and_key(table, said):
    with pytest.raises(SpecError, match=r"bible\.toml") as caught:
        options(TrainOptions, table, "bible.toml", "train")

    assert said in str(caught.value)


@pytest.mark.parametrize("module", ["model.options", "model.train", "model.sample"])
def test_what_trains_nothing_imports_no_torch(module):
    script = f"import sys, {module}; print('torch' in sys.modules)"

    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert said.stdout == "False\n"
