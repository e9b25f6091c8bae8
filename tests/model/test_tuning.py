"""A run that starts from another's weights, with both vocabularies merged."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from benchmarks.material import version as published
from corpusmill.cli import app
from corpusmill.errors import SpecError, UnknownNameError
from corpusmill.store import Store, recited
from corpusmill.store.gc import Retention, collect
from corpusmill.store.verify import verify
from flows import stages
from model import reproduce
from model.learner import Learner
from model.load import load
from model.network import from_weights
from model.options import TrainOptions
from model.score import measure
from model.train import fit
from model.tuning import grown, resolved
from preprocess.vocab import Vocabulary, merged
from tests.model.small import SMALL, corpus, prose
from tests.model.small import texts as sea

LAND = {"train": [prose(200, 7).replace("sea", "żyto"), prose(80, 8)], "validation": [prose(120, 9) + "żyto"]}


def land(**train):
    return replace(corpus(**train), name="land", declared_in="land.toml")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A parent that learnt for a while, its child on another corpus, and that one's own; not to be changed."""
    store = Store(tmp_path_factory.mktemp("tuning"))
    parent, _ = fit(corpus(steps=240, evaluations=4), published(store, "sea", sea()), store)
    version = published(store, "land", LAND)
    child, _ = fit(land(init="sea", steps=24), version, store)
    grandchild, _ = fit(land(init=child.ref, steps=6), version, store)
    return store, parent, child, grandchild


@pytest.fixture
def spoilt(made, tmp_path):
    store, *runs = made
    shutil.copytree(store.root, tmp_path / "store")
    return Store(tmp_path / "store"), *runs


@pytest.mark.parametrize("tied", [False, True])
def test_a_merged_vocabulary_predicts_the_old_text_as_before_and_new_characters_as_unknown(tied):
    torch.manual_seed(1)
    options = TrainOptions(hidden=12, embedding=6, tied=tied)
    old = Vocabulary("\n acmt")
    new = merged(old, Vocabulary(" bzż"))
    learnt = Learner(options, len(old)).network.eval()
    for value in learnt.parameters():
        torch.nn.init.normal_(value)
    bigger = from_weights(grown(learnt.weights(), old, new), options)
    for text in ("a cat\nmat", "tam acta"):
        before, after = measure(learnt, old, text), measure(bigger, new, text)
        assert after.nats_per_char == pytest.approx(before.nats_per_char, abs=1e-5)
    ids = torch.tensor([[1], [2]])
    with torch.no_grad():
        chances = bigger(torch.from_numpy(new.encode("a").astype(np.int64))[:, None], bigger.start(1))[0].softmax(-1)
        was = learnt(torch.from_numpy(old.encode("a").astype(np.int64))[:, None], learnt.start(1))[0].softmax(-1)
    assert len(ids) == 2
    for character in "bzż":
        assert chances[0, 0, new.encode(character)[0]].item() == pytest.approx(was[0, 0, 0].item() / 4, rel=1e-4)


def test_a_training_begins_at_the_parents_weights_forget_biases_included(made):
    store, parent, child, _ = made
    trained = load(parent, store)
    own = load(child, store).vocabulary
    start = grown(trained.weights, trained.vocabulary, own)
    learner = Learner(replace(trained.options, averaging=0.9), len(own), start=start)

    for name, value in learner.network.weights().items():
        np.testing.assert_array_equal(value, start[name])
    hidden = trained.options.hidden
    bias = start["layers.0.bias_ih_l0"][hidden : 2 * hidden]
    np.testing.assert_array_equal(bias, trained.weights["layers.0.bias_ih_l0"][hidden : 2 * hidden])
    assert np.abs(bias - 1).max() > 1e-3
    with learner.judged() as network:
        np.testing.assert_array_equal(network.weights()["head.bias"], start["head.bias"])


