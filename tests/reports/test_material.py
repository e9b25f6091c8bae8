"""What a report reads is what the run left; what does not fit its shape is a damaged file, named."""

from dataclasses import replace

import pytest

from corpusmill.errors import CorruptError
from corpusmill.store import shards
from reports.material import gather
from tests.reports.fake_run import Told, curve, fake_run


def changed(key: str, value) -> list[dict]:
    first, *rest = curve([(2.0, 2.2), (1.9, 2.0)])
    return [{**first, key: value}, *rest]


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"metrics": changed("nats_per_char", "<script>")}, r"metrics\.jsonl: Expected `float`, got `str`"),
        ({"metrics": changed("nats_per_char", 1e308)}, r"metrics\.jsonl: Expected `float` <= 100"),
        ({"metrics": changed("nats_per_char", -1)}, r"metrics\.jsonl: Expected `float` >= 0"),
        ({"metrics": changed("characters", 10**30)}, r"metrics\.jsonl: "),
        ({"metrics": changed("validation", {"nats_per_char": 1.0})}, r"metrics\.jsonl: .*bits_per_byte"),
        ({"samples": [{"iteration": 1, "temperature": 1}]}, r"000001\.json: .*`text`"),
        ({"samples": [{"iteration": 1, "temperature": 1, "text": ["a"]}]}, r"000001\.json: Expected `str`"),
        ({"ladder": [{"temperature": "hot", "text": "a"}]}, r"ladder\.json: Expected `float`"),
        ({"config": {"layers": "two"}}, r"manifest\.json: Expected `int`"),
        ({"config": {"separator": None}}, r"manifest\.json: Expected `str`"),
    ],
)
def test_a_value_of_the_wrong_shape_names_its_file(store, told, says):
    told = {"metrics": curve([(2.0, 2.2)]), **told}
    with pytest.raises(CorruptError, match=says):
        gather(fake_run(store, Told(**told)), store)


def test_a_run_without_an_evaluation_is_damaged(store):
    run = fake_run(store)
    path = store.run_folder(run.corpus, run.id) / "metrics.jsonl"
    path.write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    with pytest.raises(CorruptError, match="holds no evaluation"):
        gather(replace(run, clock={**run.clock, "files": {"metrics.jsonl": empty}}), store)


def test_a_clock_that_tells_no_time_is_damaged(store):
    run = fake_run(store)
    with pytest.raises(CorruptError, match=r"manifest\.json: .*started_at"):
        gather(replace(run, clock={"seconds": 1.0}), store)


@pytest.mark.parametrize("most", [1, 3, 4, 5, 9, 10, 15, 100])
def test_the_scored_text_is_the_validation_split_cut_where_the_run_cut_it(store, material, most):
    found = material(validation=("one", "two", "three"), config={"validation_characters": most})
    texts = shards.texts(store.version_folder(found.version), found.version.shards, "validation")
    assert found.scored == "\n\n".join(texts)[:most]


def test_characters_that_the_vocabulary_lacks_are_counted(material):
    assert material(train=("abc",), validation=("abcé東a",)).unknown == 2


def test_the_training_loss_of_an_evaluation_is_the_mean_since_the_one_before(material):
    metrics = curve([(2.0, 2.2), (1.0, 1.9)], steps=2)
    metrics[0]["nats_per_char"] = 4.0
    assert [evaluation.train for evaluation in material(metrics=metrics).evaluations] == [3.0, 1.0]


def test_the_excerpt_is_the_first_training_document(material):
    found = material(train=("Speak, speak.",), document_title="First citizen")
    assert (found.excerpt.text, found.excerpt.title) == ("Speak, speak.", "First citizen")
