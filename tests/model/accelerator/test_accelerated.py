"""All of it runs here on a processor, where no graph is recorded; what a GPU adds is in docs/scaling-training.md."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch

from model import machine
from model.accelerator import cudnn
from model.accelerator.flight import Flight, together
from model.accelerator.learner import Accelerated
from model.accelerator.text import Text
from model.batches import START, batches, windows
from model.learner import Learner, SpikeError
from model.options import TrainOptions

OPTIONS = TrainOptions(hidden=16, embedding=8, batch=4, length=16, dropout=0.2)
IDS = np.resize(np.array([1, 2, 3, 2, 4, 5, 1, 3], np.uint8), 700)
RATE = 1e-2
SETTINGS = [
    {},
    {"optimizer": "adamw"},
    {"cell": "gru", "averaging": 0.9},
    {"cell": "rnn", "optimizer": "adagrad", "clip_by": "value", "clip": 5.0},
    {"optimizer": "rmsprop", "clip_by": "value", "clip": 5.0, "engine": "torch"},
    {"tied": True, "norm": True, "residual": True, "dropout_mask": "place", "engine": "torch"},
]


def equal(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def near(one: dict, other: dict) -> bool:
    pairs = ((one[name].astype(float), other[name].astype(float)) for name in one)
    return one.keys() == other.keys() and all(np.allclose(a, b, atol=1e-6) for a, b in pairs)


def ahead(options: TrainOptions, count: int, skip: int = 0) -> list:
    found = windows(len(IDS), options.batch, options.length, 1, START)
    return [window for window, _ in islice(found, skip, skip + count)]


def one_by_one(options: TrainOptions, count: int, seed: int = 1) -> tuple[Learner, list[float]]:
    with machine.seeded(seed):
        learner = Learner(options, 6, torch.float32)
        read = islice(batches(IDS, options.batch, options.length, 1, START), count)
        return learner, [learner.learn(batch, RATE) for batch, _ in read]


def in_stretches(learner: Accelerated, given: list, rate: float = RATE) -> list[float]:
    parts = (given[start : start + learner.stride] for start in range(0, len(given), learner.stride))
    return [loss for part in parts for loss in learner.advance(part, [rate] * len(part))]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_batches_cut_on_the_device_are_those_that_are_cut_elsewhere(dtype):
    ids = np.random.default_rng(1).integers(0, np.iinfo(dtype).max, 500, dtype, endpoint=True)
    text, resets = Text(ids, 16, machine.CPU), np.array([7, 60, 61, 200])
    both = zip(batches(ids, 3, 16, 1, START, resets), windows(len(ids), 3, 16, 1, START, resets), strict=True)

    for (batch, after), (window, position) in islice(both, 40):
        inputs, targets = text.cut(torch.from_numpy(window.places))
        assert np.array_equal(inputs, batch.inputs)
        assert np.array_equal(targets, batch.targets)
        assert (window.first, position) == (batch.first, after)
        assert np.array_equal(window.fresh, batch.fresh)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_stretches_come_to_what_one_look_at_each_loss_comes_to(settings):
    options = replace(OPTIONS, **settings)
    plain, losses = one_by_one(options, 25)
    with machine.seeded(1):
        learner = Accelerated(options, 6, IDS, torch.float32)
        found = in_stretches(learner, ahead(options, 25))

    assert found == pytest.approx(losses, abs=1e-6)
    assert near(learner.arrays(), plain.arrays())


@pytest.mark.parametrize("kinds", [(Learner, Accelerated), (Accelerated, Learner), (Accelerated, Accelerated)])
def test_what_either_learner_stored_the_other_goes_on_with(kinds):
    _, losses = one_by_one(OPTIONS, 20)
    made = {
        Learner: lambda: Learner(OPTIONS, 6, torch.float32),
        Accelerated: lambda: Accelerated(OPTIONS, 6, IDS, torch.float32),
    }
    read = [batch for batch, _ in islice(batches(IDS, OPTIONS.batch, OPTIONS.length, 1, START), 20)]
    with machine.seeded(1):
        before = made[kinds[0]]()
        for batch in read[:8]:
            before.learn(batch, RATE)
        stored = {name: array.copy() for name, array in before.arrays().items()}
    with machine.seeded(9):
        after = made[kinds[1]]()
        after.restore(stored)
        assert equal(after.arrays(), stored)
        assert [after.learn(batch, RATE) for batch in read[8:]] == pytest.approx(losses[8:], abs=1e-6)


def test_a_text_whose_documents_are_read_alone_is_forgotten_in_stretches_too():
    resets, read = np.array([20, 45, 300]), replace(OPTIONS, dropout=0.0)
    given = [batch for batch, _ in islice(batches(IDS, 4, 16, 1, START, resets), 12)]
    with machine.seeded(1):
        plain = Learner(read, 6, torch.float32)
        losses = [plain.learn(batch, RATE) for batch in given]
    with machine.seeded(1):
        assert in_stretches(Accelerated(read, 6, IDS, torch.float32), given) == pytest.approx(losses, abs=1e-6)


@pytest.mark.parametrize("name", ["adamw", "soap", "rmsprop", "adagrad"])
def test_from_a_batch_that_is_none_to_learn_from_on_a_stretch_changes_nothing(name):
    options, odd = replace(OPTIONS, optimizer=name, dropout=0.0, spike=2.0), IDS.copy()
    given = ahead(options, 66)
    odd[given[63].places[2] + 1 : given[63].places[2] + 17] = 0  # in the fourth batch of a stretch of six
    with machine.seeded(1):
        learner, plain = (Accelerated(options, 6, IDS, torch.float32) for _ in range(2))
        plain.restore({key: array.copy() for key, array in learner.arrays().items()})
        for each in (learner, plain):
            in_stretches(each, given[:60], rate=0.1 if name == "adagrad" else 0.02)
    learner._text = Text(odd, options.length, machine.CPU)
    learner._running = plain._running = 0.5
    plain.advance(given[60:63], [RATE] * 3)

    assert len(learner.advance(given[60:], [RATE] * 6)) == 3
    assert near(learner.arrays(), plain.arrays())
    with pytest.raises(SpikeError, match="after a running loss of") as caught:
        learner.advance(given[63:], [RATE] * 3)

    assert caught.value.worst == 2
    assert near(learner.arrays(), plain.arrays())


def test_a_loss_that_is_no_number_leaves_everything_as_it_was():
    learner = Accelerated(OPTIONS, 6, IDS, torch.float32)
    in_stretches(learner, ahead(OPTIONS, 5))
    with torch.no_grad():
        learner.network.head.bias[1] = float("nan")
    before = {name: array.copy() for name, array in learner.arrays().items()}

    with pytest.raises(SpikeError, match="loss nan"):
        learner.advance(ahead(OPTIONS, 3, 5), [RATE] * 3)

    after = learner.arrays()
    assert all(np.array_equal(after[name], before[name], equal_nan=True) for name in before if name != "random")


def test_several_models_in_flight_come_to_what_each_comes_to_alone():
    sizes = [replace(OPTIONS, hidden=hidden, dropout=0.0) for hidden in (8, 16, 24)]
    counts = [35, 20, 9]
    alone = [one_by_one(options, count, seed) for seed, (options, count) in enumerate(zip(sizes, counts, strict=True))]
    flights = []
    for seed, (options, count) in enumerate(zip(sizes, counts, strict=True)):
        with machine.seeded(seed):
            learner, given = Accelerated(options, 6, IDS, torch.float32), ahead(options, count)
        parts = [(given[n : n + 10], [RATE] * len(given[n : n + 10])) for n in range(0, count, 10)]
        flights.append(Flight(learner, iter(parts)))

    found = [[], [], []]
    order = []
    for number, losses in together(flights):
        order.append(number)
        found[number] += losses

    assert order[:6] == [0, 1, 2, 0, 1, 0]
    for flight, losses, (plain, wanted) in zip(flights, found, alone, strict=True):
        assert losses == pytest.approx(wanted, abs=1e-6)
        assert near(flight.learner.network.weights(), plain.network.weights())


def test_a_model_that_diverges_in_flight_leaves_the_others_flying():
    options = replace(OPTIONS, dropout=0.0)
    flights = [
        Flight(Accelerated(options, 6, IDS, torch.float32), iter([(ahead(options, 10), [RATE] * 10)] * 2))
        for _ in range(2)
    ]
    with torch.no_grad():
        flights[0].learner.network.head.bias[1] = float("inf")

    ended = [(number, isinstance(losses, SpikeError)) for number, losses in together(flights)]

    assert ended == [(0, True), (1, False), (1, False)]


@pytest.mark.parametrize("cell", ["LSTM", "GRU", "RNN"])
def test_layers_for_a_gpu_are_torchs_and_in_half_precision_near_them(cell):
    torch.manual_seed(1)
    plain, ours = getattr(torch.nn, cell)(7, 12), getattr(cudnn, cell)(7, 12)
    ours.load_state_dict(plain.state_dict())
    sequence, memory = torch.randn(5, 3, 7), torch.randn(1, 3, 12)
    state = (memory, memory) if cell == "LSTM" else memory
    outputs, _ = plain(sequence, state)
    wanted = torch.autograd.grad(outputs.square().sum(), plain.parameters())

    assert torch.equal(ours(sequence, state)[0], outputs)
    with torch.autocast("cpu", torch.bfloat16):
        halved, _ = ours(sequence, state)
    assert halved.dtype == torch.bfloat16
    assert torch.allclose(halved.float(), outputs, atol=0.03)
    for got, want in zip(torch.autograd.grad(halved.float().square().sum(), ours.parameters()), wanted, strict=True):
        assert got.dtype == torch.float32
        assert (got - want).norm() < 0.05 * want.norm()


def test_a_gpu_that_is_not_there_is_told():
    if torch.cuda.is_available():
        pytest.skip("there is one")
    assert machine.device("auto") == machine.CPU
    with pytest.raises(machine.UsageError, match="torch finds no NVIDIA GPU here"):
        machine.device("cuda")


def test_numba_is_refused_on_a_gpu_and_cudnn_is_what_computes_there():
    gpu = torch.device("cuda")
    assert machine.engine("auto", gpu) == "cudnn"
    with pytest.raises(machine.UsageError, match=r"train\.engine is numba"):
        machine.engine("numba", gpu)
