"""docs/steps.md does as it says."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from corpusmill.types import Drop
from preprocess.clean import rules
from preprocess.clean.rare import RareOptions
from preprocess.clean.signals import SIGNALS
from preprocess.clean.steps import STEPS, resolve
from tests.preprocess.clean.test_steps import document

TEXT = (Path(__file__).parents[3] / "docs" / "steps.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r'^(\S+) +(".*") +-> +(dropped: .*|".*")(?: +(\w+) (\d+))?$', TEXT, re.MULTILINE)


@pytest.mark.parametrize(("step", "before", "after", "name", "count"), EXAMPLES)
def test_an_example_comes_out_as_shown(step, before, after, name, count):
    result = resolve(step, "mill.toml")(document(json.loads(before)))
    if isinstance(result, Drop):
        assert f"dropped: {result.reason}" == after
    else:
        assert (result.text, result.meta) == (json.loads(after), {name: int(count)} if name else {})


def test_every_step_and_every_signal_is_shown():
    assert {step.partition(":")[0] for step, *_ in EXAMPLES} == set(STEPS)
    listed = {name for row in re.findall(r"^\| (`.*?) \|", TEXT, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert listed == set(SIGNALS)


def test_the_section_at_the_top_is_read():
    table = tomllib.loads(re.search(r"```toml\n(.*?)```", TEXT, re.DOTALL)[1])["clean"]
    assert [resolve(step, "mill.toml") for step in table["steps"]]
    assert [rules.resolve(rule, "mill.toml").signal for rule in table["keep"]] == ["alphabetic", "duplicate_lines"]
    assert set(table["signals"]) < set(SIGNALS)
    assert RareOptions(**table["rare"]).fewer_than == 5
