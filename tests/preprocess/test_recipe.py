import pytest

import preprocess
from corpusmill import spec
from corpusmill.errors import SpecError
from preprocess import parse
from tests.preprocess.snapshots import corpus


@pytest.mark.parametrize("name", spec.names())
def test_every_shipped_corpus_is_described_and_can_be_built(name):
    corpus = spec.load(name)
    recipe = preprocess.check(corpus)
    assert all((corpus.title, corpus.about, corpus.licence, corpus.licence_note, corpus.size))
    assert recipe.parse.kind in parse.kinds()
    assert len(recipe.steps) == len(recipe.clean.steps)


@pytest.mark.parametrize("kind", parse.kinds())
def test_every_kind_of_material_can_be_declared_by_its_name_alone(kind):
    assert preprocess.check(corpus(parse={"kind": kind})).parser.__doc__


def test_a_recipe_shows_every_default():
    assert preprocess.check(corpus()).table == {
        "parse": {"kind": "text", "skip": [], "members": ["*"], "columns": {}, "encoding": ""},
        "clean": {
            "steps": ["line_ends", "nfc"],
            "dedup": True,
            "near": None,
            "signals": [],
            "keep": [],
            "rare": None,
        },
        "split": {"scheme": "document", "fractions": [0.9, 0.05, 0.05]},
        "expect": {"documents": None, "distinct": {}, "sum": {}},
    }


def test_signals_are_those_asked_for_and_those_that_rules_need_in_one_order():
    declared = corpus(clean={"signals": ["words", "digits"], "keep": ["lines >= 2", "words <= 9"]})
    recipe = preprocess.check(declared)
    assert recipe.signals == ("digits", "lines", "words")
    assert [rule.signal for rule in recipe.rules] == ["lines", "words"]


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"parse": {}}, "mill.toml: parse.kind is missing: kinds: abc, book, code,"),
        ({"parse": {"kind": 3}}, "mill.toml: parse.kind is missing"),
        ({"parse": {"kind": "verse"}}, "mill.toml: parse.kind: no parser is named 'verse': did you mean verses?"),
        ({"parse": {"kind": "__init__"}}, "no parser is named '__init__'"),
        ({"parse": {"kind": "text", "skpi": []}}, "mill.toml: unknown key 'parse.skpi': did you mean skip?"),
        ({"parse": {"kind": "text", "encoding": "utf8x"}}, "mill.toml: parse: no encoding is named 'utf8x'"),
        ({"parse": {"kind": "verses", "encoding": "utf-8"}}, "unknown key 'parse.encoding'"),
        ({"parse": {"kind": "verses", "unit": "psalm"}}, "mill.toml: parse.unit: Invalid enum value 'psalm'"),
        ({"clean": {"steps": ["nfd"]}}, "mill.toml: clean.steps: no step is named 'nfd': did you mean nfc"),
        ({"clean": {"signals": ["word"]}}, "mill.toml: clean: no signal is named 'word'; did you mean words"),
        ({"clean": {"keep": ["word >= 3"]}}, "mill.toml: clean.keep: no signal is named 'word'"),
        ({"clean": {"keep": ["words > 3"]}}, "'words > 3' is no rule: write it as alphabetic >= 0.6"),
        (
            {"clean": {"near": {"treshold": 0.8}}},
            "mill.toml: unknown key 'clean.near.treshold': did you mean threshold?",
        ),
        ({"clean": {"near": {"threshold": 0.2}}}, "mill.toml: clean.near.threshold: Expected `float` >= 0.5"),
        ({"clean": {"rare": {"fewer_than": 1}}}, "fewer_than is 2 or more"),
        ({"parse": {"kind": "text", "columns": {"text": "string"}}}, "mill.toml: parse.columns: 'text' cannot be"),
        ({"parse": {"kind": "text", "columns": {"line": "int"}}}, "mill.toml: parse.columns"),
        ({"clean": {"dedupe": True}}, "unknown key 'clean.dedupe': did you mean dedup?"),
        ({"split": {"scheme": "legacy:char"}}, "no scheme is named 'legacy:char'"),
        ({"expect": {"document": 3}}, "unknown key 'expect.document': did you mean documents?"),
        ({"expect": {"distinct": {"book": "66"}}}, "mill.toml: expect.distinct[...]: Expected `int`, got `str`"),
    ],
)
def test_a_mistake_is_found_before_any_work_and_named(sections, said):
    with pytest.raises(SpecError) as caught:
        preprocess.check(corpus(**sections))
    assert said in str(caught.value)
