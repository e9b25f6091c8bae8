"""Shipped corpora of archives, prepared of the real files. Skipped where the mirror of real material is absent."""

from collections import Counter

import pytest

from corpusmill import spec
from preprocess.build import prepare
from preprocess.recipe import check
from tests import needs
from tests.preprocess.snapshots import take


@pytest.mark.parametrize(
    ("name", "documents", "characters", "drops"),
    [
        ("abc", 1037, 419_708, {"parse: comment": 1037}),
        ("latex", 116, 27_642_458, {"parse: skipped": 3}),
        ("linux", 459, 10_701_939, {}),
        (
            "midi-odd",
            51,
            247_096,
            {
                "parse: empty": 1,
                "parse: not MIDI": 17,
                "parse: not music": 1,
                "parse: trailing": 1,
                "parse: truncated": 1,
            },
        ),
        ("names", 37_072, 227_861, {"dedup: same text": 2905, "parse: comment": 4}),
        ("turtlesim", 15, 33_451, {"parse: empty": 1}),
        ("wikipedia", 106, 2_934_117, {"parse: namespace": 1, "parse: redirect": 99}),
    ],
)
def test_a_corpus_is_whole_and_its_losses_are_known(name, documents, characters, drops, store):
    web, corpus = needs.shared("web"), spec.load(name)
    raw = {url: (web / url.removeprefix("https://")).read_bytes() for url in corpus.source["urls"]}
    resolved = prepare(check(corpus), corpus, take(store, name, raw), store)
    lengths = resolved.table.records["characters"][resolved.kept]
    assert (len(lengths), lengths.sum()) == (documents, characters)
    assert Counter(f"{drop.step}: {drop.reason.partition(':')[0]}" for drop in resolved.drops) == drops
