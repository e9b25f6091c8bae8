import json
import shutil

import numpy as np
import pytest
import torch

from corpusmill.api.run import OpenRun
from corpusmill.cli import main
from corpusmill.errors import UnknownNameError, UsageError
from corpusmill.store.ids import file_sha256
from model.costs import character_nats as static_nats
from model.dynamic import SMALL, character_nats, gathered, settings, zeroed
from model.network import Network
from model.options import TrainOptions
from model.passage import Passage
from model.score import each, score, split_passage
from model.train import fit
from tests.model.networks import KINDS
from tests.model.small import corpus, prose

IDS = np.tile(np.random.default_rng(0).integers(1, 12, 15), 10).astype(np.uint8)
TRAIN = np.random.default_rng(1).integers(1, 12, 400).astype(np.uint8)
NOWHERE = np.zeros(len(IDS), np.bool_)
RULES = [settings("sgd", rate=0.5, window=20), settings("rms", rate=5e-3, window=20)]


def network(**kind) -> Network:
    torch.manual_seed(2)
    return Network(12, TrainOptions(**{"hidden": 8, "layers": 2, "embedding": 4, **kind})).eval()


def learnt(ids=TRAIN):
    return lambda: (ids, np.zeros(len(ids), np.bool_))


def costs(network, ids, how, fresh=NOWHERE):
    return character_nats(network, ids, how, gathered(network, how, learnt()), fresh[: len(ids)])


@pytest.mark.parametrize("how", RULES, ids=lambda how: how.rule)
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_window_is_scored_before_it_is_learnt_from_and_what_repeats_gets_cheaper(how, kind):
    read = network(**kind)

    found, static = costs(read, IDS, how), static_nats(read, IDS)

    assert found[:21] == pytest.approx(static[:21], abs=1e-5)
    assert np.abs(found[21:] - static[21:]).max() > 1e-3
    assert found[-60:].mean() < static[-60:].mean()


@pytest.mark.parametrize("how", RULES, ids=lambda how: how.rule)
@pytest.mark.parametrize("cut", [1, 2, 20, 21, 22, 41, 90])
def test_a_cost_never_depends_on_later_text(how, cut):
    other = np.concatenate([IDS[:cut], 12 - IDS[cut:]]).astype(np.uint8)

    one, two = costs(network(), IDS, how), costs(network(), other, how)

    assert (one[:cut] == two[:cut]).all()
    assert costs(network(), IDS[:cut], how) == pytest.approx(one[:cut], abs=1e-5)


@pytest.mark.parametrize("how", RULES, ids=lambda how: how.rule)
def test_the_network_stays_as_it_was(how):
    read = network()
    before = read.weights()

    costs(read, IDS, how)

    assert all((value == before[name]).all() for name, value in read.weights().items())
    assert all(value.grad is None for value in read.parameters())


def test_the_rules_are_those_of_the_paper():
    read, ids = network(), IDS[:9]
    sgd, rms = (settings(rule, rate=0.02, decay=0.3, window=4) for rule in ("sgd", "rms"))
    roots = gathered(read, rms, learnt())
    mean = np.concatenate([root.numpy().ravel() for root in roots]).mean()
    for how in (sgd, rms):
        live = network()
        trained = [value.detach().clone() for value in live.parameters()]
        state = live.start(1)
        for first in (0, 4):
            part = torch.from_numpy(ids[first : first + 5].astype(np.int64)).unsqueeze(1)
            logits, state = live(part[:-1], tuple(memory.detach() for memory in state))
            losses = torch.nn.functional.cross_entropy(logits[:, 0], part[1:, 0], reduction="none")
            assert costs(read, ids, how)[first + 1 : first + 5] == pytest.approx(losses.detach().numpy(), abs=1e-5)
            live.zero_grad()
            losses.mean().backward()
            with torch.no_grad():
                for value, first_value, root in zip(live.parameters(), trained, roots, strict=True):
                    scale = 1 / (root + SMALL * mean) if how is rms else 1.0
                    pull = (0.3 * root / mean).clamp(max=1) if how is rms else 0.3
                    value.add_(pull * (first_value - value) - 0.02 * scale * value.grad)


