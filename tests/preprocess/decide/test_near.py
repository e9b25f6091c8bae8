import functools
import os
import re
import subprocess
import sys
import tomllib
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusmill.errors import SpecError
from corpusmill.spec import options
from preprocess.decide.near import NearOptions, clusters, shares_band, signature, signatures
from tests.growth import growth

ROOT = Path(__file__).parents[3]
WORDS = NearOptions()
LETTERS = NearOptions(unit="character", shingle=3)
PROSE = " ".join(f"In the year {n} the mill by the river ground {n * n} sacks of corn." for n in range(40))
TEXTS = st.lists(st.text(st.sampled_from("abé粉 \n\t\u3000"), max_size=40), max_size=12)
BUCKET = 6_000  # rows that agree in most bands


def pair(similarity: float, name: str, size: int = 300) -> list[str]:
    """Two texts of `size` words each that share as many as a Jaccard index of about `similarity` needs."""
    shared = round(2 * size * similarity / (1 + similarity))
    common = [f"{name}{n}" for n in range(shared)]
    return [" ".join(common + [f"{name}{side}{n}" for n in range(size - shared)]) for side in "ab"]


def share_found(similarity: float, pairs: int = 100) -> float:
    texts = [text for n in range(pairs) for text in pair(similarity, f"p{n}x")]
    lowest = clusters(signatures(texts, NearOptions(shingle=1)), NearOptions(shingle=1))
    assert (lowest[0::2] == np.arange(0, 2 * pairs, 2)).all()  # pairs of different names are apart
    return float((lowest[1::2] == lowest[0::2]).mean())


def near(one: str, other: str, asked: NearOptions = WORDS) -> bool:
    return not clusters(signatures([one, other], asked), asked).any()


@pytest.mark.parametrize(
    ("text", "asked", "first"),
    [
        (PROSE, WORDS, [10623972, 100293568, 207815790]),
        (PROSE, LETTERS, [60520573, 1021110405, 1794584844]),
        ("粉挽き小屋。", WORDS, [3788647386, 3836459694, 4145710489]),
        ("", WORDS, [3525376080, 3252806195, 3804056324]),
    ],
)
def test_signatures_are_pinned_since_versions_hang_on_them(text, asked, first):
    assert signature(text, asked)[: len(first)].tolist() == first


def test_signatures_are_the_same_in_every_process():
    program = (
        "import sys; from preprocess.decide.near import *;"
        "sys.stdout.write(signatures([sys.argv[1]] * 300, NearOptions()).tobytes().hex())"
    )
    for seed, threads in (("0", "1"), ("7", "4")):
        told = subprocess.run(
            [sys.executable, "-c", program, PROSE],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed, "RAYON_NUM_THREADS": threads, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stdout == signature(PROSE, WORDS).tobytes().hex() * 300


@given(TEXTS, st.sampled_from([WORDS, LETTERS, NearOptions(shingle=1)]))
def test_a_signature_does_not_depend_on_the_texts_beside_it(texts, asked):
    found = signatures(texts, asked)
    assert found.shape == (len(texts), asked.permutations)
    assert [row.tolist() for row in found] == [signature(text, asked).tolist() for text in texts]


def test_a_signature_does_not_depend_on_how_many_texts_there_are():
    assert (signatures(["a b c"] * 300, WORDS) == signature("a b c", WORDS)).all()


@pytest.mark.parametrize("asked", [WORDS, LETTERS, NearOptions(shingle=1)])
def test_a_long_text_has_the_signature_of_its_shingles_however_it_is_cut(asked):
    text = " ".join(f"w{n % 9973}ö" for n in range(60_000))
    cut_elsewhere = " " * 1_000 + text.replace(" ", "  \n" if asked.unit == "word" else " ")
    assert len(text) > 2 * 131_072
    agree = (signature(text, asked) == signature(cut_elsewhere, asked)).mean()
    assert agree == 1 if asked.unit == "word" else agree > 0.9


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("a b c d e f", "a\u00a0b  c\r\nd\te\u3000f\n", True),
        ("a b", "b a", False),
        ("a b", "a b c", False),
        ("a", "", False),
        ("", " \n\u2003", True),
        ("ab c", "a bc", False),
        ("a b c d e", "A b c d e", False),
        ("a b c d e", "a b c d e\x00", False),
        ("\ud800", "\ud801", False),
    ],
)
@pytest.mark.parametrize("asked", [WORDS, NearOptions(unit="character")])
def test_what_counts_is_the_order_of_words_and_letters_not_the_white_space(one, other, equal, asked):
    assert near(one, other, asked) == equal
    assert near(one, other, NearOptions(threshold=1, unit=asked.unit)) == equal


def test_estimates_are_right_on_average():
    for similarity in (0.5, 0.8, 0.95):
        found = signatures([t for n in range(100) for t in pair(similarity, f"p{n}x")], NearOptions(shingle=1))
        assert (found[0::2] == found[1::2]).mean() == pytest.approx(similarity, abs=0.02)


