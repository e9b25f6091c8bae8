"""What the sections make of a run."""

import shlex
import tomllib

import pytest

from corpusmill import spec
from reports.sections.again import again
from reports.sections.corpus import corpus
from reports.sections.dropped import dropped
from reports.sections.samples import samples, spread
from reports.sections.summary import summary
from reports.sections.training import training
from reports.words import SPACE
from reports.yardsticks import LIMIT, yardsticks
from tests.reports.fake_run import baselines, curve


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, []), (1, [0]), (6, [0, 1, 2, 3, 4, 5]), (16, [0, 1, 2, 4, 8, 15]), (1000, [0, 3, 15, 62, 250, 999])],
)
def test_the_samples_shown_lie_ever_further_apart(number, shown):
    assert spread(list(range(number)), 6) == shown


def test_a_sample_says_where_in_training_it_was_written(material):
    told = samples(material())
    assert [text.heading for text in told.shown] == ["iteration 50", "iteration 100", "iteration 150"]
    assert [text.says for text in told.shown] == [
        "102,400 characters · 3.61 bits per byte",
        "204,800 characters · 3.03 bits per byte",
        "307,200 characters · 2.89 bits per byte",
    ]
    assert told.temperature == "0.8"


def test_a_sample_from_before_the_first_metric_says_only_its_iteration(material):
    told = samples(material(samples=({"iteration": 1, "temperature": 1, "text": "?"},)))
    assert (told.shown[0].heading, told.shown[0].says) == ("iteration 1", "")


def test_reasons_are_counted_without_their_details(material):
    drops = [("dedup", f"same text: kept {n}", "a") for n in range(30)] + [("rights", "all reserved", "b")] * 40
    told = dropped(material(drops=tuple(drops)))
    assert [(r.step, r.reason, r.number) for r in told.reasons] == [
        ("rights", "all reserved", "40"),
        ("dedup", "same text", "30"),
    ]
    assert len(told.reasons[1].examples) == 3
    assert all(example.detail.startswith("kept ") for example in told.reasons[1].examples)


def test_reasons_beyond_the_table_are_counted(material):
    told = dropped(material(drops=tuple(("step", f"reason {n:02}", "a") for n in range(25))))
    assert (len(told.reasons), told.unlisted, told.unlisted_documents) == (20, 5, 5)


def test_the_training_command_sets_every_setting_again(material):
    config = {
        "hidden": 7,
        "rate": 0.01,
        "name": 'a "b" $c \n\\',
        "on": True,
        "betas": [0.9, 0.99],
        "samples": {"length": 3},
    }
    made = material(config=config)
    program, command, ref, *rest = shlex.split(again(made).exactly)
    assert [program, command, ref] == ["corpusmill", "train", "plays@v1"]
    assert set(rest[::2]) == {"--set"}
    table = {}
    for item in rest[1::2]:
        spec.override(table, item)
    assert table["train"] == made.run.config


def test_settings_are_written_as_toml_writes_them(material):
    told = again(material(config={"samples": {"temperatures": [0.2, 1.0]}}))
    assert tomllib.loads("\n".join(f"{name} = {value}" for name, value in told.training))["samples"] == {
        "temperatures": [0.2, 1.0]
    }


def test_the_table_of_losses_holds_every_evaluation(material):
    rows = training(material()).rows
    assert [(r.iteration, r.train, r.validation, r.bits, r.best) for r in rows] == [
        ("50", "2.400", "2.500", "3.607", False),
        ("100", "1.900", "2.100", "3.030", False),
        ("150", "1.700", "2.000", "2.885", True),
    ]


def test_a_long_table_of_losses_keeps_the_best_and_says_what_it_leaves_out(material):
    losses = [(2.0, 3 - 0.01 * min(n, 101)) for n in range(150)]
    told = training(material(metrics=curve(losses, steps=1)))
    assert len(told.rows) + told.unlisted == 150
    assert len(told.rows) <= 61
    assert [row.iteration for row in told.rows if row.best] == ["1,020"]


def test_a_steep_beginning_leaves_the_picture_and_is_said(material):
    metrics = curve([(2.0, 2.2)] * 10, steps=10)
    metrics[0]["nats_per_char"] = 9.0
    told = training(material(metrics=metrics))
    assert told.cut == "The first training losses, up to 9.00, lie above the picture."
    assert ">9<" not in told.wide
    assert training(material(corpus="poems")).cut == ""


def test_a_run_that_read_part_of_its_text_says_which_part(material):
    told = summary(material(metrics=curve([(2, 2.2)], steps=1), train=("Speak! " * 6200,)))
    assert (told.text, told.passes) == ("20,480 of the 43,400", "")
    assert told.figures[3].says == f"47{SPACE}% of the train split"


def test_the_corpus_is_told_by_split_and_by_character(material):
    told = corpus(material(train=("ab\u202e " * 10, "b"), validation=("ab",)))
    assert [(part.name, part.documents, part.characters, part.size) for part in told.parts] == [
        ("train", "2", "41", "61 bytes"),
        ("validation", "1", "2", "2 bytes"),
        ("all", "3", "43", "63 bytes"),
    ]
    assert told.vocabulary == "4"
    assert "\\u202e" in told.frequent
    assert "␣" in told.frequent


def test_yardsticks_are_bits_per_byte_of_the_text():
    found = {yardstick.name: yardstick.bits_per_byte for yardstick in yardsticks(b"ab" * 5000)}
    assert found["uncompressed"] == 8
    assert found["byte frequencies"] == pytest.approx(1)
    assert 0 < found["gzip -9"] < 0.1
    assert 0 < found["xz -6"] < 0.2


def test_yardsticks_read_no_more_than_they_need():
    assert yardsticks(b"a" * LIMIT + b"b") == yardsticks(b"a" * LIMIT)
    assert yardsticks(b"") == []


def test_simpler_models_that_have_read_training_text_stand_beside_the_model(material):
    told = summary(material(baselines=baselines()))

    assert [(bar.name, bar.value) for bar in told.taught] == [
        ("this model", "2.89"),
        ("20-grams", "2.30"),
        ("zstd -19 --long", "2.20"),
        ("7-grams", "2.10"),
        ("PPMd-H order 8", "0.00"),
    ]
    assert [bar.ours for bar in told.taught] == [True, False, False, False, False]
    assert [bar.name for bar in told.alone] == ["uncompressed", "byte frequencies", "xz -6", "gzip -9"]
    assert told.read == "all of the training text"
    assert summary(material(baselines=baselines(trained=500))).read == "the first 500 characters of the training text"


def test_a_run_without_them_stands_beside_compression_alone(material):
    told = summary(material())

    assert (told.read, [bar.name for bar in told.taught]) == ("", ["this model"])
    assert told.alone


def test_a_loss_beyond_any_perplexity_is_told(material):
    told = summary(material(metrics=curve([(900.0, 1000.0)])))

    assert [figure.value for figure in told.figures][2] == "e^1,000"
