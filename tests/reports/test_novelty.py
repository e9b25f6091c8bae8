"""What a report says of how new the samples are."""

import dataclasses
import re

import reports
from reports.recited import LARGEST, recital
from reports.sections.novelty import newness
from reports.shapes import Rung
from reports.words import SPACE
from tests.reports.fake_run import fake_run

WORDS = "hear me speak"
HELD = "Nothing of this was read before, not even by half."


def made(material, *texts: str, **told):
    ladder = [{"temperature": 0.5 * (place + 1), "text": text} for place, text in enumerate(texts)]
    return newness(material(ladder=ladder, validation=(HELD,), **told))


def test_new_and_recited_are_told_apart(material):
    told = made(material, f"§§§§§{WORDS}§§§§§")

    assert told.said == (
        f"Of the runs of 20 characters that it wrote, 100{SPACE}% are nowhere in the training text; of those in "
        f"held-out text, 100{SPACE}%."
    )
    assert [(size.characters, size.written, size.held) for size in told.sizes] == [
        ("5", f"53{SPACE}%", f"100{SPACE}%"),
        ("10", f"71{SPACE}%", f"100{SPACE}%"),
        ("15", f"100{SPACE}%", f"100{SPACE}%"),
        ("20", f"100{SPACE}%", f"100{SPACE}%"),
    ]
    assert [(one.heading, one.says, one.text) for one in told.stretches] == [
        ("13 characters", "temperature 0.5 · in 36 places · First citizen", WORDS)
    ]
    assert 'href="https://example.org/plays/one.txt"' in told.stretches[0].source
    assert re.fullmatch(r"corpusmill trace plays/runs/[0-9a-f]{12} -", told.command)


def test_the_longest_of_all_samples_come_first_each_once(material):
    told = made(material, f"{WORDS}§any further§{WORDS}", f"any further, {WORDS}", "§proceed")

    assert [one.text for one in told.stretches] == ["any further, hear me speak", WORDS, "any further", "proceed"]
    assert [one.says.partition(" · ")[0] for one in told.stretches] == [
        "temperature 1",
        "temperature 0.5",
        "temperature 0.5",
        "temperature 1.5",
    ]


def test_a_run_without_a_ladder_is_told_of_by_its_last_sample(material):
    sample = {"iteration": 150, "temperature": 0.8, "text": f"§{WORDS}"}

    told = newness(material(ladder=(), samples=(sample,)))

    assert [(one.says.partition(" · ")[0], one.text) for one in told.stretches] == [("temperature 0.8", WORDS)]


def test_a_run_without_samples_says_so(material):
    told = newness(material(ladder=(), samples=()))

    assert (told.said, told.sizes, told.stretches) == (
        "This run kept no samples to look for in the training text.",
        (),
        (),
    )
    assert newness(material(ladder=[{"temperature": 1, "text": ""}])).sizes == ()


def test_samples_shorter_than_any_run_are_no_trouble(material):
    told = made(material, "abc")

    assert (told.said, told.sizes, told.stretches) == ("", (), ())


def test_nothing_held_out_is_no_trouble(store, material):
    found = material()

    assert recital([Rung(temperature=1, text=WORDS)], "", found.version, store).held == ()


def test_a_large_training_text_is_left_to_the_command(store, material):

    found = material()
    large = dataclasses.replace(found.version.shards[0], characters=LARGEST + 1)
    version = dataclasses.replace(found.version, shards=(large,))
    unsearched = dataclasses.replace(found, version=version, recital=recital(found.ladder, "", version, store))

    assert unsearched.recital is None
    assert newness(unsearched).said == "The training text is too long to be searched for every report."


def test_the_page_is_the_same_whether_the_texts_were_sorted_before(store, tmp_path):
    run = fake_run(store)
    first, _ = reports.write(run, store, output=tmp_path / "first.html")
    second, _ = reports.write(run, store, output=tmp_path / "second.html")

    assert (tmp_path / "first.html").read_bytes() == (tmp_path / "second.html").read_bytes()
    assert first.run == second.run