@pytest.mark.parametrize(("similarity", "least", "most"), [(0.6, 0, 0), (0.7, 0, 0.03), (0.9, 0.99, 1), (1, 1, 1)])
def test_pairs_are_found_or_not_as_the_documentation_says(similarity, least, most):
    assert least <= share_found(similarity) <= most


def test_prose_with_a_word_changed_is_near_and_prose_about_something_else_is_not():
    assert near(PROSE, PROSE.replace("year 7 ", "summer of 7 "))
    assert not near(PROSE, PROSE.replace("corn", "rye"))
    assert near("粉挽き小屋で働く。" * 3 + "終", "粉挽き小屋で働く。" * 3, NearOptions(unit="character"))


@pytest.mark.parametrize(
    ("threshold", "permutations", "band", "least"),
    [(0.5, 128, 3, 64), (0.8, 128, 7, 103), (0.9, 128, 12, 116), (1, 128, 128, 128), (0.7, 16, 2, 12), (0.5, 16, 1, 8)],
)
def test_bands_are_the_longest_that_still_find_a_pair_at_the_threshold(threshold, permutations, band, least):
    asked = NearOptions(threshold=threshold, permutations=permutations)
    assert (asked.band, asked.least) == (band, least)
    assert shares_band(threshold, band, permutations) >= 0.95


def test_the_documentation_shows_options_there_are():
    blocks = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/duplicates.md").read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        options(NearOptions, tomllib.loads(block)["clean"]["near"], "a.toml", "clean.near")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"threshold": 0.4}, "threshold"),
        ({"threshold": 1.1}, "threshold"),
        ({"threshold": float("nan")}, "threshold"),
        ({"shingle": 0}, "shingle"),
        ({"permutations": 8}, "permutations"),
        ({"unit": "line"}, "unit"),
        ({"keep": "two"}, "keep"),
        ({"treshold": 0.9}, "did you mean threshold"),
    ],
)
def test_options_that_cannot_be_are_refused(table, said):
    with pytest.raises(SpecError, match=said):
        options(NearOptions, table, "a.toml", "clean.near")
    if not {"unit", "keep", "treshold"} & set(table):
        with pytest.raises(ValueError, match=said):
            NearOptions(**table)


@given(st.lists(st.lists(st.integers(0, 2), min_size=16, max_size=16), max_size=8), st.randoms())
def test_small_buckets_are_looked_through_pair_by_pair(rows, random):
    asked = NearOptions(permutations=16)
    expected = list(range(len(rows)))
    for a, b in combinations(range(len(rows)), 2):
        agree = [x == y for x, y in zip(rows[a], rows[b], strict=True)]
        bands = [all(agree[start : start + asked.band]) for start in range(0, 16 - asked.band + 1, asked.band)]
        if any(bands) and sum(agree) >= asked.least:
            one, other = sorted((expected[a], expected[b]))
            expected = [one if row == other else row for row in expected]

    found = clusters(np.array(rows, np.uint32).reshape(-1, 16), asked)

    assert found.tolist() == expected


def test_those_who_are_linked_by_a_third_are_in_one_cluster():
    words = [f"w{n}" for n in range(1_100)]
    texts = [" ".join(words[start : start + 1_000]) for start in (0, 50, 100)]
    asked = NearOptions(threshold=0.86, permutations=1024)
    assert not near(texts[0], texts[2], asked)
    assert not clusters(signatures(texts, asked), asked).any()


def boilerplate(rows: int, kinds: int) -> np.ndarray:
    """Signatures that agree in their first 90 places; those of a kind in 126 of 128."""
    random = np.random.default_rng(1)
    found = random.integers(0, 1 << 32, (kinds, 128), np.uint64).astype(np.uint32)[np.arange(rows) % kinds]
    found[:, :90] = np.arange(90)
    found[:, 126:] = random.integers(0, 1 << 32, (rows, 2), np.uint64)
    return found


def test_a_bucket_of_any_size_gives_up_its_clusters():
    for kinds in (1, 5, 8):
        assert (clusters(boilerplate(BUCKET, kinds), WORDS) == np.arange(BUCKET) % kinds).all()


def test_a_bucket_of_rows_that_are_all_different_takes_linear_time():
    def work(rows: int):
        return functools.partial(clusters, boilerplate(rows, rows), WORDS)

    growth(work(BUCKET // 4), work(BUCKET), most=8)  # sixteen times if it compared each with each
    assert (work(BUCKET)() == np.arange(BUCKET)).all()


def test_signatures_may_be_mapped_from_disk(tmp_path):
    sketches = boilerplate(5_000, 3)
    mapped = np.memmap(tmp_path / "signatures", np.uint32, "w+", shape=sketches.shape)
    mapped[:] = sketches
    assert (clusters(mapped, WORDS) == clusters(sketches, WORDS)).all()


def test_nothing_has_no_clusters():
    assert clusters(signatures([], WORDS), WORDS).shape == (0,)
