import dataclasses
from itertools import islice

import numpy as np
import pytest

from corpusmill.errors import CorruptError
from model.sample import Sampler, choose

LOGITS = np.log(np.array([0.9, 0.05, 0.4, 0.2, 0.3, 0.05], np.float32))  # the first is the unknown character's
DRAWS = (np.arange(10_000) + 0.5) / 10_000


def shares(**how) -> list[float]:
    """How often each id is drawn over evenly spread random numbers."""
    drawn = [choose(LOGITS, random, **how) for random in DRAWS]
    return (np.bincount(drawn, minlength=6) / len(DRAWS)).round(3).tolist()


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"temperature": 1.0}, [0, 0.05, 0.4, 0.2, 0.3, 0.05]),
        ({"temperature": 0.5}, [0, 0.008, 0.542, 0.136, 0.305, 0.008]),
        ({"temperature": 0.0}, [0, 0, 1, 0, 0, 0]),
        ({"temperature": 1e-300}, [0, 0, 1, 0, 0, 0]),
        ({"temperature": 1.0, "top_k": 1}, [0, 0, 1, 0, 0, 0]),
        ({"temperature": 1.0, "top_k": 2}, [0, 0, 0.571, 0, 0.429, 0]),
        ({"temperature": 1.0, "top_k": 50}, [0, 0.05, 0.4, 0.2, 0.3, 0.05]),
        ({"temperature": 1.0, "top_p": 0.0}, [0, 0, 1, 0, 0, 0]),
        ({"temperature": 1.0, "top_p": 0.6}, [0, 0, 0.571, 0, 0.429, 0]),
        ({"temperature": 1.0, "top_k": 3, "top_p": 0.7}, [0, 0, 0.571, 0, 0.429, 0]),
    ],
    ids=str,
)
def test_characters_are_drawn_as_often_as_they_are_likely_and_the_unknown_one_never(how, expected):
    assert shares(**how) == pytest.approx(expected, abs=0.0011)


@pytest.mark.parametrize("random", [0.0, 1 - 2**-53])
def test_the_ends_of_the_random_range_draw_a_character(random):
    assert 1 <= choose(LOGITS, random, temperature=1.0) <= 5


@pytest.fixture
def sampler(finished):
    return Sampler.load(finished[1], finished[0])


def test_the_same_seed_gives_the_same_text_and_another_another(sampler):
    one, same, other = ("".join(sampler.stream("the ", 200, seed=seed)) for seed in (1, 1, 2))

    assert len(one) == 200
    assert one == same != other


def test_a_sample_comes_piece_by_piece(sampler):
    assert list(islice(sampler.stream("the ", 1 << 40, seed=1), 5)) == list(sampler.stream("the ", 5, seed=1))


def test_what_goes_before_decides_what_comes(sampler):
    assert list(sampler.stream("the sea and ", 80, seed=1)) != list(sampler.stream("être, ", 80, seed=1))


def test_without_a_prime_a_sample_starts_as_a_document_does(sampler):
    assert list(sampler.stream("", 80, seed=1)) == list(sampler.stream(sampler.separator, 80, seed=1))


def test_without_prime_or_separator_the_zero_state_writes(sampler):
    assert len(list(dataclasses.replace(sampler, separator="").stream("", 20))) == 20


def test_a_prime_may_hold_characters_the_model_has_never_seen(sampler):
    assert sampler.unseen("the žluťoučký 🐎") == "žťčý🐎"
    assert len(list(sampler.stream("the žluťoučký 🐎", 20))) == 20


@pytest.mark.parametrize(
    ("name", "said"),
    [("vocabulary.json", "does not match its digest"), ("best", "does not match its digest")],
)
def test_a_run_whose_files_were_changed_is_refused(name, said, spoilt):
    store, run = spoilt
    path = store.run_folder("sea", run.id) / (run.checkpoint if name == "best" else name)
    body = bytearray(path.read_bytes())
    body[-3] ^= 1
    path.write_bytes(body)

    with pytest.raises(CorruptError, match=path.name) as caught:
        Sampler.load(run, store)

    assert said in str(caught.value)


def test_a_run_whose_vocabulary_is_gone_or_anothers_is_refused(spoilt):
    store, run = spoilt
    path = store.run_folder("sea", run.id) / "vocabulary.json"
    path.write_bytes(b'{"characters":"abc"}')
    files = {**run.files, "vocabulary.json": "3c0bd7bbbfd2b7c6a51bbbaa9f1b1b6b"}
    with pytest.raises(CorruptError, match=r"vocabulary\.json does not match"):
        Sampler.load(dataclasses.replace(run, files=files), store)

    path.unlink()
    with pytest.raises(CorruptError, match=r"vocabulary\.json is missing"):
        Sampler.load(run, store)
