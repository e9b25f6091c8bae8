"""Rules: what a text and a time lead to, and that each setting says why and whence."""

import pytest

from corpusmill.spec import options
from model.options import TrainOptions
from model.suggest import SIZES, Facts, facts, measured, parameters, suggest
from preprocess.ids import counts

SPEED = 2e10  # parameters times characters a second, such as a fast core has


def known(characters=1_000_000, **fields):
    given = {"ref": "sea@v1", "documents": 100, "vocabulary": 65, "rare": 0}
    return Facts(characters=characters, **given | fields)


def values(*arguments):
    return {each.key.removeprefix("train."): each.value for each in suggest(*arguments).settings}


@pytest.mark.parametrize("characters", [500, 20_000, 1_000_000, 100_000_000])
@pytest.mark.parametrize("minutes", [None, 0.05, 3, 600])
def test_every_suggestion_is_settings_that_can_be_trained_with_reasons_and_sources(characters, minutes):
    found = suggest(known(characters, rare=30), SPEED, minutes)
    assert options(TrainOptions, {each.key.removeprefix("train."): each.value for each in found.settings}, "suggest")
    assert all(each.reason and each.source for each in found.settings)
    assert len({each.key for each in found.settings}) == len(found.settings)
    assert found.sets[0] == f"train.hidden={found.settings[0].value}"
    batch, length = (values(known(characters), SPEED, minutes)[key] for key in ("batch", "length"))
    assert (batch + 1) * length <= characters


def test_parameters_and_characters_are_of_one_order():
    sizes = [values(known(n), SPEED, 10_000)["hidden"] for n in (30_000, 300_000, 3_000_000, 30_000_000)]
    assert sizes == sorted(set(sizes))
    for n, size in zip((30_000, 300_000, 3_000_000), sizes, strict=False):
        assert 0.1 < parameters(size, 65) / n < 10
    assert sizes[-1] == SIZES[-1]


def test_little_time_means_a_small_network_and_says_so():
    assert [values(known(10**7), SPEED, minutes)["hidden"] for minutes in (0.5, 3, 15, 60)] == [64, 256, 512, 1024]
    short = suggest(known(), SPEED, 0.001).settings[0]
    assert (short.value, "give it more" in short.reason) == (SIZES[0], True)
    assert suggest(known(10**7), SPEED, 3).settings[0].reason.startswith("the largest that has 2,000 updates")


def test_dropout_grows_with_readings_and_with_parameters_a_character():
    by_time = [values(known(), SPEED, minutes)["dropout"] for minutes in (0.02, 1, 10, 60)]
    assert by_time == sorted(by_time)
    assert (by_time[0], by_time[-1]) == (0.0, 0.5)


def test_without_a_time_the_text_says_how_long():
    small, large = (suggest(known(n), SPEED) for n in (1_000_000, 10_000_000))
    assert small.settings[-1].key == "train.minutes"
    assert small.settings[-1].value < large.settings[-1].value
    assert large.settings[0].value == 512
    assert 3.9 < small.epochs < 4.5


def test_a_text_too_short_for_fifty_batches_has_fewer_streams():
    assert values(known(20_000), SPEED)["batch"] == 20_000 // (50 * 64)
    assert values(known(1000), SPEED)["length"] == 8


def test_a_wider_network_has_a_lower_rate():
    assert values(known(10**7), SPEED)["learning_rate"] == 5.6e-3
    assert values(known(10**6), SPEED)["learning_rate"] == 1.1e-2


def test_characters_that_hardly_occur_are_worth_a_word():
    assert "min_count" not in values(known(rare=6), SPEED)
    assert values(known(rare=30), SPEED)["min_count"] == 10
    assert "min_count" not in values(known(rare=30, characters=20_000), SPEED)


def test_a_version_is_counted(store, version):
    found = facts(version, store)
    counted = counts(version, "train", store, "")
    assert (found.ref, found.documents, found.vocabulary) == (version.ref, 2, len(counted))
    assert found.characters == sum(counted.values())


def test_the_speed_of_this_machine_is_a_number():
    assert 1e6 < measured(hidden=16, rounds=2) < 1e14
