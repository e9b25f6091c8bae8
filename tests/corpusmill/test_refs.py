import pytest

from corpusmill import spec
from corpusmill.errors import UnknownNameError
from corpusmill.store import refs
from tests.corpusmill.samples import keep, run, snapshot, version

SNAPSHOT = snapshot("5aa1115aa111")
FIRST, SECOND = version(1, "7bb1117bb111", snapshot=SNAPSHOT.id), version(2, "7bb2227bb222", snapshot=SNAPSHOT.id)
EARLY = run("9cc1119cc111", FIRST.id, clock={"started_at": "2024-01-01"})
LATE = run("9cc2229cc222", SECOND.id, clock={"started_at": "2024-01-02"})
LATEST_OF_FIRST = run("8dd1118dd111", FIRST.id, clock={"started_at": "2024-01-01T12"})
POEM = version(1, "7bb3337bb333", corpus="poems")


@pytest.fixture
def filled(store):
    keep(store, SNAPSHOT, FIRST, SECOND, EARLY, LATE, LATEST_OF_FIRST, POEM)
    keep(store, snapshot("5ee1115ee111", corpus="raw-only"))
    return store


@pytest.mark.parametrize(
    ("ref", "thing"),
    [
        ("bible", SECOND),
        ("bible@v1", FIRST),
        ("bible@1", FIRST),
        ("bible@v000002", SECOND),
        ("bible/versions/7bb1", FIRST),
        ("bible/runs/9cc1119cc111", EARLY),
        ("bible/runs/9cc2", LATE),
        ("bible/snapshots/5", SNAPSHOT),
        ("9cc1", EARLY),
        ("7bb3", POEM),
        ("5aa1115aa111", SNAPSHOT),
        ("poems/versions/", POEM),
    ],
)
def test_a_ref_means_one_thing(filled, ref, thing):
    assert refs.resolve(filled, ref) == thing


@pytest.mark.parametrize("thing", [SNAPSHOT, FIRST, SECOND, EARLY, LATE, POEM], ids=refs.ref_of)
def test_what_a_thing_is_called_means_that_thing(filled, thing):
    assert refs.resolve(filled, refs.ref_of(thing)) == thing


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ("9cc", "'9cc' is ambiguous: it could be bible/runs/9cc1119cc111, bible/runs/9cc2229cc222"),
        ("7bb", "'7bb' is ambiguous: it could be bible@v1, bible@v2, poems@v1"),
        ("bible/versions/", "'bible/versions/' is ambiguous: it could be bible@v1, bible@v2"),
        ("bibel", "'bibel' is not in the store: did you mean bible?"),
        ("tweets", "'tweets' is not in the store yet: make it: corpusmill run tweets"),
        ("9c", "'9c' is not in the store: known names: "),
        ("", "'' is not in the store: known names: "),
        ("fff", "'fff' is not in the store: known names: "),
        ("bible/", "'bible/' is not in the store: did you mean bible?"),
        ("bible@v3", "bible@v3 is not in the store: did you mean bible@v2 or bible@v1?"),
        ("bible@", "bible@ is not in the store: did you mean bible@v2 or bible@v1?"),
        ("bible@latest", "bible@latest is not in the store: "),
        ("bible@v" + "9" * 5000, "bible@v999"),
        ("nobody@v1", "nobody@v1 is not in the store: there are no versions yet"),
        ("../x@v1", "'../x@v1' is no ref: "),
        ("bible/runs/fff", "'bible/runs/fff' is not in the store: "),
        ("bible/run/9cc1", "'bible/run/9cc1' is no ref: write bible, bible@v3 or bible/runs/ID"),
        ("bible@v1/runs/9cc1", "'bible@v1/runs/9cc1' is no ref: "),
        ("../bible/runs/9cc1", "'../bible/runs/9cc1' is no ref: "),
        ("Bible/runs/9cc1", "'Bible/runs/9cc1' is no ref: "),
        ("z\0z", "'z\\x00z' is not in the store: known names: "),
        ("raw-only", "raw-only has no version yet: build one: corpusmill build raw-only"),
    ],
)
def test_a_ref_that_means_nothing_or_more_than_one_thing_says_what_it_could_have_meant(filled, ref, message):
    with pytest.raises(UnknownNameError) as caught:
        refs.resolve(filled, ref)
    assert str(caught.value).startswith(message)


def test_an_unknown_name_lists_the_catalogue_too(filled):
    with pytest.raises(UnknownNameError) as caught:
        refs.resolve(filled, "zzz")
    known = sorted({"bible", "poems", "raw-only", *spec.names()})
    assert caught.value.hint == f"known names: {', '.join(known[:20])} …"


def test_a_corpus_named_like_an_id_is_the_corpus(store):
    keep(store, version(1, "abc000abc000", corpus="poems"), version(1, corpus="abc"))
    assert refs.resolve(store, "abc").corpus == "abc"


@pytest.mark.parametrize(
    ("ref", "thing"),
    [("bible", SECOND), ("bible@v1", FIRST), ("bible/runs/9cc1", FIRST), ("9cc2", SECOND), ("7bb1", FIRST)],
)
def test_where_a_version_is_asked_for_a_run_means_the_one_it_learnt_from(filled, ref, thing):
    assert refs.version(filled, ref) == thing


@pytest.mark.parametrize("ref", ["bible/snapshots/5aa1", "5aa1"])
def test_a_snapshot_is_no_version(filled, ref):
    with pytest.raises(UnknownNameError, match=f"{ref} is no version: versions of it: corpusmill versions bible"):
        refs.version(filled, ref)


@pytest.mark.parametrize(
    ("ref", "thing"),
    [
        ("bible", LATE),
        ("bible@v1", LATEST_OF_FIRST),
        ("bible@v2", LATE),
        ("bible/versions/7bb1", LATEST_OF_FIRST),
        ("7bb1", LATEST_OF_FIRST),
        ("bible/runs/9cc1", EARLY),
    ],
)
def test_where_a_run_is_asked_for_a_corpus_or_version_means_its_latest(filled, ref, thing):
    assert refs.run(filled, ref) == thing


@pytest.mark.parametrize("ref", ["poems", "poems@v1", "5aa1"])
def test_what_has_no_run_says_how_to_make_one(filled, ref):
    with pytest.raises(UnknownNameError, match=f"{ref} has no run yet: train one: corpusmill train "):
        refs.run(filled, ref)
