import json
import math
import shutil

import msgspec
import numpy as np
import pytest
import torch

from corpusmill.errors import UnknownNameError, UsageError
from model.costs import ROWS, character_nats
from model.network import Network
from model.options import TrainOptions
from model.passage import Passage
from model.score import each, measure, score, split_text
from preprocess.vocab import Vocabulary

IDS = np.random.default_rng(0).integers(1, 12, 150).astype(np.uint8)


@pytest.fixture(scope="module")
def network() -> Network:
    torch.manual_seed(2)
    network = Network(12, TrainOptions(hidden=8, layers=2, embedding=4)).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter)
    return network


def one_by_one(network, ids, reset) -> list[float]:
    """The same, a character at a time, as the module's docstring has it."""
    nats, state = [], network.start(1)
    logits = network.head(state[0][-1])[0]
    for place, character in enumerate(ids):
        nats.append(-logits.log_softmax(0)[int(character)].item())
        if reset and place % reset == 0:
            state = network.start(1)
        after, state = network(torch.tensor([[int(character)]]), state)
        logits = after[0, 0]
    return nats


@pytest.mark.parametrize("reset", [0, 1, 2, 7, 64, 148, 149, 150, 1000])
@pytest.mark.parametrize("length", [1, 2, 3, 50, 150])
@torch.no_grad()
def test_each_character_costs_what_reading_one_by_one_says(network, length, reset):
    ids = IDS[:length]

    assert character_nats(network, ids, reset) == pytest.approx(one_by_one(network, ids, reset), abs=1e-4)


@pytest.mark.parametrize("reset", [0, 60])
@torch.no_grad()
def test_a_long_text_read_in_parts_costs_the_same(reset):
    network = Network(12, TrainOptions(hidden=3, layers=1, embedding=2)).eval()
    ids = np.random.default_rng(1).integers(1, 12, ROWS + 5)

    assert character_nats(network, ids, reset) == pytest.approx(one_by_one(network, ids, reset), abs=1e-3)


def test_the_figures_are_one_code_length_in_three_units(network):
    vocabulary = Vocabulary("abcdefghijk")
    text = "abc" * 10
    nats = character_nats(network, vocabulary.encode(text), 0).sum()

    found = measure(network, vocabulary, text, split="test")

    assert found.nats_per_char == pytest.approx(nats / 30, rel=1e-5)
    assert found.bits_per_byte == pytest.approx(nats / math.log(2) / 30, rel=1e-5)
    assert found.perplexity == pytest.approx(math.exp(nats / 30), rel=1e-5)
    assert (found.split, found.reset, found.characters) == ("test", 0, 30)


def test_an_unknown_character_costs_eight_bits_more_for_each_of_its_bytes(network):
    vocabulary = Vocabulary("abcdefghijk")
    priced = character_nats(network, vocabulary.encode("aé—🐎"), 0).sum() / math.log(2)

    found = measure(network, vocabulary, "aé—🐎")

    assert found.bits_per_byte == pytest.approx((priced + 8 * (2 + 3 + 4)) / (1 + 2 + 3 + 4), rel=1e-5)
    assert found.nats_per_char == pytest.approx(found.bits_per_byte * math.log(2) * 10 / 4, rel=1e-5)
    assert (found.tokens, found.unknown) == (4, 3)


def test_a_run_scores_a_text_and_each_of_its_characters(finished):
    store, run = finished
    text = "the wind, the sea — žluťoučký"

    whole = score(run, store, text, reset=5)
    costs = list(each(run, store, text, reset=5))

    assert [character for character, _ in costs] == list(text)
    assert sum(nats for _, nats in costs) / len(text) == pytest.approx(whole.nats_per_char)
    assert whole.split == ""
    assert whole.reset == 5


def test_a_split_is_its_documents_with_the_separator_between(finished):
    store, run = finished

    text = split_text(run, store, "train")

    assert text.count("\n\n") == 1
    assert score(run, store, text, split="train").characters == len(text)


@pytest.mark.parametrize("function", [score, lambda *args: list(each(*args))])
def test_an_empty_text_cannot_be_scored(function, finished):
    with pytest.raises(UsageError, match="the text is empty"):
        function(finished[1], finished[0], "")


def test_a_split_that_is_not_there_is_named_with_those_that_are(finished):
    with pytest.raises(UnknownNameError, match="sea@v1 has no split 'test': it has train, validation"):
        split_text(finished[1], finished[0], "test")


def test_a_version_that_is_gone_is_named(spoilt):
    store, run = spoilt
    shutil.rmtree(store.corpus("sea") / "versions")

    with pytest.raises(UnknownNameError, match="sea@v1"):
        split_text(run, store, "validation")
    assert score(run, store, "the sea").characters == 7


@pytest.mark.parametrize("reset", [0, 5, 64])
@torch.no_grad()
def test_a_document_is_scored_as_if_it_were_alone_where_its_model_learnt_so(reset):
    torch.manual_seed(3)
    network = Network(12, TrainOptions(hidden=8, layers=2, embedding=4, boundaries="reset", separator="k")).eval()
    documents, vocabulary = ["abcabc", "ghi", "", "jjjjjjj"], Vocabulary("abcdefghijk")
    passage = Passage("k".join(documents), (0, 7, 11, 12))

    found = measure(network, vocabulary, passage, reset=reset)

    alone = character_nats(network, vocabulary.encode("abcabck"), reset).sum()
    for text in ("kghik", "kk", "kjjjjjjj"):
        alone += character_nats(network, vocabulary.encode(text), 0)[1:].sum()
    assert found.boundaries == "reset"
    if not reset:
        assert found.nats_per_char == pytest.approx(alone / len(passage.text), rel=1e-5)
    assert measure(network, vocabulary, passage.text).nats_per_char != pytest.approx(found.nats_per_char, rel=1e-3)


def test_a_loss_that_no_perplexity_can_be_told_of_is_infinite_and_null_for_machines(network):
    wild = Network(12, network.options).eval()
    with torch.no_grad():
        wild.head.bias[1] = 2000.0

    found = measure(wild, Vocabulary("abcdefghijk"), "bcd" * 10)

    assert found.nats_per_char > 1900
    assert found.perplexity == math.inf
    assert math.isfinite(found.bits_per_byte)
    assert json.loads(msgspec.json.encode(found))["perplexity"] is None


def test_progress_is_told_and_what_it_raises_ends_the_scoring(network):
    told = []
    character_nats(network, np.tile(IDS, 100), 60, tick=told.append)

    assert told == sorted(told)
    assert told[-1] == 100 * len(IDS) - 1
    with pytest.raises(ZeroDivisionError):
        measure(network, Vocabulary("abcdefghijk"), "abc" * 10, tick=lambda _: 1 / 0)
