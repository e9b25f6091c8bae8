import dataclasses
import math
from itertools import islice, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusmill.errors import CorruptError, UsageError
from model.sample import SIDE_BY_SIDE, Sampler
from model.sampling.choose import Sampling, choose
from model.sampling.endings import until
from preprocess.vocab import Vocabulary
from tests.model.networks import KINDS, options, torch_logits, weights

LOGITS = np.log(np.array([0.9, 0.05, 0.4, 0.2, 0.3, 0.05], np.float32))  # the first is the unknown character's
DRAWS = (np.arange(10_000) + 0.5) / 10_000
KNOWN = Vocabulary("\nabcdefghijk")


def shares(**how) -> list[float]:
    """How often each id is drawn over evenly spread random numbers."""
    drawn = choose(np.tile(LOGITS, (len(DRAWS), 1)), DRAWS, Sampling(**how))
    return (np.bincount(drawn, minlength=6) / len(DRAWS)).round(3).tolist()


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"temperature": 1.0}, [0, 0.05, 0.4, 0.2, 0.3, 0.05]),
        ({"temperature": 0.5}, [0, 0.008, 0.542, 0.136, 0.305, 0.008]),
        ({"temperature": 0.0}, [0, 0, 1, 0, 0, 0]),
        ({"temperature": 1e-310}, [0, 0, 1, 0, 0, 0]),
        ({"top_k": 1}, [0, 0, 1, 0, 0, 0]),
        ({"top_k": 2}, [0, 0, 0.571, 0, 0.429, 0]),
        ({"top_k": 50}, [0, 0.05, 0.4, 0.2, 0.3, 0.05]),
        ({"top_p": 0.0}, [0, 0, 1, 0, 0, 0]),
        ({"top_p": 0.6}, [0, 0, 0.571, 0, 0.429, 0]),
        ({"top_k": 3, "top_p": 0.7}, [0, 0, 0.571, 0, 0.429, 0]),
        ({"min_p": 0.4}, [0, 0, 0.444, 0.222, 0.333, 0]),
        ({"min_p": 0.6}, [0, 0, 0.571, 0, 0.429, 0]),
        ({"min_p": 1.0}, [0, 0, 1, 0, 0, 0]),
        ({"temperature": 0.5, "min_p": 0.3}, [0, 0, 0.64, 0, 0.36, 0]),  # of the chances that the temperature makes
        ({"top_k": 3, "top_p": 0.9, "min_p": 0.6}, [0, 0, 0.571, 0, 0.429, 0]),
    ],
    ids=str,
)
def test_characters_are_drawn_as_often_as_they_are_likely_and_the_unknown_one_never(how, expected):
    assert shares(**how) == pytest.approx(expected, abs=0.0011)


@pytest.mark.parametrize("random", [0.0, 1 - 2**-53])
@pytest.mark.parametrize("how", [{}, {"top_k": 2}, {"top_p": 0.5}, {"min_p": 0.5}], ids=str)
def test_the_ends_of_the_random_range_draw_a_character_that_is_kept(random, how):
    drawn = int(choose(LOGITS, random, Sampling(**how)))

    assert drawn in ((2, 4) if how else (1, 5))


@pytest.mark.parametrize(
    "how",
    [
        {"length": -1},
        {"temperature": -0.1},
        {"temperature": math.nan},
        {"temperature": math.inf},
        {"top_k": -1},
        {"top_p": 1.1},
        {"top_p": math.nan},
        {"min_p": -0.1},
        {"min_p": 2.0},
        {"stop": ("a", "")},
        {"seed": -1},
    ],
    ids=str,
)
def test_what_cannot_be_sampled_is_refused_with_what_was_asked_for(how):
    with pytest.raises(UsageError, match=f"this cannot be sampled: {next(iter(how))} ") as caught:
        Sampling(**how)

    assert "min_p are from 0 to 1" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "stops", "expected"),
    [
        ("one two", (), "one two"),
        ("one two", ("x",), "one two"),
        ("one two", ("two",), "one "),
        ("one two", ("o",), ""),
        ("one two", ("wo", "two"), "one "),  # whole at once: the longest
        ("abcd", ("abcd", "bc"), "a"),  # the first that is whole
        ("aab aac", ("aac",), "aab "),
        ("aaab", ("aab",), "a"),
        ("ending with the beginning of", ("off",), "ending with the beginning of"),
    ],
)
def test_a_text_ends_before_a_stop_string_however_it_comes_in_pieces(text, stops, expected):
    for cuts in product([False, True], repeat=min(len(text) - 1, 6)):
        pieces = [""]
        for place, character in enumerate(text):
            if place and place <= len(cuts) and cuts[place - 1]:
                pieces.append("")
            pieces[-1] += character

        assert "".join(until(pieces, stops)) == expected
    assert "".join(until(list(text), stops)) == expected


@given(
    text=st.text("abc", max_size=30),
    stops=st.lists(st.text("abc", min_size=1, max_size=4), max_size=3),
    size=st.integers(1, 8),
)
def test_pieces_do_not_change_where_a_text_ends(text, stops, size):
    pieces = [text[start : start + size] for start in range(0, len(text), size)]

    found = "".join(until(pieces, tuple(stops)))

    assert found == "".join(until(list(text), tuple(stops)))
    assert not any(stop in found for stop in stops)
    assert text.startswith(found)


def test_nothing_is_held_back_that_cannot_become_a_stop_string():
    pieces = iter(["one", "two", "the", "end"])
    coming = until((f"{piece} " for piece in pieces), ("the end",))

    assert [piece for piece in coming if piece] == ["one ", "two "]


