"""The commands sample and inspect, on a small run."""

import io
import json
import signal
import sys

import pyarrow.parquet as pq
import pytest

from corpusmill.cli import main
from model.sample import Sampler
from model.sampling.choose import Sampling

PRIME = "the "


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def call(finished, capsys):
    """Run a command on the store of the run; returns status, stdout and stderr."""
    before = signal.getsignal(signal.SIGTERM)

    def called(command, *arguments):
        with pytest.raises(SystemExit) as ended:
            main([command, "sea", "--store", str(finished[0].root), *map(str, arguments)])
        return ended.value.code, *capsys.readouterr()

    yield called
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="module")
def sampler(finished):
    return Sampler.load(finished[1], finished[0])


@pytest.mark.parametrize("engine", ["auto", "numpy", "numba"])
def test_a_sample_is_what_its_options_say(engine, call, sampler):
    how = Sampling(length=40, temperature=0.7, top_k=9, top_p=0.9, min_p=0.02, stop=("q", "zz"), seed=5)
    options = {"length": 40, "temperature": 0.7, "top-k": 9, "top-p": 0.9, "min-p": 0.02, "seed": 5, "engine": engine}
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]

    status, out, err = call("sample", "--prime", PRIME, "--stop", "q", "--stop", "zz", *arguments)

    assert (status, out, err) == (0, PRIME + "".join(sampler.stream(PRIME, how)) + "\n", "")


def test_several_samples_have_one_seed_after_the_other(call, sampler):
    texts = list(sampler.texts(PRIME, Sampling(length=30, seed=4), count=3))

    status, out, err = call("sample", "--prime", PRIME, "--length", 30, "--seed", 4, "--count", 3)
    assert (status, out) == (0, "".join(f"{PRIME}{text}\n" for text in texts))
    assert err == "--- 1 of 3, seed 4\n--- 2 of 3, seed 5\n--- 3 of 3, seed 6\n"

    told = json.loads(call("sample", "--prime", PRIME, "--length", 30, "--seed", 4, "--count", 3, "--json")[1])
    assert told["samples"] == [{"seed": 4 + n, "text": PRIME + text} for n, text in enumerate(texts)]
    assert told["prime"] == PRIME


def test_a_beam_is_told_with_its_cost(call, sampler):
    found = sampler.beam(PRIME, length=20, width=4)

    assert call("sample", "--prime", PRIME, "--length", 20, "--beam", 4)[:2] == (0, f"{PRIME}{found.text}\n")
    (told,) = json.loads(call("sample", "--prime", PRIME, "--length", 20, "--beam", 4, "--json")[1])["samples"]
    assert told == {"beam": 4, "nats_per_char": found.nats_per_char, "text": PRIME + found.text}


def test_a_prime_may_come_from_a_file_or_from_standard_input(call, tmp_path, monkeypatch):
    (tmp_path / "prime.txt").write_text(f"{PRIME}žluťoučký", encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(PRIME.encode())))

    status, out, err = call("sample", "--prime-file", tmp_path / "prime.txt", "--length", 5)

    assert (status, len(out)) == (0, len(PRIME) + 9 + 5 + 1)
    assert err == "the model has never seen 'ž' 'ť' 'č' 'ý'; it reads them as unknown\n"
    assert call("sample", "--prime-file", "-", "--length", 5)[1].startswith(PRIME)


def test_a_terminal_is_shown_what_would_steer_it(call, monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal())

    call("sample", "--prime", "a\tb\x1b[1m\x9bc\r", "--length", 5)

    assert sys.stdout.getvalue().startswith("a\tb␛[1m\ufffdc␍")