def test_fine_tuning_beats_training_from_scratch_at_equal_steps(made):
    store, parent, child, _ = made
    scratch, _ = fit(land(steps=24), store.latest_version("land"), store)

    assert child.best["nats_per_char"] < scratch.best["nats_per_char"] - 0.3
    assert child.vocabulary > max(parent.vocabulary, scratch.vocabulary) - 1
    assert set(load(parent, store).vocabulary.characters) <= set(load(child, store).vocabulary.characters)
    shutil.rmtree(store.run_folder("land", scratch.id))


def test_the_parent_is_on_record_and_in_the_id(made):
    store, parent, child, grandchild = made
    version = store.latest_version("land")

    assert (child.parent, child.config["init"]) == (parent.ref, parent.ref)
    assert child.parent_checkpoint == parent.files[parent.checkpoint]
    assert grandchild.parent == child.ref
    assert fit(land(init=parent.ref, steps=24), version, store) == (child, False)
    assert len({run.id for run in store.runs("land")}) == 2


def test_the_shape_is_the_parents(made):
    store, parent, *_ = made
    bare = replace(land(), train={"init": parent.ref, "dropout": 0.3})

    options, found = resolved(bare, store)

    assert found == parent
    assert (options.hidden, options.embedding, options.dropout) == (SMALL["hidden"], SMALL["embedding"], 0.3)
    for name, value, said in (
        ("hidden", 17, f"train.hidden is 17, and {parent.ref}, to start from, has 16"),
        ("cell", "gru", 'train.cell is "gru"'),
        ("unit", "word", 'train.unit is "word"'),
        ("tied", True, "train.tied is true"),
    ):
        with pytest.raises(SpecError, match=r"land\.toml") as caught:
            resolved(replace(bare, train={**bare.train, name: value}), store)
        assert said in str(caught.value)
        assert "leave train." in caught.value.hint
    with pytest.raises(UnknownNameError, match="nobody"):
        resolved(replace(bare, train={"init": "nobody"}), store)


def test_a_fine_tuned_run_is_reproduced(made):
    store, _, child, _ = made
    verdict = reproduce.reproduce(child, store)

    assert (verdict.verdict, verdict.why) == ("identical", ())


def test_without_its_parent_a_run_cannot_be_reproduced_and_verifies_all_the_same(spoilt):
    store, parent, child, _ = spoilt
    other = replace(child, parent_checkpoint="0" * 64)
    assert reproduce.reproduce(other, store).why == (f"{parent.ref} has other weights than it started from",)
    shutil.rmtree(store.run_folder("sea", parent.id))

    verdict = reproduce.reproduce(child, store)

    assert (verdict.verdict, verdict.why) == ("impossible", (f"{parent.ref}, whose weights it started from, is gone",))
    assert not verify(store, child).wrong


def test_collecting_clears_no_run_and_verifying_finds_nothing(spoilt):
    store, *_ = spoilt
    collect(store, Retention(keep=1), moment=datetime.now(UTC) + timedelta(days=9))

    assert [len(store.runs(name)) for name in ("sea", "land")] == [1, 2]


def test_what_is_said_beside_a_run_is_said_beside_those_that_started_from_it(spoilt):
    store, parent, child, grandchild = spoilt
    nothing = recited.Reciting(())
    recited.taint(parent, store, nothing, "2026-01-01T00:00:00Z", "asked", 3)
    recited.inherit(child, store)
    recited.inherit(grandchild, store)

    assert recited.taints(store, child) == recited.taints(store, grandchild) == recited.taints(store, parent)
    assert [(a.id, b.id) for a, b in recited.descended(store, [parent])] == [
        (parent.id, child.id),
        (child.id, grandchild.id),
    ]


def test_the_command_takes_the_run_to_start_from(spoilt, monkeypatch):
    store, parent, child, _ = spoilt
    monkeypatch.setattr(
        stages, "corpus", lambda job: replace(land(steps=24), train={**land(steps=24).train, **init(job)})
    )

    def init(job):
        return {item.partition("=")[0].removeprefix("train."): item.partition("=")[2] for item in job.overrides}

    done = CliRunner().invoke(app, ["train", "land@v1", "--from", "sea", "--store", str(store.root), "--json"])

    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["parent"], told["run"], told["new"]) == (parent.ref, child.ref, False)
    assert told["unit"] == "character"
