import json
import math

import numpy as np
import pyarrow.parquet as pq
import pytest

from corpusmill.errors import UsageError
from model import activations
from model.activations import Table, blocks
from model.inspection import inspect
from model.score import each
from model.step import Prepared
from model.units import Reader, Summary
from preprocess.vocab import Vocabulary
from tests.model.networks import KINDS, options, torch_logits, weights

KNOWN = Vocabulary('\n "(),abcdef')
TEXT = 'a "bad (cab)" fed,\nabž\n' * 4
GATES = {"lstm": "ifgo", "gru": "rzn", "rnn": ""}


def sigmoid(values):
    return 1 / (1 + np.exp(-values.astype(np.float64)))


def by_hand(stored, chosen, ids) -> dict[str, np.ndarray]:
    """States and gates of the first layer, [n, H] each, as the papers write them."""
    size, split = chosen.hidden, len(GATES[chosen.cell]) or 1
    inputs, recurrent, *biases = (
        stored[f"layers.0.{name}_l0"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    hidden, cell, found = np.zeros(size), np.zeros(size), []
    for known in ids:
        given = np.split(inputs @ stored["embedding.weight"][known] + biases[0], split)
        kept = np.split(recurrent @ hidden + biases[1], split)
        if chosen.cell == "lstm":
            i, f, o = (sigmoid(given[n] + kept[n]) for n in (0, 1, 3))
            g = np.tanh(given[2] + kept[2])
            cell = f * cell + i * g
            hidden = o * np.tanh(cell)
            row = {"hidden": hidden, "cell": cell, "i": i, "f": f, "g": g, "o": o}
        elif chosen.cell == "gru":
            r, z = (sigmoid(given[n] + kept[n]) for n in (0, 1))
            n = np.tanh(given[2] + r * kept[2])
            hidden = (1 - z) * n + z * hidden
            row = {"hidden": hidden, "r": r, "z": z, "n": n}
        else:
            hidden = np.tanh(given[0] + kept[0])
            row = {"hidden": hidden}
        found.append(row)
    return {part: np.array([row[part] for row in found]) for part in found[0]}


def written(path, kind, text=TEXT, units=None):
    """The table of a text, and what it was made of."""
    chosen = options(**kind)
    stored = weights(chosen, len(KNOWN))
    everything = [np.arange(chosen.hidden)] * chosen.layers
    with path.open("wb") as file:
        table = Table(file, chosen, KNOWN, units or everything, {"run": "sea/runs/1", "version": "sea@v1"})
        for block in blocks(Prepared.of(stored, chosen), chosen, KNOWN, text):
            table.write(block)
        table.close()
    return pq.ParquetFile(path), stored, chosen


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_row_has_what_a_character_cost_what_was_guessed_and_the_state_after_it(kind, tmp_path):
    file, stored, chosen = written(tmp_path / "a.parquet", kind)
    found, ids = file.read(), KNOWN.encode(TEXT)
    before = np.vstack((stored["head.bias"], torch_logits(stored, chosen, ids)[:-1]))
    chances = np.exp(before) / np.exp(before).sum(1, keepdims=True)
    spelt = KNOWN.unknown_bytes(TEXT) * 8 * math.log(2)

    assert found["place"].to_pylist() == list(range(len(TEXT)))
    assert "".join(found["character"].to_pylist()) == TEXT
    assert found["id"].to_pylist() == ids.tolist()
    assert found["nats"].to_pylist() == pytest.approx(spelt - np.log(chances[np.arange(len(ids)), ids]), abs=1e-3)
    assert np.array(found["chances"].to_pylist()) == pytest.approx(-np.sort(-chances, 1)[:, :5], abs=1e-4)
    likeliest = ["\ufffd" if n == 0 else KNOWN.characters[n - 1] for n in chances.argmax(1)]
    assert [row[0] for row in found["guesses"].to_pylist()] == likeliest
    for part, values in by_hand(stored, chosen, ids).items():
        assert np.array(found[f"layer0_{part}"].to_pylist()) == pytest.approx(values, abs=1e-4), part
    parts = {"hidden", *(["cell"] if chosen.cell == "lstm" else []), *GATES[chosen.cell]}
    assert set(found.column_names[6:]) == {f"layer{n}_{part}" for n in range(chosen.layers) for part in parts}


def test_rows_come_in_groups_that_bound_memory(tmp_path, monkeypatch):
    whole = written(tmp_path / "whole.parquet", KINDS[2])[0].read()
    monkeypatch.setattr(activations, "GROUP_BYTES", 4 * 2 * 13 * 6 * 7)

    file = written(tmp_path / "parts.parquet", KINDS[2])[0]

    assert file.num_row_groups == math.ceil(len(TEXT) / 7)
    assert file.read().equals(whole)


def test_the_schema_says_what_the_numbers_are_of(tmp_path):
    units = [np.array([], np.int64), np.array([2, 7])]
    all_units = written(tmp_path / "all.parquet", KINDS[3])[0].read()
    file = written(tmp_path / "some.parquet", KINDS[3], units=units)[0]
    metadata = {key.decode(): value.decode() for key, value in file.schema_arrow.metadata.items()}
    names = [name for name in file.schema_arrow.names if name.startswith("layer")]

    assert names == ["layer1_hidden", "layer1_r", "layer1_z", "layer1_n"]
    assert json.loads(metadata.pop("units")) == {"0": [], "1": [2, 7]}
    facts = {"run": "sea/runs/1", "version": "sea@v1"}
    assert metadata == {**facts, "unit": "character", "cell": "gru", "layers": "2"}
    for name in names:
        assert str(file.schema_arrow.field(name).type) == "fixed_size_list<element: float>[2]"
        assert file.read()[name].to_pylist() == [[row[2], row[7]] for row in all_units[name].to_pylist()]


def test_a_lone_surrogate_is_read_and_stored_as_the_character_for_such(tmp_path):
    found = written(tmp_path / "a.parquet", KINDS[0], text="a\ud800b")[0].read()

    assert found["character"].to_pylist() == ["a", "\N{REPLACEMENT CHARACTER}", "b"]


@pytest.mark.parametrize(
    ("text", "quoted", "bracketed", "position"),
    [
        ('a "b" c', "0011000", "0000000", "1234567"),
        ("a “b” c", "0011000", "0000000", "1234567"),
        ("a((b)c)d", "00000000", "01111100", "12345678"),
        ("a)\n(b\n", "000000", "000111", "120120"),
        ('"a\n\n(b\n\nc', "111000000", "000011100", "120012001"),
    ],
)
def test_features_are_of_a_character_once_it_was_read(text, quoted, bracketed, position):
    reader = Reader()
    rows = np.vstack([reader.read(text[:2]), reader.read(text[2:])]).astype(int)

    assert ["".join(map(str, column)) for column in rows.T] == [quoted, bracketed, position]


@pytest.mark.parametrize("kind", [KINDS[1], KINDS[3], KINDS[6]], ids=str)
def test_a_summary_counts_saturation_and_finds_the_units_that_follow_a_feature(kind, monkeypatch):
    chosen = options(**kind)
    monkeypatch.setattr(activations, "MOST_ROWS", 10)
    every = list(blocks(Prepared.of(weights(chosen, len(KNOWN)), chosen), chosen, KNOWN, TEXT))
    summary = Summary(chosen)
    for block in every:
        summary.add(block)
    state = {part: np.vstack([block.state[part] for block in every]) for part in every[0].state}
    followed = state["cell" if chosen.cell == "lstm" else "hidden"].astype(np.float64)

    for one in summary.saturation():
        gate = state[one.gate][:, one.layer]
        assert (one.left, one.right) == pytest.approx(((gate < 0.1).mean(), (gate > 0.9).mean()), abs=1e-4)
    assert [one.gate for one in summary.saturation()] == list({"lstm": "ifo", "gru": "rz", "rnn": ""}[chosen.cell]) * (
        chosen.layers
    )
    values = Reader().read(TEXT)
    for feature, column in zip(summary.features(), values.T, strict=True):
        flat = followed.reshape(len(column), -1)
        correlations = np.array([np.corrcoef(column, unit)[0, 1] for unit in flat.T])
        assert feature.mean == pytest.approx(column.mean(), abs=1e-4)
        expected = np.sort(np.abs(correlations))[::-1][:5]
        assert [abs(one.correlation) for one in feature.units] == pytest.approx(expected, abs=1e-3)
        for one in feature.units:
            place = one.layer * chosen.hidden + one.unit
            assert one.correlation == pytest.approx(correlations[place], abs=1e-3)


def test_no_unit_follows_what_is_the_same_everywhere():
    chosen = options(**KINDS[0])
    summary = Summary(chosen)
    for block in blocks(Prepared.of(weights(chosen, len(KNOWN)), chosen), chosen, KNOWN, "abc"):
        summary.add(block)

    quotes, brackets, position = summary.features()
    assert quotes.units == brackets.units == ()
    assert len(position.units) == 4


def test_a_run_is_inspected_at_the_costs_that_score_has(finished, tmp_path):
    store, run = finished
    text = "the wind, the sea — žluťoučký"
    told = []

    with (tmp_path / "a.parquet").open("wb") as file:
        found = inspect(run, store, text, file=file, progress=lambda *said: told.append(said))

    nats = [cost for _, cost in each(run, store, text)]
    assert pq.read_table(tmp_path / "a.parquet")["nats"].to_pylist() == pytest.approx(nats, abs=1e-4)
    assert found.nats_per_char == pytest.approx(sum(nats) / len(text), abs=1e-5)
    assert (found.run, found.version, found.characters) == (run.ref, run.version_ref, len(text))
    assert told == [("inspect", len(text), len(text), "")]
    assert inspect(run, store, text) == found


@pytest.mark.parametrize(
    ("text", "chosen", "said"),
    [
        ("", (), "the text is empty"),
        ("the sea", [(2, 0, None)], "no unit 2:0-15"),
        ("the sea", [(0, 16, 16)], "no unit 0:16"),
        ("the sea", [(1, 5, 3)], "no unit 1:5-3"),
    ],
)
def test_what_cannot_be_inspected_is_said(text, chosen, said, finished):
    with pytest.raises(UsageError, match=said):
        inspect(finished[1], finished[0], text, chosen=chosen)
