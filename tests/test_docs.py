"""The README's commands run, in order, as written, only training is shortened; so does what the guides show."""

import os
import re
import runpy
import shlex
import shutil
import signal
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import pytest

import collectors
from corpusmill.store import Store
from corpusmill.types import Corpus
from flows.service import state
from preprocess import recipe
from preprocess.parse import verses
from tests import commands
from tests.preprocess.snapshots import raw_file

ROOT = Path(__file__).parent.parent
SHORT = ["--set", "train.steps=6", "--set", "train.hidden=16", "--set", "train.samples.length=40"]
TEXT = "\n\n".join(f"The {n} mills grind slowly, and {n} stones turn; who counts to {n * n}?" for n in range(200))
PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/baselines.md",
    "docs/building-on-a-cluster.md",
    "docs/building.md",
    "docs/collecting.md",
    "docs/duplicates.md",
    "docs/fine-tuning.md",
    "docs/forgetting.md",
    "docs/interchange.md",
    "docs/lineage.md",
    "docs/notifications.md",
    "docs/operate.md",
    "docs/python.md",
    "docs/reliability.md",
    "docs/results.md",
    "docs/sampling.md",
    "docs/scale.md",
    "docs/scaling-training.md",
    "docs/scoring.md",
    "docs/site.md",
    "docs/steps.md",
    "docs/store.md",
    "docs/sweeps.md",
    "docs/tracing.md",
    "docs/training.md",
    "docs/vocabularies.md",
)
RUN = (
    "docs/building.md",
    "docs/store.md",
    "docs/interchange.md",
    "docs/lineage.md",
    "docs/tracing.md",
    "docs/python.md",
    "docs/sampling.md",
    "docs/scoring.md",
    "docs/baselines.md",
    "docs/site.md",
    "docs/reliability.md",
    "docs/notifications.md",
    "docs/forgetting.md",
    "docs/sweeps.md",
    "docs/training.md",
    "docs/vocabularies.md",
    "docs/fine-tuning.md",
)  # in one store, one after the other


def blocks(name: str, language: str) -> list[str]:
    """The pieces of a page that are marked as being in a language, without the indent of a list they stand in."""
    text = (ROOT / name).read_text(encoding="utf-8")
    found = re.findall(rf"^ *```{language}\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(block) for block in found]


def shown() -> list[str]:
    (block,) = blocks("README.md", "console")
    return [line.removeprefix("$ ") for line in block.splitlines()]


def test_every_page_of_the_docs_is_looked_at():
    assert sorted(path.name for path in (ROOT / "docs").glob("*.md")) == [Path(name).name for name in PAGES[3:]]


def test_the_tour_shows_every_command():
    known = subprocess.run(
        [sys.executable, "-m", "corpusmill", "--help"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    listed = set(re.findall(r"^│ ([a-z]+) ", known.stdout, re.MULTILINE))

    assert {shlex.split(command)[1] for command in shown()} == listed


def test_the_tour_runs_as_written(tmp_path, web, migrated):
    (tmp_path / "my.txt").write_text(TEXT, encoding="utf-8")
    shutil.copy(migrated, state.private(state.folder_of(Store(tmp_path / "store"))) / "prefect.db")
    environment = os.environ | {"CORPUSMILL_STORE": str(tmp_path / "store"), "CORPUSMILL_MIRROR": web}
    for command in shown():
        program, *arguments = shlex.split(command)
        if arguments[0] == "run":
            arguments += ["--plain"] * ("--plain" not in arguments)
        if arguments[0] in ("run", "train"):
            arguments = _short(arguments)
        if arguments[0] == "mirror":
            _serves_until_it_is_stopped([sys.executable, "-m", program, *arguments], tmp_path, environment)
            continue

        _succeeds(commands.call(program, *arguments, folder=tmp_path, environment=environment))
    assert (tmp_path / "bible.html").stat().st_size > 10_000


def _short(arguments):
    """The same in a few steps instead of minutes."""
    timed = arguments.index("--minutes") if "--minutes" in arguments else len(arguments)
    return [*arguments[:timed], *arguments[timed + 2 :], *SHORT]


def _serves_until_it_is_stopped(command, folder, environment):
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout.readline().startswith("serving ")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """Where the guides are read, each with what those before it have made."""
    return tmp_path_factory.mktemp("desk")


@pytest.mark.parametrize("name", RUN)
def test_a_guide_runs_as_written(name, desk, web):
    environment = os.environ | {"CORPUSMILL_STORE": str(desk / "STORE"), "CORPUSMILL_MIRROR": web}
    for line in (line.removeprefix("$ ") for block in blocks(name, "console") for line in block.splitlines()):
        _succeeds(commands.call(*shlex.split(line), folder=desk, environment=environment))
    for block in blocks(name, "python"):
        python = [sys.executable, "-W", "error", "-c", block]
        _succeeds(subprocess.run(python, cwd=desk, env=environment, capture_output=True, text=True, check=False))


def _succeeds(done):
    assert done.returncode == 0, f"{done.args}\n{done.stderr}"
    assert done.stdout.strip(), done.args


def test_the_cases_that_are_shown_to_contributors_are_cases(tmp_path):
    (tmp_path / "verses.py").write_text(*blocks("CONTRIBUTING.md", "python"), encoding="utf-8")
    shown = runpy.run_path(tmp_path / "verses.py")
    assert set(shown) >= {"OPTIONS", "GOOD", "PARTS", "GROWING"}
    for options in shown["OPTIONS"]:
        assert all(list(verses.parse(raw_file("file:mill.json"), body, options)) for body in shown["GOOD"])
    for make in shown["GROWING"].values():
        assert 1000 <= len(make(1000)) < 1100


@pytest.mark.parametrize("name", PAGES)
def test_the_sections_that_a_page_shows_are_read(name):
    for block in blocks(name, "toml"):
        table = tomllib.loads(block)
        parse = {"kind": "text"} | table.get("parse", {})
        sections = {key: table[key] for key in ("clean", "split", "expect") if key in table}
        declared = Corpus(
            name="mill", title="Mill", licence="CC0-1.0", source=table.get("source", {}), parse=parse, **sections
        )
        assert recipe.check(declared)
        assert "source" not in table or collectors.check(declared)


@pytest.mark.parametrize("name", PAGES)
def test_links_between_the_docs_lead_somewhere(name):
    for link in re.findall(r"\]\(([^)#]+)\)", (ROOT / name).read_text(encoding="utf-8")):
        if not link.startswith("https://"):
            assert ((ROOT / name).parent / link).exists(), link
