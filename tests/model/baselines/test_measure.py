import math
from dataclasses import asdict, replace

import msgspec
import pytest

from benchmarks.material import version as published
from corpusmill.errors import UnknownNameError, UsageError
from model.baselines import measure as measuring
from model.baselines.measure import Baselines, beginning, measure, samples
from model.options import TrainOptions
from preprocess.ids import counts
from preprocess.vocab import Vocabulary
from tests.model.small import texts

SEPARATOR = "\n\n"


@pytest.fixture
def asked(version, store):
    """What most calls begin with."""
    vocabulary = Vocabulary.of(counts(version, "train", store, SEPARATOR))
    return version, store, vocabulary, SEPARATOR


def kept(store):
    return sorted((store.corpus("sea") / "baselines").glob("*/manifest.json"))


def test_all_are_asked_on_the_same_text(asked):
    told = []

    found = measure(*asked, order=5, progress=lambda *said: told.append(said))

    text = texts()["validation"][0]
    assert (found.split, found.reset, found.kneser_ney.order) == ("validation", 0, 5)
    assert found.characters == found.characters_in_all == len(text)
    assert found.bytes == len(text.encode()) > len(text)
    assert found.trained == found.trained_in_all == sum(map(len, texts()["train"])) + len(SEPARATOR)
    assert 0 < found.kneser_ney.nats_per_char < math.log(len(asked[2]))
    assert found.kneser_ney.bits_per_byte == pytest.approx(
        found.kneser_ney.nats_per_char * len(text) / math.log(2) / found.bytes
    )
    assert [one.order for one in found.unsmoothed] == [4, 7, 10, 20]
    assert [one.name for one in found.compressors] == ["zstd -19 --long", "xz -9", "PPMd-H order 8"]
    assert {said[0] for said in told} == {"n-grams", "compress"}
    assert msgspec.json.decode(msgspec.json.encode(found), type=Baselines) == found


def test_they_are_asked_once_for_each_question(asked, monkeypatch):
    first = measure(*asked, order=3)

    monkeypatch.setattr(measuring, "compressed", lambda *_: pytest.fail("asked again"))

    assert measure(*asked, order=3) == first
    with pytest.raises(pytest.fail.Exception, match="asked again"):
        measure(*asked, order=4)
    assert len(kept(asked[1])) == 1


@pytest.mark.parametrize("spoil", [lambda body: body.replace(b"5", b"6"), lambda body: body[:-9], lambda _: b"", None])
def test_what_is_damaged_is_worked_out_anew(asked, spoil):
    first = measure(*asked, order=3)
    (path,) = kept(asked[1])
    whole = path.read_bytes()
    if spoil:
        path.write_bytes(spoil(whole))
    else:
        path.unlink()

    assert measure(*asked, order=3) == first
    assert path.read_bytes() == whole


def test_what_no_model_has_seen_is_spelt_out_and_never_foreseen(store):
    version = published(store, "sea", {"train": ["the sea " * 60], "validation": ["the sea é"], "test": ["the sea e"]})
    vocabulary = Vocabulary.build("the sea ")

    unknown = measure(version, store, vocabulary, SEPARATOR)
    known = measure(version, store, vocabulary, SEPARATOR, split="test")

    assert unknown.unsmoothed[0].foreseen == pytest.approx(8 / 9)
    assert known.unsmoothed[0].foreseen == pytest.approx(8 / 9)  # an e never followed
    assert unknown.bytes == 10
    assert unknown.kneser_ney.nats_per_char * 9 > 16 * math.log(2)
    assert known.kneser_ney.nats_per_char < unknown.kneser_ney.nats_per_char


def test_where_nothing_is_foreseen_there_is_no_price(store):
    version = published(store, "sea", {"train": ["aaaa"], "validation": ["zz"]})

    found = measure(version, store, Vocabulary("az"), SEPARATOR)

    assert {(one.foreseen, one.nats_per_foreseen) for one in found.unsmoothed} == {(0.0, None)}


