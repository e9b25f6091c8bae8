"""The README's commands run, in order, as written; only training is shortened."""

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHORT = ["--set", "train.steps=6", "--set", "train.hidden=16", "--set", "train.samples.length=40"]
TEXT = "\n\n".join(f"The {n} mills grind slowly, and {n} stones turn; who counts to {n * n}?" for n in range(200))


def commands() -> list[str]:
    block = re.search(r"```console\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert block
    return [line.removeprefix("$ ") for line in block[1].splitlines()]


def test_the_tour_shows_every_command():
    known = subprocess.run(
        [sys.executable, "-m", "corpusmill", "--help"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    listed = set(re.findall(r"^│ ([a-z]+) ", known.stdout, re.MULTILINE))

    assert {shlex.split(command)[1] for command in commands()} == listed


def test_the_tour_runs_as_written(tmp_path, web):
    (tmp_path / "my.txt").write_text(TEXT, encoding="utf-8")
    environment = os.environ | {"CORPUSMILL_STORE": str(tmp_path / "store"), "CORPUSMILL_MIRROR": web}
    for command in commands():
        program, *arguments = shlex.split(command)
        if arguments[0] == "run":
            arguments += ["--plain"] * ("--plain" not in arguments)
        if arguments[0] in ("run", "train"):
            arguments += SHORT
        if arguments[0] == "mirror":
            _serves_until_it_is_stopped([sys.executable, "-m", program, *arguments], tmp_path, environment)
            continue

        done = subprocess.run(
            [sys.executable, "-m", program, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode == 0, f"{command}\n{done.stderr}"
        assert done.stdout.strip(), command
    assert (tmp_path / "bible.html").stat().st_size > 10_000


def _serves_until_it_is_stopped(command, folder, environment):
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout.readline().startswith("serving ")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130


@pytest.mark.parametrize(
    "name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/store.md", "docs/collecting.md"]
)
def test_links_between_the_docs_lead_somewhere(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        if not link.startswith("https://"):
            assert ((ROOT / name).parent / link).exists(), link
