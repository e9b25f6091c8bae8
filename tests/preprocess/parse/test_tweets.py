import json
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings

from corpusmill.errors import ParseError
from corpusmill.types import Document, Drop
from preprocess.parse.tweets import Options, parse
from tests.preprocess.parse.hostile import spoiled
from tests.preprocess.snapshots import raw_file

DATE = "Mon Feb 29 23:59:59 -0500 2016"


@pytest.fixture
def new_york(monkeypatch):
    """A machine whose local time is not UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


def read(*tweets, body=None, **options):
    body = json.dumps([{"id_str": "9", "created_at": DATE} | t for t in tweets]).encode() if body is None else body
    return list(parse(raw_file("https://mill.example/tweets.json"), body, Options(kind="tweets", **options)))


@pytest.mark.parametrize(
    ("links", "written", "text", "count"),
    [
        (
            "remove",
            "Bread &amp; butter &gt; &lt;none&gt; &quot;x&quot; &#39;y&#39;",
            "Bread & butter > <none> \"x\" 'y'",
            0,
        ),
        ("remove", "R&D, Q&A and AT&amp;T &copy nothing", "R&D, Q&A and AT&T &copy nothing", 0),
        ("remove", "Once only: &amp;lt;", "Once only: &lt;", 0),
        ("remove", "Open! https://t.co/AbCdEf12 Come", "Open! Come", 1),
        ("remove", "Open!\nhttps://t.co/AbCdEf12", "Open!", 1),
        ("remove", '"@wheel: turn http://t.co/AbCdEf12"', '"@wheel: turn"', 1),
        ("remove", "Copied http://t.co/AbCdEf12 … … end", "Copied end", 1),
        ("remove", "With http://t.co/AbCdEf12?ssr=true query", "With query", 1),
        ("remove", "http://t.co/AbCdEf12 https://t.co/AbCdEf13", "", 2),
        ("token", "Open! https://t.co/AbCdEf12 Come", "Open! <link> Come", 1),
        ("keep", "Open! https://t.co/AbCdEf12 Come", "Open! https://t.co/AbCdEf12 Come", 1),
    ],
)
def test_entities_are_resolved_and_links_treated_as_declared(links, written, text, count):
    (tweet,) = read({"text": written}, links=links)
    assert (tweet.text, tweet.meta["links"]) == (text, count)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"text": "I turn"}, None),
        ({"text": "cut", "full_text": "the whole text"}, None),
        ({"text": "I turn…"}, None),
        ({"text": "RT @wheel: I turn"}, "retweet"),
        ({"text": "I turn", "is_retweet": True}, "retweet"),
        ({"text": "I turn", "retweeted_status": {"id_str": "8"}}, "retweet"),
        ({"text": "I turn and", "truncated": True}, "truncated"),
        ({"text": "I turn and tur… https://t.co/AbCdEf12"}, "truncated"),
        ({"text": '"@wheel: I turn and tur… https://t.co/AbCdEf12"'}, "truncated"),
        ({"text": ""}, "no tweet"),
        ({}, "no tweet"),
        ({"text": "I turn", "created_at": "yesterday"}, "no tweet"),
        ({"text": "I turn", "created_at": "Mon Feb 30 10:00:00 +0000 2016"}, "no tweet"),
        ({"text": "I turn", "id_str": "", "id": 6.5e17}, "no tweet"),
    ],
)
def test_what_is_not_the_authors_whole_text_is_dropped_with_a_reason(fields, reason):
    (result,) = read(fields)
    assert (result.reason.partition(":")[0] if isinstance(result, Drop) else None) == reason


@pytest.mark.parametrize("filler", [" ", "…", "&", "&a", "http://t.co/", "… http://t.co/a "])
def test_a_hostile_megabyte_takes_no_longer_than_an_honest_one(filler):
    assert read({"text": filler * (1_000_000 // len(filler)) + "end"})


def test_a_full_text_is_preferred():
    assert read({"text": "cut", "full_text": "the whole text"})[0].text == "the whole text"


@pytest.mark.parametrize(
    ("written", "date"),
    [
        (DATE, "2016-03-01T04:59:59+00:00"),
        ("Thu Dec 31 23:21:49 +0000 2015", "2015-12-31T23:21:49+00:00"),
        ("Thu Dec 31 23:21:49 2015", "2015-12-31T23:21:49+00:00"),
    ],
)
def test_a_date_is_iso_in_utc_on_any_machine(written, date, new_york):
    assert read({"text": "I turn", "created_at": written})[0].date == date


@pytest.mark.parametrize(
    ("fields", "number"),
    [
        ({"id_str": "682703233492619264", "id": 682703233492619300}, "682703233492619264"),
        ({"id_str": "", "id": 682703233492619264}, "682703233492619264"),
        ({"id_str": "", "id": "682703233492619264"}, "682703233492619264"),
    ],
)
def test_the_exact_id_names_the_tweet_in_whichever_file_it_is(fields, number):
    (tweet,) = read({"text": "I turn"} | fields)
    (elsewhere,) = parse(
        raw_file("file:other"),
        json.dumps([{"text": "x", "created_at": DATE} | fields]).encode(),
        Options(kind="tweets"),
    )
    assert tweet.meta["tweet"] == number
    assert tweet.id == elsewhere.id


def test_the_api_writes_one_tweet_a_line_and_a_bad_line_is_a_drop():
    tweet = {"id_str": "1", "created_at": DATE, "full_text": "I turn", "source": '<a href="x">Mill for Web</a>'}
    good, other, cut = json.dumps(tweet), json.dumps(tweet | {"id_str": "2"}), json.dumps(tweet)[:40]
    body = f"\ufeff{good}\r\n\n[1]\n{other}\n{cut}".encode()
    first, wrong, second, broken = read(body=body)
    assert (first.text, first.meta["app"], second.meta["tweet"]) == ("I turn", "Mill for Web", "2")
    assert (wrong.reason[:12], broken.reason[:10]) == ("not tweets: ", "not JSON: ")


@pytest.mark.parametrize(
    ("user", "account", "reason"),
    [
        ({"screen_name": "Miller"}, "miller", None),
        ({"screen_name": "Baker"}, "miller", "another account: Baker"),
        ({"screen_name": "Baker"}, "", None),
        (None, "miller", None),
    ],
)
def test_what_another_account_wrote_is_dropped(user, account, reason):
    (result,) = read({"text": "I turn", "user": user}, account=account)
    assert (result.reason if isinstance(result, Drop) else None) == reason


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"3", "not tweets: Expected `object`, got `int`"),
        (b'[{"text": 3}]', "not tweets: Expected `str`, got `int` - at `$[0].text`"),
        (b"[1]", "not tweets: Expected `object`, got `int` - at `$[0]`"),
        (b"Not Found", "not JSON: "),
        (b"", "empty: "),
        (b" \n", "empty: "),
    ],
)
def test_a_file_that_is_no_list_of_tweets_is_refused(body, message):
    with pytest.raises(ParseError) as caught:
        read(body=body)
    assert caught.value.message.startswith(message)


LINE = json.dumps({"id_str": "9", "created_at": DATE, "text": "RT @wheel: I turn", "user": {"screen_name": "mill"}})


PARTS = (b"{", b"{}", b"\n", b'"id": 1e400', b"\\ud83c")


@settings(max_examples=60, deadline=None)
@given(spoiled(f"[{LINE}]".encode(), *PARTS) | spoiled(f"{LINE}\n{LINE}\n".encode(), *PARTS))
def test_only_a_parse_error_escapes(body):
    with suppress(ParseError):
        assert all(isinstance(result, Document | Drop) for result in read(body=body, account="mill"))
