import json
import math
import random
from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from preprocess.publish.measure import COMPRESSORS, ORDERS, entropies
from tests import needs

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def counted(text: str, n: int) -> Counter:
    return Counter(text[start : start + n] for start in range(len(text) - n + 1))


def entropy(counts: Counter) -> float:
    total = sum(counts.values())
    return -sum(count / total * math.log2(count / total) for count in counts.values())


def expected(text: str, n: int) -> float:
    return max(entropy(counted(text, n)) - (entropy(counted(text, n - 1)) if n > 1 else 0), 0)


def agrees_with_counting_each_ngram(text: str) -> bool:
    found = entropies(text)
    return [each["n"] for each in found] == [n for n in ORDERS if n <= len(text)] and all(
        abs(each["bits_per_character"] - expected(text, each["n"])) < 6e-5
        and each["distinct"] == len(counted(text, each["n"]))
        for each in found
    )


@given(TEXT | st.text("ab", min_size=50))
@example("the mill the mill the mill")
def test_entropies_are_those_of_counting_each_ngram(text):
    assert agrees_with_counting_each_ngram(text)


@pytest.mark.parametrize("characters", [1 << 7, 1 << 11, 1 << 12, 1 << 13], ids="{:,} characters".format)
def test_ngrams_that_do_not_fit_a_word_are_counted_the_same(characters):
    text = "".join(map(chr, range(0x10000, 0x10000 + characters)))
    assert agrees_with_counting_each_ngram(text + text[::-1] + text[: characters // 2])


def test_bits_per_byte_share_what_a_character_costs_among_its_bytes():
    (first,) = entropies("дом и мир " * 50, [1])
    assert first["bits_per_byte"] == pytest.approx(first["bits_per_character"] * 10 / 17, abs=1e-4)


def test_a_figure_says_when_it_tells_of_the_sample_more_than_of_the_text():
    draw = random.Random(1)
    found = entropies("".join(draw.choices("abcdefgh", k=20_000)))
    assert [each["reliable"] for each in found] == [True, True, True, False, False, False]
    assert found[2]["bits_per_character"] == pytest.approx(3, abs=0.02)
    assert found[5]["bits_per_character"] < 1


def test_only_the_orders_asked_for_are_told():
    assert [each["n"] for each in entropies("abcabcabd", [4, 2])] == [4, 2]


@pytest.mark.parametrize(("text", "orders"), [("", []), ("a", [1]), ("né", [1, 2])])
def test_orders_longer_than_the_sample_are_left_out(text, orders):
    assert [each["n"] for each in entropies(text)] == orders


@pytest.mark.parametrize("compress", COMPRESSORS.values(), ids=list(COMPRESSORS))
def test_compressors_find_what_repeats_and_nothing_else(compress):
    noise = random.Random(1).randbytes(20_000)
    assert compress(b"") == 0
    assert compress(b"grist " * 20_000) < 0.02
    assert 8 < compress(noise) < 8.1
    assert 4 < compress(noise * 2) < 4.1
    assert compress(noise) == compress(noise)


def test_what_is_measured_is_json():
    found = entropies("a tale of a mill and a miller" * 9)
    assert json.loads(json.dumps(found)) == found


def test_shakespeare_costs_two_to_three_bits_a_byte_without_a_model():
    folder = needs.shared("web") / "raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare"
    body = (folder / "input.txt").read_bytes()
    found = entropies(body.decode())
    assert found[0]["bits_per_character"] == pytest.approx(4.78, abs=0.01)
    assert [each["reliable"] for each in found] == [True, True, True, True, False, False]
    assert all(2 < compress(body) < 3.1 for compress in COMPRESSORS.values())
