import pytest
import torch

from model.network import Network, from_weights
from model.options import TrainOptions

SIZES = [(1, 4, 3), (2, 8, 5), (3, 5, 9)]  # layers, hidden, embedding


ENGINES = ["torch", "numba"]
SHAPES = [
    {"cell": "lstm"},
    {"cell": "gru"},
    {"cell": "rnn"},
    {"norm": True, "residual": True},
    {"cell": "gru", "tied": True},
    {"cell": "gru", "norm": True, "tied": True, "residual": True, "layers": 3},
]


def network(layers=2, hidden=8, embedding=5, engine="torch", **more) -> Network:
    torch.manual_seed(0)
    return Network(11, TrainOptions(hidden=hidden, layers=layers, embedding=embedding, **more), engine)


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

    assert torch.equal(read(from_weights(net.weights(), net.options), ids)[0], read(net, ids)[0])


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_both_engines_compute_the_same_network(shape):
    nets = [network(engine=engine, **shape).eval() for engine in ENGINES]
    ids, fresh = torch.randint(11, (9, 3)), torch.zeros(9, 3, dtype=torch.bool)
    fresh[4, 1] = fresh[4, 2] = fresh[7, 0] = True
    state = tuple(torch.rand_like(memory) for memory in nets[0].start(3))
    for mask in (None, fresh):
        (one, after), (other, later) = (net(ids, state, mask) for net in nets)
        assert torch.allclose(one, other, atol=2e-6)
        assert all(torch.allclose(a, b, atol=2e-6) for a, b in zip(after, later, strict=True))
        for a, b in zip(
            *(
                torch.autograd.grad(logits.square().sum(), net.parameters())
                for logits, net in zip((one, other), nets, strict=True)
            ),
            strict=True,
        ):
            assert torch.allclose(a, b, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_where_a_stream_forgets_it_reads_as_if_nothing_had_been(shape):
    net, ids = network(**shape).eval(), torch.randint(11, (8, 2))
    fresh = torch.zeros(8, 2, dtype=torch.bool)
    fresh[5] = True
    whole, _ = net(ids, tuple(torch.rand_like(memory) for memory in net.start(2)), fresh)
    alone, _ = net(ids[5:], net.start(2))
    assert torch.allclose(whole[5:], alone, atol=1e-6)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_any_network_is_stored_and_read_again(shape):
    net, ids = network(**shape).eval(), torch.randint(11, (6, 2))
    stored = net.weights()
    assert ("head.weight" in stored) != shape.get("tied", False)
    assert torch.equal(read(from_weights(stored, net.options), ids)[0], read(net, ids)[0])


def test_uniform_weights_lie_in_their_range_but_for_the_forget_gate():
    net = network(initial="uniform", initial_range=0.08)
    for name, value in net.named_parameters():
        if "layers" in name and "bias" in name:
            assert value[8:16].tolist() == [1.0 if "bias_ih" in name else 0.0] * 8
            assert 0 < torch.cat([value[:8], value[16:]]).abs().max() <= 0.08
        else:
            assert 0 < value.abs().max() <= 0.08


def test_dropout_at_each_place_takes_other_units_there():
    net = network(layers=1, hidden=11, dropout=0.5, dropout_mask="place")
    with torch.no_grad():
        net.head.weight.copy_(torch.eye(11))
        net.head.bias.zero_()
    taken = read(net, torch.randint(1, 11, (6, 20)))[0] == 0
    assert 0.35 < taken.float().mean() < 0.65
    assert not (taken == taken[0]).all()