def test_of_many_unseen_characters_some_are_named(call):
    err = call("sample", "--prime", "".join(map(chr, range(0x3041, 0x3080))), "--length", 5)[2]

    assert err.count("'") == 40
    assert err.endswith(" and 43 more characters; it reads them as unknown\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--stop", ""], "this cannot be sampled: stop"),
        (["--temperature", "inf"], "this cannot be sampled: temperature inf"),
        (["--seed", "-1"], "'--seed'"),
        (["--min-p", "1.5"], "'--min-p'"),
        (["--prime", "a", "--prime-file", "b"], "are two texts to go on from"),
        (["--beam", "3", "--temperature", "0.5"], "a beam takes nothing by chance"),
        (["--beam", "3", "--count", "2"], "a beam takes nothing by chance"),
        (["--beam", "3", "--engine", "numba"], "a beam takes nothing by chance"),
        (["--beam", "1001"], "a beam cannot be 1001 wide"),
        (["--engine", "torch"], "'--engine'"),
    ],
    ids=str,
)
def test_what_cannot_be_sampled_is_wrong_usage(arguments, said, call):
    status, out, err = call("sample", *arguments)

    assert (status, out) == (2, "")
    assert said in err


def test_a_prime_that_is_not_text_is_refused(call, tmp_path):
    (tmp_path / "prime.bin").write_bytes(b"\xff\xfe")

    status, _, err = call("sample", "--prime-file", tmp_path / "prime.bin")

    assert status == 1
    assert "is not UTF-8: byte 0" in err


def test_an_inspection_is_told_and_written(call, tmp_path):
    file = tmp_path / "units.parquet"

    status, out, _ = call("inspect", "the (wind) and\nthe sea", "-o", file, "--units", "0:1-3,1")
    told = json.loads(call("inspect", "--split", "validation", "--characters", 50, "--json")[1])

    assert status == 0
    assert "position in line" in out
    assert str(file) in out
    table = pq.read_table(file)
    assert "".join(table["character"].to_pylist()) == "the (wind) and\nthe sea"
    assert [table.schema.field(f"layer{n}_cell").type.list_size for n in (0, 1)] == [3, 16]
    assert list(told) == [
        *["run", "version", "cell", "layers", "units", "unit", "tokens", "characters"],
        *["nats_per_char", "saturation", "features", "file"],
    ]
    assert told["characters"] == 50
    assert told["file"] is None


def test_an_inspection_reads_files_and_standard_input(call, tmp_path, monkeypatch):
    (tmp_path / "sea.txt").write_text("the sea", encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"the seas")))

    for text, length in ((tmp_path / "sea.txt", 7), ("-", 8), ("no such file\0", 13), ("x" * 5000, 5000)):
        assert json.loads(call("inspect", text, "--json")[1])["characters"] == length


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "give a text"),
        (["the sea", "--split", "test"], 2, "give a text"),
        (["--split", "tset"], 2, "no split is named 'tset'"),
        (["--split", "test"], 1, "has no split 'test'"),
        (["the sea", "--units", "0:1"], 2, "name a file with -o"),
        (["the sea", "-o", "FILE", "--units", "one"], 2, "'one' names no units"),
        (["the sea", "-o", "FILE", "--units", "0:16"], 2, "there is no unit 0:16"),
        (["the sea", "-o", "THERE"], 2, "is there already"),
        (["BINARY"], 1, "is not UTF-8: byte 0"),
        (["EMPTY"], 2, "the text is empty"),
    ],
    ids=str,
)
def test_what_cannot_be_inspected_is_told_and_nothing_is_written(arguments, status, said, call, tmp_path):
    (tmp_path / "THERE").write_text("precious")
    (tmp_path / "BINARY").write_bytes(b"\xff")
    (tmp_path / "EMPTY").write_bytes(b"")
    files = {"FILE", "THERE", "BINARY", "EMPTY"}

    found = call("inspect", *(tmp_path / part if part in files else part for part in arguments))

    assert found[0] == status
    assert said in found[2]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["BINARY", "EMPTY", "THERE"]
    assert (tmp_path / "THERE").read_text() == "precious"


def test_a_file_is_replaced_where_that_is_asked_for(call, tmp_path):
    (tmp_path / "a.parquet").write_text("old")

    assert call("inspect", "the sea", "-o", tmp_path / "a.parquet", "--force")[0] == 0
    assert pq.read_table(tmp_path / "a.parquet").num_rows == 7
