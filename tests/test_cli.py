"""The command line as a user meets it: one line that says what, where and what to do, and the exit status."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from corpusmill.store import Store

ROOT = Path(__file__).parent.parent
TINY = ["--set", "train.steps=4", "--set", "train.hidden=8", "--set", "train.samples.length=30"]
TEXT = "\n\n".join(f"Verse {n}: the mill turns {n} times and the river runs on." for n in range(120))


@pytest.fixture
def corpusmill(tmp_path):
    """Run the program in an empty folder with a store of its own."""

    def call(*arguments, text=None, **environment):
        return subprocess.run(
            [sys.executable, "-m", "corpusmill", *arguments],
            cwd=tmp_path,
            env=os.environ | {"CORPUSMILL_STORE": str(tmp_path / "store"), "COLUMNS": "200", **environment},
            capture_output=True,
            text=True,
            input=text,
            check=False,
        )

    return call


@pytest.fixture
def own(tmp_path) -> Path:
    path = tmp_path / "my.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_run_goes_from_a_file_to_a_report_and_then_skips_everything(corpusmill, own, tmp_path):
    first = json.loads(corpusmill("run", "my.txt", "--plain", "--json", *TINY).stdout)
    again = json.loads(corpusmill("run", "my.txt", "--plain", "--json", *TINY).stdout)

    assert first["skipped"] == []
    assert again["skipped"] == ["collect", "build", "train", "report"]
    assert {**first, "skipped": again["skipped"]} == again
    assert Path(first["report"]).read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert first["corpus"] == "my"
    assert first["version"] == "my@v1"


def test_an_own_corpus_is_known_by_its_name_afterwards(corpusmill, own):
    corpusmill("run", "my.txt", "--plain", *TINY)

    for command in (["build", "my"], ["versions", "my"], ["show", "my"], ["lineage", "my"], ["sample", "my"]):
        done = corpusmill(*command)

        assert done.returncode == 0, done.stderr
        assert done.stdout.strip()


def test_json_objects_have_their_documented_keys(corpusmill, own):
    run = json.loads(corpusmill("run", "my.txt", "--plain", "--json", *TINY).stdout)
    assert set(run) == {"corpus", "snapshot", "version", "run", "report", "skipped"}

    listed = json.loads(corpusmill("corpora", "--json").stdout)["corpora"]
    assert {"name", "title", "licence", "version"} <= set(listed[0])
    assert {"bible", "my", "python", "shakespeare", "tweets"} <= {entry["name"] for entry in listed}

    score = json.loads(corpusmill("score", "my", "--split", "validation", "--reset", "64", "--json").stdout)
    measured = {"nats_per_char", "bits_per_byte", "perplexity", "split", "reset", "characters"}
    assert set(score) == measured | {"boundaries", "dynamic", "tokens", "unit", "unknown"}
    assert score["reset"] == 64

    sample = json.loads(corpusmill("sample", "my", "--length", "20", "--count", "2", "--json").stdout)
    assert [len(s["text"]) for s in sample["samples"]] == [20, 20]

    graph = json.loads(corpusmill("lineage", "my", "--json").stdout)
    kinds = ["source", "fetch", "snapshot", "document", "version", "run", "sample", "report"]
    assert list(dict.fromkeys(node["kind"] for node in graph["nodes"])) == kinds


def test_score_reads_standard_input_and_each_character(corpusmill, own):
    corpusmill("run", "my.txt", "--plain", *TINY)

    each = corpusmill("score", "my", "-", "--each", text="the mill\n")

    assert [line.split("\t")[1] for line in each.stdout.splitlines()] == [repr(c) for c in "the mill\n"]


BAD = [
    (["run", "shakespear"], 1, "did you mean shakespeare"),
    (["run", "missing.txt"], 1, "missing.txt does not exist"),
    (["run", "empty.txt"], 1, "empty.txt is empty"),
    (["run", "binary.bin"], 1, "binary.bin"),
    (["run", "short.txt"], 1, "short"),
    (["run", "python", "--set", "train.hiden=3"], 1, "did you mean hidden"),
    (["run", "python", "--set", "train.hidden=-3"], 1, "train.hidden"),
    (["run", "python", "--set", "hidden"], 1, "is not key=value"),
    (["run", "python", "--set", "split.scheme=legacy:nope"], 1, "legacy:nanogpt"),
    (["run", "shakespeare"], 1, "check the network, or use what was collected before with --offline"),
    (["run", "shakespeare", "--offline"], 1, "was never collected"),
    (["run", "../x"], 1, "../x does not exist"),
    (["show", "my@v9"], 1, "my@v9 is not in the store"),
    (["train", "bible"], 1, "bible"),
    (["sample", "bible"], 1, "bible"),
    (["score", "bible"], 2, "give a file"),
    (["frobnicate"], 2, "No such command"),
    (["run"], 2, "Missing argument"),
    (["sample", "x", "--length", "many"], 2, "length"),
    (["run", "short.txt", "--engine", "numbo"], 2, "did you mean numba?"),
    (["run", "short.txt", "--minutes", "1", "--set", "train.steps=9"], 2, "two budgets"),
]


@pytest.mark.parametrize(
    ("arguments", "status", "said"), BAD, ids=lambda value: " ".join(value) if isinstance(value, list) else None
)
def test_bad_input_is_answered_with_one_line_and_its_status(corpusmill, tmp_path, arguments, status, said):
    (tmp_path / "empty.txt").touch()
    (tmp_path / "binary.bin").write_bytes(bytes(range(256)) * 40)
    (tmp_path / "short.txt").write_text("too short", encoding="utf-8")
    nowhere = {"CORPUSMILL_MIRROR": "", "HTTPS_PROXY": "http://127.0.0.1:9"}
    if arguments[0] == "run":
        arguments = [*arguments, "--plain"]

    done = corpusmill(*arguments, **nowhere)

    assert done.returncode == status, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("corpusmill: ")]
    assert len(lines) == 1, done.stderr
    assert said in lines[0]
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "store").glob("*/versions/v*"))


def test_an_error_is_an_object_with_json(corpusmill):
    done = corpusmill("run", "shakespear", "--plain", "--json")

    assert done.returncode == 1
    error = json.loads(done.stdout)["error"]
    assert set(error) == {"kind", "message", "hint"}
    assert error["kind"] == "UnknownName"


def test_debug_shows_a_traceback(corpusmill):
    assert "Traceback" in corpusmill("--debug", "show", "nothing").stderr


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_run_says_how_to_go_on_and_goes_on(corpusmill, own, tmp_path, number, status):
    long = ["--set", "train.steps=100000", "--set", "train.hidden=8", "--set", "train.evaluations=1000"]
    with subprocess.Popen(
        [sys.executable, "-m", "corpusmill", "run", "my.txt", "--plain", *long],
        cwd=tmp_path,
        env=os.environ | {"CORPUSMILL_STORE": str(tmp_path / "store")},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        deadline = time.monotonic() + 60
        while not list((tmp_path / "store").glob("my/runs/.*.work/metrics.jsonl")) and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(number)
        said = process.communicate(timeout=30)[1]

    assert process.returncode == status
    assert "To go on: corpusmill" in said
    assert Store(tmp_path / "store").runs("my") == []
    assert Store(tmp_path / "store").versions("my")[0].number == 1
    work = next((tmp_path / "store").glob("my/runs/.*.work"))
    assert list(work.glob("checkpoints/*.safetensors"))


def test_a_second_run_at_the_same_time_is_told_so(corpusmill, own, tmp_path):
    corpusmill("run", "my.txt", "--plain", *TINY)
    with Store(tmp_path / "store").lock("my", "collect", "collecting my"):
        done = corpusmill("run", "my.txt", "--plain", *TINY)

    assert done.returncode == 1
    assert "another corpusmill is collecting my" in done.stderr


def test_a_reader_that_goes_away_is_no_error(corpusmill, own, tmp_path):
    corpusmill("run", "my.txt", "--plain", *TINY)
    shell = f"{sys.executable} -m corpusmill sample my --length 20000 | head -c 1; exit ${{PIPESTATUS[0]}}"

    done = subprocess.run(
        ["bash", "-c", shell],
        cwd=tmp_path,
        env=os.environ | {"CORPUSMILL_STORE": str(tmp_path / "store")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 128 + signal.SIGPIPE
    assert done.stderr == ""


def test_a_store_that_cannot_be_written_is_named(corpusmill, own, tmp_path):
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")

    done = corpusmill("run", "my.txt", "--plain", "--store", str(tmp_path / "file"))

    assert done.returncode == 1
    assert str(tmp_path / "file") in done.stderr
    assert "check the disk" in done.stderr
