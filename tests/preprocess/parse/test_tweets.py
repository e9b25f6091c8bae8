import json
import time

import pytest

from corpusmill.errors import ParseError
from corpusmill.types import Drop
from preprocess.parse.tweets import Options, cut, parse
from tests.preprocess.snapshots import raw_file

OPTIONS = Options(kind="tweets")
FILE = raw_file("https://mill.example/tweets.json")
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
        ("remove", "Twice: &amp;lt; &amp;amp;amp; &#38;amp;", "Twice: < & &", 0),
        ("remove", "Open! https://t.co/AbCdEf12 Come", "Open! Come", 1),
        ("remove", "Open!\nhttps://t.co/AbCdEf12", "Open!", 1),
        ("remove", '"@wheel: turn http://t.co/AbCdEf12"', '"@wheel: turn"', 1),
        ("remove", "Copied http://t.co/AbCdEf12 … … end", "Copied end", 1),
        ("remove", "With http://t.co/AbCdEf12?ssr=true query", "With query", 1),
        ("remove", "Glued.http://bit.ly/AbCd", "Glued.", 1),
        ("remove", "Bare bit.ly/AbCd, not x.bit.ly/AbCd", "Bare, not x.bit.ly/AbCd", 1),
        ("remove", "Elsewhere https://mill.example/a", "Elsewhere https://mill.example/a", 0),
        ("remove", "No character: &#0; &#xD800;", "No character: &#0; &#xD800;", 0),
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
        ({"text": "I turn and tur… (cont) http://deck.ly/~AbCd"}, "truncated"),
        ({"text": "I turn. (cont) http://t.co/AbCdEf12"}, "truncated"),
        ({"text": "I turn (cont)"}, None),
        ({"text": "http://t.co/AbCdEf12 https://t.co/AbCdEf13"}, "no words"),
        ({"text": "I turn", "id_str": "6.5E+17"}, "no tweet"),
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
        (b'[{"text": 3}]', "not tweets: Expected `str`, got `int` - at `$.text`"),
        (b"[1]", "not tweets: Expected `object`, got `int`"),
        (b"Not Found", "not JSON: "),
        (b"", "empty: "),
        (b" \n", "empty: "),
    ],
)
def test_a_file_that_is_no_list_of_tweets_is_refused(body, message):
    with pytest.raises(ParseError) as caught:
        read(body=body)
    assert caught.value.message.startswith(message)


def test_a_tweet_that_comes_again_in_a_file_is_a_drop():
    first, again = read({"text": "I turn"}, {"text": "I turn again"})
    assert (first.text, again.reason) == ("I turn", "same tweet: as #0")


@pytest.mark.parametrize("options", [{}, {"shorteners": ()}, {"shorteners": ("mill.example",)}])
def test_the_hosts_of_links_that_say_nothing_are_declared(options):
    (tweet,) = read({"text": "Open https://t.co/AbC https://mill.example/AbC"}, **options)
    hosts = options.get("shorteners", ("t.co",))
    assert [host for host in ("t.co", "mill.example") if host not in tweet.text] == list(hosts)


TABLE = """\ufeffsource,text,created_at,retweet_count,is_retweet,id_str
Mill for Web,"It turns, &amp; turns
and turns",11-02-2017 10:00:00,1,false,900000000000000001
Mill for Web,not mine,11-02-2017 10:00:01,1,true,900000000000000002
Mill for Web,cut,11-02-2017
"""


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_is_read_by_its_header(delimiter):
    swapped = TABLE.replace("turns, &", "turns; &").replace(",", delimiter)
    tweet, retweet, short = read(body=swapped.encode())
    assert (tweet.text, tweet.date) == ("It turns; & turns\nand turns", "2017-11-02T10:00:00+00:00")
    assert tweet.meta["tweet"] == "900000000000000001"
    assert (retweet.reason, short.reason) == ("retweet", "no row: 3 cells under 6 columns")


def test_an_open_quotation_mark_in_a_table_is_refused():
    with pytest.raises(ParseError, match=r"^not CSV: "):
        read(body=b'id,text,date\n1,"' + b"a" * 200_000)


LINES = b"\n".join(
    json.dumps({"id_str": str(n), "created_at": DATE, "text": "I turn"}).encode() if n % 3 else b"{" for n in range(9)
)


@pytest.mark.parametrize("seen", [5, 100, 200, 400])
def test_pieces_give_what_the_whole_gives(seen):
    end, before = cut(LINES[:seen], OPTIONS)
    pieces = [*parse(FILE, LINES[:end], OPTIONS), *parse(FILE, LINES[end:], OPTIONS, before)] if end > 2 else []
    assert not pieces or [r.id for r in pieces] == [r.id for r in parse(FILE, LINES, OPTIONS)]


@pytest.mark.parametrize("body", [b"[{}\n", b"id,text\n1,a\n", b"\xff\xfe{\0\n\0", b"{}"])
def test_what_is_not_a_tweet_a_line_is_not_cut(body):
    assert cut(body, OPTIONS) == (0, 0)


@pytest.mark.parametrize("body", [b"1\n" * 1001, b"[" + b"{}," * 1001 + b"{}]"])
def test_a_file_that_shows_no_tweet_for_long_is_given_up(body):
    with pytest.raises(ParseError, match=r"^not tweets: "):
        read(body=body)
