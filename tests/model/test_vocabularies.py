"""Runs of bytes and of words: trained, scored, sampled, looked into, like those of characters."""

import json
import math

import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from benchmarks.material import version as published
from corpusmill.cli import app
from corpusmill.store import Store
from model.inspection import inspect
from model.passage import Passage
from model.reproduce import reproduce
from model.sample import Sampler
from model.sampling.choose import Sampling
from model.score import each, each_token, per_character, score
from model.train import fit
from tests.model.small import corpus, texts

TEXT = "the wind — être\nin Ζ"


@pytest.fixture(scope="module", params=["byte", "word"])
def trained(request, tmp_path_factory):
    store = Store(tmp_path_factory.mktemp(request.param))
    version = published(store, "sea", texts())
    return store, fit(corpus(unit=request.param, boundaries="reset", steps=12), version, store)[0]


def test_a_score_is_per_character_and_per_byte_whatever_is_read(trained):
    store, run = trained
    found, tokens = score(run, store, TEXT), list(each_token(run, store, TEXT))
    total = sum(nats for _, nats in tokens)

    assert (found.unit, found.tokens) == (run.config["unit"], len(tokens))
    assert found.characters == len(TEXT)
    assert found.nats_per_char == pytest.approx(total / len(TEXT))
    assert found.bits_per_byte == pytest.approx(total / math.log(2) / len(TEXT.encode()))
    characters = list(each(run, store, TEXT))
    assert "".join(character for character, _ in characters) == TEXT
    assert sum(nats for _, nats in characters) == pytest.approx(total)


def test_an_unknown_word_is_spelt_out(trained):
    store, run = trained
    costs = dict(each_token(run, store, "the Ζύλο"))

    assert ("Ζύλο" in costs) == (run.config["unit"] == "word")
    assert costs.get("Ζύλο", 99) > 8 * math.log(2) * len("Ζύλο".encode())


def test_reset_counts_tokens_and_documents_begin_at_their_separator(trained):
    store, run = trained
    passage = Passage("the sea\n\nthe sea\n\nthe sea", (0, 9, 18))
    forgets = [nats for _, nats in each_token(run, store, passage)]
    tokens = [token for token, _ in each_token(run, store, passage)]
    first, second = (n for n in range(1, len(tokens)) if tokens[n - 1 : n + 1] == ["\n", "\n"])

    assert forgets[first : second - 1] == pytest.approx(forgets[second : second * 2 - first - 1], abs=1e-5)
    assert score(run, store, TEXT, reset=3).reset == 3


def test_costs_of_tokens_are_spread_over_characters():
    costs = np.array([1.0, 6.0, 2.0])
    assert per_character(costs, np.array([0, 1, 4]), 5).tolist() == [1, 2, 2, 2, 2]
    assert per_character(costs, np.array([0, 1, 1]), 2).tolist() == [1, 8]
    assert per_character(np.zeros(0), np.array([], np.int64), 0).tolist() == []


def test_samples_are_the_same_however_they_are_written(trained):
    store, run = trained
    sampler, how = Sampler.load(run, store), Sampling(length=40, seed=3)
    plain = "".join(sampler.stream("the sea", how))

    assert next(iter(sampler.texts("the sea", how, count=2))) == plain
    assert "".join(sampler.stream("the sea", how, engine="numba")) == plain
    assert plain
    assert "\x00" not in plain


def test_the_beginning_of_a_character_waits_for_its_rest(trained):
    store, run = trained
    sampler = Sampler.load(run, store)
    ids = sampler.vocabulary.encode("f— f")
    pieces = {"byte": ["f", "", "", "—", " ", "f", ""], "word": ["\ufffd", "—", " ", "\ufffd", ""]}[run.config["unit"]]

    assert list(sampler._decoded(ids[n : n + 1] for n in range(len(ids)))) == pieces
    if run.config["unit"] == "byte":
        assert "".join(sampler._decoded([ids[:2]])) == "f\ufffd"


def test_a_beam_ends_before_a_stop_string_beyond_ascii(trained):
    store, run = trained
    sampler = Sampler.load(run, store)
    whole = sampler.beam("the", length=8, width=1)
    found = sampler.beam("the", length=8, width=1, stop=(whole.text[-1],))

    assert len(found.text) < len(whole.text)
    assert whole.nats_per_char > 0


def test_an_inspection_has_a_row_a_token(trained, tmp_path):
    store, run = trained
    unit = run.config["unit"]
    with (tmp_path / "a.parquet").open("wb") as file:
        found = inspect(run, store, TEXT, file=file)
    table = pq.read_table(tmp_path / "a.parquet")

    assert (found.unit, found.tokens, found.characters) == (unit, table.num_rows, len(TEXT))
    assert table[unit].to_pylist() == [token for token, _ in each_token(run, store, TEXT)]
    assert found.nats_per_char == pytest.approx(score(run, store, TEXT).nats_per_char, abs=0.1)
    assert table.schema.metadata[b"unit"].decode() == unit


def test_training_tells_of_characters_and_is_repeated(trained):
    store, run = trained
    lines = [
        msgspec.json.decode(line)
        for line in (store.run_folder("sea", run.id) / "metrics.jsonl").read_bytes().splitlines()
    ]
    per_token = lines[-1]["characters"] / (12 * 4 * 16)

    assert (per_token > 1.5) == (run.config["unit"] == "word")
    assert (per_token < 1) == (run.config["unit"] == "byte")
    assert reproduce(run, store).verdict == "identical"


def test_the_commands_name_the_unit(trained, tmp_path):
    store, run = trained
    unit, file = run.config["unit"], tmp_path / "text.txt"
    file.write_text(TEXT, encoding="utf-8")

    def told(*arguments):
        done = CliRunner().invoke(app, [*arguments, "--store", str(store.root), "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    assert told("sample", "sea", "--length", "5")["unit"] == unit
    assert told("score", "sea", str(file))["unit"] == unit
    listed = told("score", "sea", str(file), "--each")
    assert (listed["unit"], len(listed[f"{unit}s"])) == (unit, told("score", "sea", str(file))["tokens"])
    assert told("inspect", "sea", "the sea")["unit"] == unit
    assert told("baselines", run.ref, "--order", "3")["run"] == run.ref
