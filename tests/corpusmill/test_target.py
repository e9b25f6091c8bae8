import os

import pytest

from corpusmill import spec
from corpusmill.errors import CollectError, SpecError, UnknownNameError, UsageError
from corpusmill.target import OWN_LICENCE, corpus_for
from tests.corpusmill.samples import keep, raw, snapshot, version


def remember(store, corpus):
    """As if `corpus` had been collected."""
    origin = corpus.source.get("path") or corpus.source["urls"][0]
    keep(store, snapshot("5aa1115aa111", corpus.name, origin=origin, files=(raw(licence=corpus.licence),)))


@pytest.fixture
def poems(tmp_path):
    path = tmp_path / "My Poems (1).txt"
    path.write_text("Roses are red", encoding="utf-8")
    return path


@pytest.mark.parametrize("name", spec.names())
def test_a_name_is_a_corpus_of_the_catalogue(store, name):
    assert corpus_for(name, store, ["title=Mine"]) == spec.load(name, ["title=Mine"])


def test_a_file_is_a_corpus_declared_on_the_spot(store, poems):
    corpus = corpus_for(str(poems), store, ["train.hidden=64"])
    assert (corpus.name, corpus.title, corpus.licence) == ("my-poems-1", "My Poems (1).txt", OWN_LICENCE)
    assert corpus.source == {"transport": "local", "path": str(poems)}
    assert corpus.train == {"hidden": 64}


def test_a_relative_path_is_remembered_whole(store, poems, monkeypatch):
    monkeypatch.chdir(poems.parent)
    assert corpus_for(poems.name, store).source["path"] == str(poems)
    assert corpus_for(".", store).source["path"] == str(poems.parent)


def test_a_folder_is_a_corpus_too(store, poems):
    corpus = corpus_for(str(poems.parent), store)
    assert corpus.source == {"transport": "local", "path": str(poems.parent)}
    assert corpus.title == poems.parent.name


@pytest.mark.parametrize(
    ("address", "name", "title"),
    [
        ("https://host/a/Poems.txt?raw=1", "poems", "Poems.txt"),
        ("http://host/", "http-host", "http://host/"),
        ("HTTPS://host/x", "x", "x"),
    ],
)
def test_an_address_is_a_corpus_of_one_file(store, address, name, title):
    corpus = corpus_for(address, store)
    assert (corpus.name, corpus.title) == (name, title)
    assert corpus.source == {"transport": "files", "urls": [address]}


def test_an_own_corpus_is_known_by_its_name_afterwards(store, poems):
    first = corpus_for(str(poems), store)
    remember(store, first)
    assert corpus_for("my-poems-1", store) == first
    assert corpus_for(str(poems), store) == first


def test_an_own_address_is_known_by_its_name_afterwards(store):
    first = corpus_for("https://host/Poems.txt", store)
    remember(store, first)
    assert corpus_for("poems", store) == first


def test_two_origins_never_share_a_name(store, poems):
    remember(store, corpus_for(str(poems), store))
    other = poems.parent / "other" / poems.name
    other.parent.mkdir()
    other.write_text("Violets are blue", encoding="utf-8")
    corpus = corpus_for(str(other), store)
    assert corpus.name.startswith("my-poems-1-")
    assert corpus_for(str(other), store) == corpus


def test_an_own_file_never_takes_the_name_of_a_corpus_of_the_catalogue(store, tmp_path):
    (tmp_path / "bible.txt").write_text("In the beginning", encoding="utf-8")
    corpus = corpus_for(str(tmp_path / "bible.txt"), store)
    assert corpus.name.startswith("bible-")


def test_a_corpus_with_a_licence_of_its_own_is_not_taken_for_an_own_file(store):
    keep(store, snapshot(corpus="poems", files=(raw(licence="MIT"),)), version(corpus="poems"))
    with pytest.raises(UnknownNameError, match="no corpus is named 'poems': did you mean poems"):
        corpus_for("poems", store)


@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        ("bibel", UnknownNameError, "no corpus is named 'bibel': did you mean bible?"),
        ("", UnknownNameError, "no corpus is named '': corpora: "),
        ("z\0z", UnknownNameError, "no corpus is named 'z\\x00z': corpora: "),
        ("x" * 300, CollectError, f"'{'x' * 300}': File name too long: check the path"),
        ("nowhere/poems.txt", CollectError, "nowhere/poems.txt does not exist: check the path"),
        ("poems.txt", CollectError, "poems.txt does not exist: check the path"),
        ("https://[host/x", UsageError, "'https://[host/x' is not an address: Invalid IPv6 URL: write it as https://"),
        ("ftp://host/x", CollectError, "ftp://host/x does not exist: check the path"),
    ],
)
def test_what_is_no_corpus_is_refused_in_words(store, target, error, message):
    with pytest.raises(error) as caught:
        corpus_for(target, store)
    assert str(caught.value).startswith(message)


def test_a_name_that_is_not_utf8_is_refused_in_words(store, tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/po\xe8mes.txt")
    try:
        with open(path, "wb") as file:  # noqa: PTH123 - the point is the name
            file.write(b"x")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    with pytest.raises(CollectError, match="is not UTF-8: rename it"):
        corpus_for(path, store)


def test_an_override_is_checked_as_in_a_file(store, poems):
    with pytest.raises(SpecError, match=r"my-poems-1\.toml: unknown key 'trian': did you mean train\?"):
        corpus_for(str(poems), store, ["trian.hidden=3"])
