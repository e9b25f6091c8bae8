"""`corpusmill baselines` as a user meets it."""

import json

import pytest

from corpusmill.cli import main
from model.score import score, split_text
from tests.model.small import texts


@pytest.fixture
def asked(finished, capsys):
    """Ask, and get status, stdout and stderr."""

    def ask(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(["baselines", *arguments, "--store", str(finished[0].root)])
        return ended.value.code, *capsys.readouterr()

    return ask


def test_a_versions_are_told_in_a_table(asked):
    status, told, progress = asked("sea@v1", "--order", "5")

    lines = told.splitlines()
    assert status == 0
    assert lines[0].startswith(
        f"sea@v1, validation: all {len(texts()['validation'][0]):,} characters, context carried; "
    )
    assert lines[2].split() == ["model", "bits", "per", "byte", "nats", "per", "character"]
    assert lines[3].startswith("Kneser-Ney, order 5 ")
    assert lines[4].startswith("Kneser-Ney, order 4, the best for this text ")
    assert [line.split("  ")[0] for line in lines[5:11]] == [
        f"{name}, {how}"
        for how in ("after the training text", "alone")
        for name in ("zstd -19 --long", "xz -9", "PPMd-H order 8")
    ]
    assert "has no score of the whole" in told
    assert "n-grams" in progress


def test_a_runs_own_score_on_the_same_text_stands_first(asked, finished):
    store, run = finished
    expected = score(run, store, split_text(run, store, "validation"), split="validation", reset=7)

    status, told, _ = asked(run.ref, "--reset", "7")
    _, body, _ = asked(run.ref, "--reset", "7", "--json")

    assert status == 0
    assert told.splitlines()[3].split() == [
        run.ref, f"{expected.bits_per_byte:.4f}", f"{expected.nats_per_char:.4f}"
    ]  # fmt: skip
    found = json.loads(body)
    assert found["run"] == run.ref
    assert found["score"]["nats_per_char"] == pytest.approx(expected.nats_per_char)
    assert found["characters"] == found["score"]["characters"]
    assert "context anew every 7 characters" in told


def test_one_object_has_all_of_it(asked):
    status, body, _ = asked("sea", "--json", "--sample", "30", "--seed", "2")

    found = json.loads(body)
    assert status == 0
    assert list(found) == [
        "version", "run", "score", "split", "reset", "characters", "characters_in_all", "bytes", "trained",
        "trained_in_all", "kneser_ney", "best", "unsmoothed", "compressors", "samples",
    ]  # fmt: skip
    assert (found["version"], found["run"], found["score"]) == ("sea@v1", None, None)
    assert [(one["order"], len(one["text"])) for one in found["samples"]] == [(4, 30), (7, 30), (10, 30), (20, 30)]


def test_what_the_unsmoothed_model_writes_is_shown(asked):
    _, told, _ = asked("sea", "--sample", "30")

    assert f"order 20 writes:\n{texts()['train'][0][:20]}" in told


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("sea", "--split", "test"), 1, "has no split 'test'"),
        (("sea", "--split", "tset"), 2, "no split is named 'tset'"),
        (("sea", "--order", "0"), 2, "order"),
        (("lake",), 1, "lake"),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_line(asked, arguments, status, said):
    found, told, error = asked(*arguments)

    assert (found, told) == (status, "")
    assert said in error