def test_the_state_is_zeroed_where_static_scoring_zeroes_it():
    how, fresh = settings("sgd", rate=1e-12, window=7), NOWHERE.copy()
    fresh[[33, 90]] = True

    found = costs(network(), IDS, how, zeroed(len(IDS), 50, fresh))

    one = static_nats(network(), IDS, 50)
    places = np.r_[1:34, 51:91, 101:150]
    assert found[places] == pytest.approx(one[places], abs=1e-4)
    assert np.abs(found[34:40] - one[34:40]).max() > 1e-4


def test_a_rate_that_is_too_high_is_refused_in_words():
    with pytest.raises(UsageError, match=r"dynamic evaluation diverged before character .*lower the rate \(it is 1e\+"):
        costs(network(), IDS, settings("sgd", rate=1e38, window=5))


@pytest.mark.parametrize(
    "wrong", [{"rate": 0}, {"rate": -1}, {"rate": float("inf")}, {"decay": 2}, {"decay": -1}, {"window": 0}], ids=str
)
def test_settings_that_cannot_be_are_refused(wrong):
    with pytest.raises(UsageError, match="nothing can be learnt at rate"):
        settings("rms", **wrong)


def test_a_run_is_scored_so_and_its_weights_are_untouched(finished):
    store, run = finished
    folder = store.run_folder(run.corpus, run.id)
    text = prose(300, 9)

    whole = score(run, store, text, dynamic=settings("rms", rate=0.01))
    one_by_one = list(each(run, store, text, dynamic=settings("rms", rate=0.01)))

    assert whole.nats_per_char < score(run, store, text).nats_per_char
    assert "".join(character for character, _ in one_by_one) == text
    assert sum(nats for _, nats in one_by_one) / len(text) == pytest.approx(whole.nats_per_char)
    assert whole.dynamic == settings("rms", rate=0.01)
    assert OpenRun(run, store).score(text, dynamic="sgd").dynamic == settings("sgd")
    assert {name: file_sha256(folder / name) for name in run.digests} == dict(run.digests)


def test_documents_are_read_as_if_alone_where_the_model_learnt_so(store, version):
    run, _ = fit(corpus(boundaries="reset", steps=8), version, store)
    passage = split_passage(run, store, "train")
    how = settings("sgd", rate=1e-12)

    found = score(run, store, passage, dynamic=how)

    assert found.boundaries == "reset"
    assert found.nats_per_char == pytest.approx(score(run, store, passage).nats_per_char, abs=1e-4)
    assert score(run, store, Passage(passage.text), dynamic=how).nats_per_char != pytest.approx(
        found.nats_per_char, abs=1e-7
    )
    assert score(run, store, passage, dynamic=settings("rms")).dynamic == settings("rms")


def test_where_the_training_text_is_gone_one_rule_is_left(spoilt):
    store, run = spoilt
    shutil.rmtree(store.corpus("sea") / "versions")

    with pytest.raises(UnknownNameError, match="sea@v1"):
        score(run, store, "the sea", dynamic=settings("rms"))
    assert score(run, store, "the sea", dynamic=settings("sgd")).characters == 7


def ask(capsys, finished, *arguments) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["score", finished[1].ref, *arguments, "--store", str(finished[0].root)])
    return ended.value.code, *capsys.readouterr()


def test_the_command_names_how_it_learnt(finished, capsys):
    learning = ("--split", "validation", "--reset", "64", "--dynamic", "rms")

    status, told, progress = ask(capsys, finished, *learning, "--rate", "0.002")
    body = json.loads(ask(capsys, finished, *learning, "--json")[1])

    assert status == 0
    assert "state reset every 64 characters\ndynamic evaluation by rms: rate 0.002, decay " in told
    assert "score" in progress
    assert body["dynamic"] == {
        "rule": "rms", "rate": settings().rate, "decay": settings().decay, "window": 50, "gathered": 20_000, "seed": 0,
    }  # fmt: skip
    assert json.loads(ask(capsys, finished, "--split", "validation", "--json")[1])["dynamic"] is None


def test_options_of_learning_without_it_are_refused(finished, capsys):
    status, _, said = ask(capsys, finished, "--split", "validation", "--rate", "0.1")

    assert status == 2
    assert "--rate, --decay and --window are of dynamic evaluation" in said
