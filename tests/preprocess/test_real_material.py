"""The shipped corpora, built of the real files. Skipped where the mirror of real material is absent."""

import functools
import json
import sysconfig
from dataclasses import replace
from pathlib import Path

import pytest

from corpusmill import spec
from corpusmill.errors import IncompleteError
from corpusmill.store import Store, shards
from corpusmill.types import Version
from preprocess.build import build
from tests import needs
from tests.preprocess.snapshots import take
from tests.preprocess.test_build import documents, tree


def fetched(name: str) -> dict[str, bytes]:
    """The bodies of a corpus by address, as its collector would fetch them."""
    web, source = needs.shared("web"), spec.load(name).source
    index = source.get("index")
    values = {name: listed[0] for name, listed in source.get("values", {}).items()}
    urls = [url.format_map(values) for url in source.get("urls", ())]
    if index:
        books = json.loads((web / index["url"].removeprefix("https://")).read_bytes())
        urls = [index["url"], *(index["item"].format(name=book.replace(index["remove"], "")) for book in books)]
    return {url: (web / url.removeprefix("https://")).read_bytes() for url in urls}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build a shipped corpus, once for all tests; returns its store and version."""

    @functools.cache
    def once(name: str) -> tuple[Store, Version]:
        store = Store(tmp_path_factory.mktemp(name))
        return store, build(spec.load(name), take(store, name, fetched(name)), store)[0]

    return once


@pytest.mark.parametrize(
    ("name", "parsed", "drops"),
    [
        ("bible", 1190, {"parse: skipped": 1}),
        ("shakespeare", 7222, {"dedup: same text": 74}),
        (
            "tweets",
            44528,
            {
                "dedup: same id": 11749,  # tweets that are in both archives
                "dedup: same text": 349,
                "parse: another account": 19,
                "parse: no words": 8,
                "parse: retweet": 674,
                "parse: truncated": 967,
            },
        ),
        ("warpeace", 1589, {}),
        ("anna", 240, {"parse: boilerplate": 1}),
        ("gutenberg", 369, {"parse: boilerplate": 2, "parse: contents": 1, "parse: front matter": 1}),
        ("speeches", 486, {"parse: failed scrape": 13, "dedup: same text": 2}),
        ("whitehouse", 60, {"min_characters: too short": 1}),
        ("seinfeld", 1643, {"dedup: same text": 1}),
        ("manele", 2467, {"parse: no song": 9, "parse: same song": 11, "dedup: same text": 20}),
    ],
)
def test_a_corpus_is_whole_and_its_losses_are_known(name, parsed, drops, built):
    _, version = built(name)
    assert (version.parsed, version.drops) == (parsed, drops)
    assert {shard.split for shard in version.shards} == {"train", "validation", "test"}
    train = version.stats["splits"]["train"]["characters"] / version.stats["total"]["characters"]
    assert 0.85 < train < 0.95


def test_the_bible_has_66_books_1189_chapters_and_31102_verses_and_no_book_in_two_splits(built):
    store, version = built("bible")
    chapters = documents(store, version)
    assert len(chapters) == 1189
    assert len({chapter.meta["book"] for chapter in chapters}) == 66
    assert sum(len(chapter.text.splitlines()) for chapter in chapters) == 31102
    books = [{c.meta["book"] for c in documents(store, version, s)} for s in ("train", "validation", "test")]
    assert sum(map(len, books)) == 66


@pytest.mark.parametrize("lost", ["Jude", "Psalms"])
def test_a_bible_without_a_book_is_refused(lost, store):
    bodies = {url: body for url, body in fetched("bible").items() if not url.endswith(f"/{lost}.json")}
    with pytest.raises(IncompleteError, match="65 instead of 66 different book"):
        build(spec.load("bible"), take(store, "bible", bodies), store)


def test_a_bible_without_a_verse_is_refused_and_the_verse_named(store):
    bodies = fetched("bible")
    url = next(url for url in bodies if url.endswith("/Jude.json"))
    bodies[url] = bodies[url].replace(b'"verse": "3"', b'"verse": "33"')
    with pytest.raises(IncompleteError, match=r"unreadable: .*Jude.json, incomplete: lacks Jude 1:3-32"):
        build(spec.load("bible"), take(store, "bible", bodies), store)


def test_no_tweet_comes_twice_or_holds_an_entity_a_link_or_a_line_break(built):
    store, version = built("tweets")
    tweets = documents(store, version)
    assert len({tweet.meta["tweet"] for tweet in tweets}) == len({tweet.text for tweet in tweets}) == len(tweets)
    marks = ("&amp;", "&lt;", "&gt;", "t.co/", "\n")
    assert not [tweet.text for tweet in tweets if any(mark in tweet.text for mark in marks)]
    assert all(tweet.date.startswith(str(tweet.meta["year"])) for tweet in tweets)


def test_a_year_of_tweets_that_cannot_be_read_is_missed(store):
    bodies = {url: body for url, body in fetched("tweets").items() if url.endswith(("2009.json.gz", "2010.json.gz"))}
    url = next(url for url in bodies if "2010" in url)
    bodies[url] = bodies[url][:1000]
    with pytest.raises(IncompleteError, match=r"1 instead of 9 different year \(unreadable: .*2010.*truncated archive"):
        build(spec.load("tweets"), take(store, "tweets", bodies), store)


def test_shakespeare_under_nanogpt_is_the_file_cut_in_two(store):
    declared = replace(spec.load("shakespeare"), split={"scheme": "legacy:nanogpt"})
    bodies = fetched("shakespeare")
    version, _ = build(declared, take(store, "shakespeare", bodies), store)
    pieces = [shards.texts(store.version_folder(version), version.shards, s) for s in ("train", "validation")]
    (train,), (validation,) = map(list, pieces)
    assert (len(train), len(validation)) == (1_003_854, 111_540)
    assert (train + validation).encode() == next(iter(bodies.values()))
    assert len(version.stats["vocabulary"]["train"]) == 65


def test_the_standard_library_is_read_whole(store):
    root = Path(sysconfig.get_path("stdlib"))
    files = [*root.glob("*.py"), *(root / "json").glob("*.py"), *(root / "email").rglob("*.py")]
    bodies = {f"stdlib:{path.relative_to(root).as_posix()}": path.read_bytes() for path in files}
    version, _ = build(spec.load("python"), take(store, "python", bodies), store)
    assert set(version.drops) <= {"parse: empty", "dedup: same text"}
    for row in documents(store, version):
        assert row.text.encode(row.meta["encoding"]) == bodies[row.source].replace(b"\r\n", b"\n")


@pytest.mark.parametrize("name", ["bible", "shakespeare", "anna"])
def test_built_twice_a_real_corpus_gives_identical_files(name, store, built):
    build(spec.load(name), take(store, name, fetched(name)), store)
    assert tree(store.root / name) == tree(built(name)[0].root / name)