@pytest.fixture(scope="module", params=[1, 4, 7], ids=["lstm", "gru", "tied"])
def sampler(request):
    chosen = options(**KINDS[request.param])
    return Sampler(weights(chosen, 13), KNOWN, chosen)


def written(sampler, prime="ab", **how) -> str:
    return "".join(sampler.stream(prime, Sampling(**how)))


def test_the_same_seed_gives_the_same_text_and_another_another(sampler):
    one, same, other = (written(sampler, length=200, seed=seed) for seed in (1, 1, 2))

    assert len(one) == 200
    assert one == same != other


def test_a_sample_comes_piece_by_piece(sampler):
    endless = sampler.stream("ab", Sampling(length=1 << 40, seed=1), engine="numpy")

    assert list(islice(endless, 5)) == list(sampler.stream("ab", Sampling(length=5, seed=1)))


def test_what_goes_before_decides_what_comes(sampler):
    texts = [[written(sampler, prime, length=9, seed=seed) for seed in range(30)] for prime in ("abc", "kkk")]

    assert texts[0] != texts[1]


def test_without_a_prime_a_sample_starts_as_a_document_does(sampler):
    assert written(sampler, "") == written(sampler, sampler.options.separator)


def test_without_prime_or_separator_the_zero_state_writes(sampler):
    bare = dataclasses.replace(sampler, options=dataclasses.replace(sampler.options, separator=""))

    assert len(written(bare, "", length=20)) == 20
    assert len("".join(bare.stream("", Sampling(length=20), engine="numba"))) == 20


def test_a_prime_may_hold_characters_the_model_has_never_seen(sampler):
    assert sampler.unseen("abž 🐎ž") == "ž 🐎"
    assert written(sampler, "abž 🐎", length=20) == written(sampler, "ab???", length=20)


@pytest.mark.parametrize("how", [{}, {"temperature": 0}, {"top_k": 4, "top_p": 0.9, "min_p": 0.1}], ids=str)
def test_texts_side_by_side_are_those_of_one_after_another(sampler, how):
    count = 5 if how else SIDE_BY_SIDE + 3
    texts = list(sampler.texts("ab", Sampling(length=60, seed=7, **how), count=count))

    assert texts == [written(sampler, length=60, seed=7 + n, **how) for n in range(count)]


def test_texts_side_by_side_end_each_at_its_own_stop_string(sampler):
    stop = ("a", "ch")
    texts = list(sampler.texts("ab", Sampling(length=60, stop=stop), count=9))

    assert texts == [written(sampler, length=60, seed=n, stop=stop) for n in range(9)]
    assert len(set(map(len, texts))) > 1


def nats(sampler, text) -> float:
    """What a text costs a character after "ab", the unknown character left out, by torch's own layers."""
    ids = KNOWN.encode("ab" + text)
    logits = torch_logits(sampler.weights, sampler.options, ids)[:, 1:].astype(np.float64)
    logs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    return -float(logs[np.arange(1, len(ids) - 1), ids[2:].astype(int) - 1].mean())


def test_a_beam_as_wide_as_all_texts_finds_the_likeliest(sampler):
    likeliest = min(("".join(text) for text in product(KNOWN.characters, repeat=2)), key=lambda t: nats(sampler, t))

    found = sampler.beam("ab", length=2, width=12)

    assert found.text == likeliest
    assert found.nats_per_char == pytest.approx(nats(sampler, likeliest), abs=0.01)  # of weights that are rounded


def test_a_beam_finds_the_same_each_time_and_one_of_width_1_the_likeliest_character(sampler):
    assert sampler.beam("ab", length=30, width=4) == sampler.beam("ab", length=30, width=4)
    assert sampler.beam("ab", length=30, width=1).text == written(sampler, length=30, temperature=0)


def test_a_beam_ends_before_a_stop_string(sampler):
    whole = sampler.beam("ab", length=30, width=1).text
    stop = whole[10:12]

    found = sampler.beam("ab", length=30, width=1, stop=(stop,))

    assert found.text == whole[: whole.index(stop)]
    assert found.nats_per_char == pytest.approx(nats(sampler, found.text + stop), abs=0.01)
    assert stop not in sampler.beam("ab", length=30, width=6, stop=(stop,)).text


def test_a_beam_whose_texts_end_soon_takes_none_that_goes_on(sampler):
    known = KNOWN.characters[:6]
    found = sampler.beam("ab", length=30, width=3, stop=tuple(known))

    after = min(known, key=lambda character: nats(sampler, found.text + character))
    assert len(found.text) < 30
    assert found.nats_per_char == pytest.approx(nats(sampler, found.text + after), abs=0.01)


@pytest.mark.parametrize("width", [0, -1, 1001])
def test_a_beam_has_a_width(sampler, width):
    with pytest.raises(UsageError, match=f"a beam cannot be {width} wide"):
        sampler.beam("ab", length=3, width=width)


def test_nothing_is_written_where_nothing_is_asked_for(sampler):
    assert written(sampler, length=0) == ""
    assert sampler.beam("ab", length=0, width=3).text == ""
    assert list(sampler.texts("ab", Sampling(length=0), count=2)) == ["", ""]


def test_a_run_is_sampled(finished):
    store, run = finished
    loaded = Sampler.load(run, store)

    assert loaded.options.hidden == run.config["hidden"]
    assert len("".join(loaded.stream("the ", Sampling(length=40)))) == 40


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
