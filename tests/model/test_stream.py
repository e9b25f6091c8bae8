"""The compiled loop over characters computes what numpy does."""

import numpy as np
import pytest

from model.sample import Sampler
from model.sampling.choose import Sampling, choose
from model.sampling.compiled import Writer
from model.sampling.packed import rounded
from model.step import Prepared, Step
from preprocess.vocab import Vocabulary
from tests.model.networks import KINDS, options, weights

HOWS = [
    {},
    {"temperature": 0},
    {"temperature": 1e-300},
    {"temperature": 1.5, "top_k": 3},
    {"top_k": 10**30},
    {"top_p": 0.5},
    {"top_p": 0.0},
    {"min_p": 0.3},
    {"min_p": 1.0},
    {"temperature": 0.7, "top_k": 6, "top_p": 0.9, "min_p": 0.1},
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_compiled_code_and_numpy_have_the_same_logits(kind):
    prepared = rounded(Prepared.of(weights(options(**kind), 13), options(**kind)))
    writer, step = Writer(prepared), Step(prepared)
    ids = np.random.default_rng(1).integers(13, size=30)
    assert writer.logits.tolist() == step.logits().tolist()

    writer.read(ids)
    for known in ids.tolist():
        step.read(known)

    assert np.abs(writer.logits - step.logits()).max() < 1e-4


@pytest.mark.parametrize("how", HOWS, ids=str)
def test_compiled_code_chooses_what_numpy_does(how):
    kind, chosen = KINDS[0], Sampling(**how)
    writer = Writer(rounded(Prepared.of(weights(options(**kind), 13), options(**kind))))
    for random in [0.0, *np.random.default_rng(4).random(60).tolist(), 1 - 2**-53]:
        expected = int(choose(writer.logits, random, chosen))

        assert writer.write(chosen, np.array([random])).tolist() == [expected]


@pytest.mark.parametrize("how", HOWS, ids=str)
@pytest.mark.parametrize("kind", KINDS[2:7:2], ids=str)
def test_a_seed_gives_the_same_text_whatever_computes(kind, how):
    sampler = Sampler(weights(options(**kind), 13), Vocabulary("\nabcdefghijk"), options(**kind))
    chosen = Sampling(length=300, seed=5, **how)

    compiled, plain = ("".join(sampler.stream("abba", chosen, engine=engine)) for engine in ("numba", "numpy"))

    assert len(plain) == 300
    assert compiled == plain


def test_compiled_code_stops_at_stop_strings_and_at_the_length():
    sampler = Sampler(weights(options(**KINDS[3]), 13), Vocabulary("\nabcdefghijk"), options(**KINDS[3]))
    whole = "".join(sampler.stream("", Sampling(length=200, seed=5), engine="numba"))
    stop = whole[100:103]

    ended = "".join(sampler.stream("", Sampling(length=200, seed=5, stop=(stop, "zz")), engine="numba"))

    assert ended == whole[: whole.index(stop)]
    assert "".join(sampler.stream("", Sampling(length=70, seed=5), engine="numba")) == whole[:70]


def test_long_texts_are_compiled_and_short_ones_are_not():
    sampler = Sampler(weights(options(**KINDS[0]), 13), Vocabulary("\nabcdefghijk"), options(**KINDS[0]))
    pieces = [next(sampler.stream("a", Sampling(length=length))) for length in (29_998, 29_999)]

    assert [len(piece) for piece in pieces] == [1, 64]
