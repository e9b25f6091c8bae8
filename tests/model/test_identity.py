"""A run is named by what decides its weights, and by nothing else."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from model import identity

ROOT = Path(__file__).parent.parent.parent
EVERY = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in (ROOT / "model").rglob("*.py")}
OUTSIDE = {  # modules of model/ that a training never comes to, and what they are for
    "activations": "looks into finished runs",
    "accelerator.flight": "has several trainings side by side, each as if it were alone",
    "dynamic": "goes on from finished weights",
    "inspection": "looks into finished runs",
    "judged": "asks finished runs",
    "reproduce": "compares finished runs",
    "score": "scores finished runs",
    "suggest": "says where to begin; what is taken of it is a setting",
    "sweep.": "starts trainings, each as if it were alone",
    "units": "looks into finished runs",
    "windows": "the batches again, for other loops",
    "writing": "what a finished run is asked to write",
}
WRITES = {  # what a run holds besides its weights is made by these
    "baselines.": "simpler models",
    "identity": "names runs",
    "sampling.": "how samples are written",
    "step": "the network as samples need it",
    "train": "what is kept where, and the manifest",
}


def test_every_module_decides_the_weights_or_is_left_out_for_a_reason():
    aside = {*identity.ASIDE, *(f"model.{name}" for name in (*OUTSIDE, *WRITES))}
    left = {name for name in EVERY - identity.deciding() if not name.endswith("__init__")}

    unexplained = {name for name in left if not any(name == each or name.startswith(each) for each in aside)}
    both = {name for name in identity.deciding() if any(name == each for each in aside)}

    assert (unexplained, both) == (set(), set())
    assert {each for each in aside if not any(name == each or name.startswith(each) for name in left)} == set()


def test_what_is_left_out_is_called_by_what_decides_and_says_why():
    called = identity.reached(identity.ROOTS)
    assert set(identity.ASIDE) <= called
    assert all(identity.ASIDE.values())


def test_what_decides_reaches_from_the_text_to_the_last_update():
    sure = {
        "preprocess.ids",
        "preprocess.vocab.words",
        "model.tuning",
        "model.batches",
        "model.network",
        "model.learner",
    }
    assert identity.deciding() >= sure | {"model.engine.lstm", "model.optimizers", "model.evaluate", "model.loop"}


def test_what_only_a_type_checker_reads_is_not_followed():
    program = (
        "import os\nif TYPE_CHECKING:\n    import a\ntry:\n    import b\nexcept OSError:\n    from c import d\n"
        "def f():\n    import e\n"
    )
    assert [ast.unparse(each) for each in identity._run(ast.parse(program))] == [
        "import os",
        "import b",
        "from c import d",
        "import e",
    ]


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """The rooms that are read, elsewhere, to be edited."""
    place = tmp_path_factory.mktemp("tree")
    for room in ("corpusmill", "model", "preprocess"):
        shutil.copytree(ROOT / room, place / room, ignore=shutil.ignore_patterns("__pycache__"))
    return place


@pytest.mark.parametrize(
    ("edited", "weights", "rest"),
    [
        ((), False, False),
        (("model/sweep/table.py", "model/suggest.py", "model/score.py", "model/inspection.py"), False, False),
        (("model/sampling/choose.py", "model/baselines/kneser_ney.py", "model/journal.py"), False, True),
        (("model/optimizers.py",), True, False),
        (("preprocess/vocab/words.py",), True, False),
    ],
)
def test_an_edit_changes_the_name_of_a_run_only_where_it_may_change_its_weights(copied, edited, weights, rest):
    for path in edited:
        with (copied / path).open("a") as file:
            file.write("\nANOTHER = 1\n")
    program = "from model import identity; print(identity.code(), identity.beside())"
    done = subprocess.run([sys.executable, "-c", program], cwd=copied, capture_output=True, text=True, check=True)
    for path in edited:
        shutil.copy(ROOT / path, copied / path)

    code, beside = done.stdout.split()
    assert (code != identity.code(), beside != identity.beside()) == (weights, rest)
