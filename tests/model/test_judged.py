"""What is kept beside a run when it is asked for a score or for texts."""

import json
from dataclasses import replace

import pytest

from corpusmill.errors import UnknownNameError
from corpusmill.store import Store
from corpusmill.store.recited import WRITTEN
from model.judged import held_out, scored, written
from model.score import score, split_passage
from model.writing import Writing


def test_a_score_is_of_held_out_text_made_once_and_what_score_says(spoilt):
    store, run = spoilt

    (first, made), (again, made_again) = scored(run, store), scored(run, store)

    expected = score(run, store, split_passage(run, store, "validation"), split="validation")
    assert (made, made_again) == (True, False)
    assert first == again == expected


def test_each_split_has_a_score_of_its_own_and_only_so_many_characters_count(spoilt):
    store, run = spoilt

    whole, _ = scored(run, store, "validation")
    part, made = scored(run, store, "validation", characters=40)
    other, _ = scored(run, store, "train", characters=40)

    assert (made, part.characters, other.split) == (True, 40, "train")
    assert whole.characters > 40
    assert part.nats_per_char != whole.nats_per_char


def test_a_damaged_answer_is_made_again(spoilt):
    store, run = spoilt
    expected, _ = scored(run, store)
    (store.run_folder(run.corpus, run.id) / "score-validation.json").write_text("{", encoding="utf-8")

    assert scored(run, store) == (expected, True)


def test_of_the_splits_that_there_are_the_test_split_says_most(finished):
    store, run = finished
    version = store.versions(run.corpus)[0]
    train, validation = version.shards
    test = replace(validation, split="test")

    assert held_out(replace(version, shards=(train, test, validation))) == "test"
    assert held_out(version) == "validation"
    assert held_out(replace(version, shards=(train, replace(test, rows=0)))) == "train"
    with pytest.raises(UnknownNameError, match="holds no document"):
        held_out(replace(version, shards=()))


def test_texts_begin_with_the_prime_and_are_kept_until_others_are_asked_for(spoilt):
    store, run = spoilt
    how = Writing(prime="the ", length=20, count=2, seed=4)

    texts, made = written(run, store, how)

    assert made
    assert [(text[:4], len(text)) for text in texts] == [("the ", 24)] * 2
    assert written(run, store, how) == (texts, False)
    assert written(Store(store.root).run(run.corpus, run.id), store, Writing(length=20, count=2, seed=5))[1]
    kept = json.loads((store.run_folder(run.corpus, run.id) / WRITTEN).read_bytes())
    assert len(kept["answer"]) == 2
