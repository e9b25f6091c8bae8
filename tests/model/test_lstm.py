import pytest
import torch

from model.lstm import CharLSTM, from_weights

SIZES = [(1, 4, 3), (2, 8, 5), (3, 5, 9)]  # layers, hidden, embedding


def network(layers=2, hidden=8, embedding=5, **more) -> CharLSTM:
    torch.manual_seed(0)
    return CharLSTM(11, hidden=hidden, layers=layers, embedding=embedding, **more)


def read(net, ids, state=None):
    with torch.no_grad():
        return net(ids, state or net.start(ids.shape[1]))


@pytest.mark.parametrize(("layers", "hidden", "embedding"), SIZES)
def test_logits_and_state_have_the_shapes_they_promise(layers, hidden, embedding):
    logits, (h, c) = read(network(layers, hidden, embedding), torch.randint(11, (7, 3)))

    assert logits.shape == (7, 3, 11)
    assert h.shape == c.shape == (layers, 3, hidden)


def test_reading_in_windows_is_reading_at_once():
    net, ids = network().eval(), torch.randint(11, (12, 3))

    whole, _ = read(net, ids)
    first, state = read(net, ids[:5])
    rest, _ = read(net, ids[5:], state)

    assert torch.allclose(torch.cat((first, rest)), whole, atol=1e-6)


def test_the_forget_gate_starts_open_and_recurrent_blocks_keep_lengths():
    for layer in network(hidden=6).layers:
        assert (layer.bias_ih_l0 + layer.bias_hh_l0).tolist() == [0.0] * 6 + [1.0] * 6 + [0.0] * 12
        for block in layer.weight_hh_l0.split(6):
            assert torch.allclose(block @ block.T, torch.eye(6), atol=1e-5)


def test_a_character_never_seen_says_nothing():
    assert network().embedding.weight[0].abs().sum() == 0


def test_dropout_acts_in_training_only():
    net, ids = network(dropout=0.5), torch.randint(11, (6, 2))

    assert not torch.equal(read(net, ids)[0], read(net, ids)[0])
    net.eval()
    assert torch.equal(read(net, ids)[0], read(net, ids)[0])


def test_dropout_takes_the_same_units_from_a_stream_all_window_long():
    net = network(layers=1, hidden=11, dropout=0.5)
    with torch.no_grad():
        net.head.weight.copy_(torch.eye(11))
        net.head.bias.zero_()

    taken = read(net, torch.randint(1, 11, (6, 20)))[0] == 0  # [T, B, H]; id 0 alone would give zeros

    assert (taken == taken[0]).all()
    assert 0.35 < taken.float().mean() < 0.65
    assert not (taken[0] == taken[0, 0]).all()


@pytest.mark.parametrize(("layers", "hidden", "embedding"), SIZES)
def test_stored_weights_give_the_same_network(layers, hidden, embedding):
    net, ids = network(layers, hidden, embedding).eval(), torch.randint(11, (6, 2))

    assert torch.equal(read(from_weights(net.weights()), ids)[0], read(net, ids)[0])
