import re
import subprocess
from pathlib import Path

import pytest

from tests import commands

ROOT = Path(__file__).parents[2]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return commands.call("benchmarks", *arguments, folder=ROOT, environment={"PATH": "/usr/bin:/bin", **environment})


def test_they_can_be_listed():
    assert re.match(r"train +What the default recipe reaches", run("--list").stdout)


def test_one_that_is_not_there_is_named_with_those_that_are():
    found = run("trian")

    assert found.returncode == 1
    assert re.fullmatch(r"no benchmark is named 'trian'; there are: train, [a-z, ]+\n", found.stderr)


@pytest.mark.parametrize(
    ("text", "said"), [("missing.txt", "No such file"), ("http://127.0.0.1:1/x", "a loopback address")]
)
def test_a_text_that_cannot_be_had_is_told_in_one_line(text, said):
    found = run("train", "--text", text)

    assert found.returncode == 1
    assert said in found.stderr
    assert found.stderr.startswith("benchmarks: ")
    assert found.stderr.count("\n") == 1


SMALL = ("--steps", "4", "--rounds", "2", "--set", "hidden=8", "--set", "batch=2", "--set", "length=8")


@pytest.mark.parametrize("over", ["file", "http"])
def test_training_prints_losses_rates_and_ratios(over, tmp_path, serve):
    text = tmp_path / "example.org" / "text.txt"
    text.parent.mkdir()
    text.write_text("Now is the winter of our discontent\n" * 40)
    where = {"file": str(text), "http": "https://example.org/text.txt"}[over]

    found = run("train", "--text", where, "--seeds", "1", "2", *SMALL, CORPUSMILL_MIRROR=serve(tmp_path))

    assert found.returncode == 0, found.stderr
    assert re.search(r"^ +1 +4 .*\n +2 +4 ", found.stdout, re.MULTILINE)
    assert re.search(r"^corpusmill .* characters per CPU second +\d+\.\d\d x\n", found.stdout, re.MULTILINE)
    assert re.search(r"^one-hot nn\.LSTM .* 1\.00 x\n", found.stdout, re.MULTILINE)
