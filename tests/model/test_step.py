import numpy as np
import pytest

from model.sampling.packed import packed, rounded, unpacked
from model.step import Prepared, Step
from tests.model.networks import KINDS, options, torch_logits, weights

IDS = np.random.default_rng(1).integers(13, size=40)


def prepared(kind) -> Prepared:
    return Prepared.of(weights(options(**kind), 13), options(**kind))


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_step_computes_what_the_network_does(kind):
    step = Step(prepared(kind))
    logits = []
    for character in IDS:
        step.read(int(character))
        logits.append(step.logits())

    assert np.abs(np.stack(logits) - torch_logits(weights(options(**kind), 13), options(**kind), IDS)).max() < 1e-4


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_texts_side_by_side_do_not_meet(kind):
    texts = np.random.default_rng(2).integers(13, size=(3, 9))
    alone = [Step(prepared(kind)) for _ in texts]
    together = Step(prepared(kind), streams=3)
    for place in range(9):
        together.read(texts[:, place])
        for one, text in zip(alone, texts, strict=True):
            one.read(int(text[place]))

    assert np.abs(together.logits() - [one.logits() for one in alone]).max() < 1e-5

    together.keep(np.array([2, 0, 2]))
    assert np.abs(together.logits() - [alone[n].logits() for n in (2, 0, 2)]).max() < 1e-5


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_text_goes_on_in_several_ways_and_stays_as_it_is(kind):
    begun, same = Step(prepared(kind)), Step(prepared(kind))
    for step in (begun, same):
        for known in (3, 4):
            step.read(known)

    several = begun.times(2)
    several.read(np.array([5, 6]))
    same.read(6)

    assert np.abs(several.logits()[1] - same.logits()).max() < 1e-5
    begun.read(6)
    assert begun.logits().tolist() == same.logits().tolist()


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_zero_state_says_what_the_bias_says(kind):
    assert Step(prepared(kind)).logits().tolist() == weights(options(**kind), 13)["head.bias"].tolist()


@pytest.mark.parametrize("shape", [(1, 2, 1), (2, 8, 5), (3, 13, 7), (0, 8, 4)])
def test_packed_weights_are_near_what_they_were_and_are_packed_again_the_same(shape):
    draw = np.random.default_rng(3)
    matrices = (draw.standard_normal(shape) * 10.0 ** draw.integers(-38, 4, shape)).astype(np.float32)
    matrices[..., 0] = 0

    once = unpacked(packed(matrices))

    assert (np.abs(once[:, shape[1] :]) < 2.0**-126).all()  # the neighbours of a word that has nothing else
    assert (np.abs(once[:, : shape[1]] - matrices) <= np.abs(matrices) * 2**-8 + 2.0**-126).all()
    assert unpacked(packed(once)).tobytes() == once.tobytes()


def test_rounding_leaves_little_changed_and_a_second_time_nothing():
    for kind in KINDS:
        before, once = prepared(kind), rounded(prepared(kind))
        assert np.allclose(before.recurrents, once.recurrents, rtol=2**-8)
        assert rounded(once).recurrents.tobytes() == once.recurrents.tobytes()
