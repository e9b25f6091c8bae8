from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch

from model import machine
from model.batches import START, Batch, batches
from model.learner import Learner, SpikeError
from model.options import TrainOptions

OPTIONS = TrainOptions(hidden=16, embedding=8, batch=4, length=16, dropout=0.2)
IDS = np.resize(np.array([1, 2, 3, 2, 4, 5, 1, 3], np.uint8), 700)


def windows(count: int, skip: int = 0) -> list[Batch]:
    stream = batches(IDS, OPTIONS.batch, OPTIONS.length, 1, START)
    return [batch for batch, _ in islice(stream, skip, skip + count)]


def equal(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.filterwarnings("ignore:TF32 acceleration")  # what switching oneDNN off says on any machine
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_the_loss_falls(precision):
    plain = torch.backends.mkldnn.flags(enabled=precision == torch.float32)  # oneDNN wants hardware for bfloat16
    with machine.seeded(1), plain:
        learner = Learner(OPTIONS, 6, precision)
        losses = [learner.learn(batch, 1e-2) for batch in windows(60)]

    assert losses[0] == pytest.approx(np.log(6), abs=0.2)
    assert losses[-1] < 0.5


def test_the_state_is_carried_from_window_to_window_and_zero_where_the_streams_begin():
    learner = Learner(OPTIONS, 6)
    first, second = windows(2)
    assert (first.first, second.first) == (True, False)

    learner.learn(first, 0.0)
    carried = learner.state[0].clone()
    fresh = learner.learn(replace(second, first=True), 0.0)
    learner.state = (carried, learner.state[1])

    assert carried.abs().sum() > 0
    assert fresh != learner.learn(second, 0.0)


@pytest.mark.parametrize("mask", ["window", "place"])
def test_compiling_beforehand_changes_nothing(mask):
    with machine.seeded(1):
        learner = Learner(replace(OPTIONS, dropout_mask=mask), 6)
        learner.learn(*windows(1), 1e-2)
        before = {name: array.copy() for name, array in learner.arrays().items()}
        learner.prepare()

        assert equal(learner.arrays(), before)


def test_what_was_stored_learns_on_as_if_nothing_had_happened():
    with machine.seeded(1):
        straight = Learner(OPTIONS, 6)
        losses = [straight.learn(batch, 1e-2) for batch in windows(9)]
    with machine.seeded(1):
        before = Learner(OPTIONS, 6)
        for batch in windows(4):
            before.learn(batch, 1e-2)
        stored = {name: array.copy() for name, array in before.arrays().items()}
    with machine.seeded(77):
        resumed = Learner(OPTIONS, 6)
        resumed.restore(stored)
        assert equal(resumed.arrays(), stored)
        rest = [resumed.learn(batch, 1e-2) for batch in windows(5, 4)]
        assert rest == losses[4:]
        assert equal(resumed.network.weights(), straight.network.weights())


@pytest.mark.parametrize("poison", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["embedding.weight", "layers.1.weight_hh_l0", "head.bias"])
def test_a_loss_that_is_no_number_leaves_the_weights_as_they_are(name, poison):
    learner = Learner(OPTIONS, 6)
    learner.learn(windows(1)[0], 1e-2)
    with torch.no_grad():
        learner.network.get_parameter(name)[1] = poison
    before = learner.arrays()
    weights = {name: array for name, array in before.items() if name.startswith("network")}

    with pytest.raises(SpikeError, match=r"loss (nan|inf)"):
        learner.learn(windows(1)[0], 1e-2)

    after = learner.arrays()
    assert all(np.array_equal(after[name], weights[name], equal_nan=True) for name in weights)
    assert all(np.array_equal(after[name], before[name]) for name in before if name.startswith("optimizer"))


def test_gradients_longer_than_the_clip_are_cut_to_it():
    """A step of AdamW does not depend on the gradient's length, but on its share in the running means it does."""
    short = Learner(TrainOptions(hidden=16, embedding=8, batch=4, length=16, clip=1e-6), 6)

    short.learn(windows(1)[0], 0.0)

    moments = [array for name, array in short.arrays().items() if name.endswith("exp_avg")]
    assert sum((array.astype(float) ** 2).sum() for array in moments) ** 0.5 == pytest.approx(1e-7, rel=1e-3)


def test_a_loss_far_above_those_before_changes_nothing_and_tells_the_worst_stream():
    learner = Learner(TrainOptions(hidden=16, embedding=8, batch=4, length=16, spike=1.5), 6)
    for batch in windows(40):
        learner.learn(batch, 1e-2)
    learner._running = 0.1
    before, odd = {name: array.copy() for name, array in learner.arrays().items()}, windows(1, 41)[0]
    odd.targets[:, 2] = 5 - odd.targets[:, 2]

    with pytest.raises(SpikeError, match=r"loss .* after a running loss of") as caught:
        learner.learn(odd, 1e-2)

    assert caught.value.worst == 2
    after = learner.arrays()
    assert all(np.array_equal(after[name], before[name]) for name in before if name != "random")  # dropout drew a mask


SETTINGS = [
    {"cell": "gru"},
    {"optimizer": "adamw"},
    {"cell": "rnn", "optimizer": "adagrad", "clip_by": "value", "clip": 5.0, "schedule": "constant"},
    {"optimizer": "rmsprop", "clip_by": "value", "clip": 5.0, "initial": "uniform"},
    {"averaging": 0.9, "norm": True, "residual": True},
    {"tied": True, "dropout_mask": "place"},
    {"engine": "torch"},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_every_setting_learns_and_goes_on_after_a_pause(settings):
    options = replace(OPTIONS, **settings)
    with machine.seeded(1):
        straight = Learner(options, 6)
        losses = [straight.learn(batch, 1e-2) for batch in windows(30)]
    assert losses[-1] < losses[0] - 0.3
    with machine.seeded(1):
        before = Learner(options, 6)
        for batch in windows(20):
            before.learn(batch, 1e-2)
        stored = {name: array.copy() for name, array in before.arrays().items()}
    with machine.seeded(7):
        resumed = Learner(options, 6)
        resumed.restore(stored)
        assert [resumed.learn(batch, 1e-2) for batch in windows(10, 20)] == losses[20:]
        assert equal(resumed.arrays(), straight.arrays())


def test_gradients_are_cut_number_by_number_where_that_is_asked():
    learner = Learner(replace(OPTIONS, optimizer="adagrad", clip_by="value", clip=1e-3), 6)
    learner.learn(windows(1)[0], 0.0)
    sums = [array for name, array in learner.arrays().items() if name.endswith(".sum")]
    assert max(float(array.max()) for array in sums) == pytest.approx(1e-6, rel=1e-3)


def test_the_mean_of_the_weights_is_what_is_judged_and_training_goes_on_with_them():
    with machine.seeded(1):
        learner = Learner(replace(OPTIONS, averaging=0.9), 6)
        for batch in windows(5):
            learner.learn(batch, 1e-2)
    live = learner.network.weights()
    with learner.judged() as network:
        judged = network.weights()
        assert not network.training
    assert not equal(judged, live)
    assert equal(learner.network.weights(), live)
    assert learner.network.training


def test_a_stream_forgets_where_the_batch_says_so():
    learner, (first, second) = Learner(replace(OPTIONS, dropout=0.0), 6), windows(2)
    learner.learn(first, 0.0)
    kept = learner.state
    anew = np.zeros(second.inputs.shape, np.bool_)
    anew[0] = True
    forgetting = learner.learn(replace(second, fresh=anew), 0.0)
    learner.state = kept
    assert forgetting == pytest.approx(learner.learn(replace(second, first=True), 0.0), abs=1e-6)


@pytest.mark.parametrize(
    "settings", [{}, {"cell": "gru", "dropout_mask": "place"}, {"engine": "torch", "tied": True}], ids=str
)
def test_threads_share_a_batch_and_learn_the_same_but_for_rounding(settings):
    found = {}
    for threads in (1, 3, 4, 9):
        with machine.seeded(1):
            # Whatever the processor has: bfloat16 rounds more than is looked for here.
            learner = Learner(replace(OPTIONS, **settings), 6, torch.float32)
            learner.threads = threads
            found[threads] = [learner.learn(batch, 1e-3) for batch in windows(6)], learner.arrays()
    for threads in (3, 4, 9):
        assert found[threads][0] == pytest.approx(found[1][0], abs=1e-5)
        assert all(np.allclose(found[threads][1][name], found[1][1][name], atol=1e-4) for name in found[1][1])
    assert equal(found[4][1], found[9][1])  # there are four streams


def test_so_many_threads_give_the_same_bits_each_time():
    def learnt():
        with machine.seeded(1):
            learner = Learner(OPTIONS, 6)
            learner.threads = 2
            for batch in windows(8):
                learner.learn(batch, 1e-2)
        return learner.arrays()

    assert equal(learnt(), learnt())
