import numpy as np
import pytest
import torch

from model.lstm import CharLSTM
from model.step import Step


@pytest.mark.parametrize(("layers", "hidden", "embedding"), [(1, 4, 3), (2, 8, 5), (3, 16, 40)])
def test_a_step_computes_what_the_network_does(layers, hidden, embedding):
    torch.manual_seed(1)
    network = CharLSTM(13, hidden=hidden, layers=layers, embedding=embedding).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter)  # biases too: at first they are mostly 0 and would hide a mistake
    ids = np.random.default_rng(1).integers(13, size=40)
    with torch.no_grad():
        expected = network(torch.from_numpy(ids)[:, None], network.start(1))[0][:, 0].numpy()
    step = Step(network.weights())

    logits = np.stack([step.read(int(character)) for character in ids])

    assert np.abs(logits - expected).max() < 1e-4


def test_a_zero_state_says_what_the_bias_says():
    weights = CharLSTM(5, hidden=4, layers=2, embedding=3).weights()

    assert Step(weights).logits().tolist() == weights["head.bias"].tolist()


def test_two_streams_of_one_model_do_not_meet():
    weights = CharLSTM(5, hidden=4, layers=2, embedding=3).weights()
    one, other = Step(weights), Step(weights)
    other.read(2)

    assert one.read(3).tolist() == Step(weights).read(3).tolist()