def test_a_context_that_begins_anew_foresees_less(asked):
    carried, reset = (measure(*asked, order=8, reset=reset) for reset in (0, 3))

    assert reset.reset == 3
    assert reset.kneser_ney.nats_per_char > carried.kneser_ney.nats_per_char
    assert reset.compressors == carried.compressors


def test_of_long_texts_the_beginning_is_taken_and_told(asked, monkeypatch):
    monkeypatch.setattr(measuring, "TRAINED", 500)
    monkeypatch.setattr(measuring, "SCORED", 100)

    found = measure(*asked, order=4)

    assert (found.trained, found.characters) == (500, 100)
    assert (found.trained_in_all, found.characters_in_all) == (
        sum(map(len, texts()["train"])) + 2,
        len(texts()["validation"][0]),
    )


def test_less_may_be_asked_for_and_is_another_question(asked):
    some = measure(*asked, order=4, trained=500, scored=100)
    whole = measure(*asked, order=4)

    assert (some.trained, some.characters) == (500, 100)
    assert whole.characters == whole.characters_in_all


def test_the_best_order_is_the_one_that_asked_alone_needs_least(asked):
    alone = [measure(*asked, order=order).kneser_ney for order in range(1, 7)]

    assert measure(*asked, order=6).best == min(alone, key=lambda one: one.nats_per_char)


@pytest.mark.parametrize(
    ("settings", "length", "expected"),
    [
        ({"minutes": 1}, 10**9, 1_200_000),
        ({"minutes": 0.3}, 10**9, 360_000),
        ({"minutes": 600}, 10**9, 4_000_000),
        ({"minutes": 600}, 12_345, 12_345),
        ({"steps": 10}, 10**9, 200_000),
        ({"steps": 10_000, "batch": 100, "length": 2}, 10**9, 200_000),
        ({"steps": 10_000, "batch": 100, "length": 3}, 10**9, 300_000),
        ({"epochs": 0.5}, 10**7, 500_000),
    ],
    ids=str,
)
def test_after_a_training_baselines_learn_from_a_tenth_of_what_its_budget_allows(settings, length, expected, version):
    assert measuring.bounded(TrainOptions(**settings), version, length) == expected


def test_of_letters_that_take_three_bytes_they_learn_from_a_third_as_many(version):
    wide = replace(version, stats={"splits": {"train": {"bytes": 30, "characters": 10}}})

    assert measuring.bounded(TrainOptions(minutes=600), wide, 10**9) == 1_333_333


@pytest.mark.parametrize("limit", [1, 5, 10, 11, 12, 13, 14, 15, 30])
def test_a_split_begins_with_its_first_documents(store, limit):
    version = published(store, "sea", {"train": ["0123456789", "abc", "def"]})

    assert beginning(version, store, "train", SEPARATOR, limit) == "0123456789\n\nabc\n\ndef"[:limit]


def test_a_split_that_is_not_there_is_named_with_those_that_are(asked):
    with pytest.raises(UnknownNameError, match="sea@v1 has no split 'test': it has train, validation"):
        measure(*asked, split="test")


@pytest.mark.parametrize("order", [0, 255])
def test_an_order_that_is_not_counted_is_refused(asked, order):
    with pytest.raises(UsageError, match=f"n-grams of order {order} are not counted"):
        measure(*asked, order=order)


def test_an_empty_text_cannot_be_compared_on(store):
    version = published(store, "sea", {"train": [""], "validation": ["the sea"]})

    with pytest.raises(UsageError, match="sea@v1 has no text to compare on"):
        measure(version, store, Vocabulary("a"), SEPARATOR)


def test_the_unsmoothed_model_writes_at_each_order(asked):
    written = samples(*asked, length=50, seed=3)

    assert list(written) == [4, 7, 10, 20]
    assert {len(text) for text in written.values()} == {50}
    assert written[20].startswith(texts()["train"][0][:20])
    assert samples(*asked, length=50, seed=3) == written


def test_the_result_is_plain_numbers(asked):
    told = asdict(measure(*asked, order=2))

    assert set(told) == {
        "split", "reset", "characters", "characters_in_all", "bytes", "trained", "trained_in_all", "kneser_ney",
        "best", "unsmoothed", "compressors",
    }  # fmt: skip
