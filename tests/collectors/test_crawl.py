from itertools import islice
from types import SimpleNamespace

import pytest

from collectors import crawl
from corpusmill import spec
from corpusmill.errors import (
    ContentError,
    DeferredError,
    ForbiddenError,
    NetworkError,
    RobotsError,
    SpecError,
)
from tests.collectors.fakes import FakeIntake, Page, collected, loopback

SITE = {
    "https://host/": "<a href=b>b</a><a href=./c#x>c</a><a href=b?utm_source=x>b again</a><a href=/d>d</a>",
    "https://host/b": "<a href=/>home</a><a href=b1>b1</a>",
    "https://host/c": "<a href=c1>c1</a><a href=b1>b1</a>",
    "https://host/b1": "<a href=deep>deep</a>",
    "https://host/c1": "text",
    "https://host/deep": "text",
}


def options(**table) -> crawl.Options:
    return spec.options(crawl.Options, {"start": ["https://host/"], **table}, "c.toml", "source")


def got(intake: FakeIntake, **table) -> list[str]:
    return [record.url.removeprefix("https://host/") for record, _ in crawl.collect(options(**table), intake)]


def crawled(site, **table) -> list[str]:
    return got(FakeIntake(site), **table)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"depth": 0}, ["start"]),
        ({}, ["start", "b", "c", "d"]),
        ({"depth": 2}, ["start", "b", "c", "d", "b1", "c1"]),
        ({"depth": 9}, ["start", "b", "c", "d", "b1", "c1", "deep"]),
        ({"include": ["https://host/b*"], "depth": 9}, ["start", "b", "b1"]),
        ({"exclude": ["*/b", "*/d"], "depth": 2}, ["start", "c", "c1", "b1"]),
        ({"include": ["*[?]*"]}, ["start"]),
        ({"follow": "a:last-of-type"}, ["start", "d"]),
        ({"most": 3, "depth": 9}, ["start", "b", "c"]),
        ({"hosts": ["other"]}, ["start"]),
        ({"start": ["https://HOST:443/c#x", "https://host/c", "https://host/b"]}, ["c", "b", "c1", "b1", "start"]),
    ],
)
def test_pages_are_fetched_breadth_first_in_the_order_of_their_links(table, expected):
    intake = FakeIntake(SITE)
    assert [url or "start" for url in got(intake, **table)] == expected
    assert len(intake.asked) == len(set(intake.asked))


def test_a_page_that_is_gone_is_a_tombstone():
    statuses = {record.url: record.status for record, _ in crawl.collect(options(), FakeIntake(SITE))}
    assert statuses["https://host/d"] == 404
    assert statuses["https://host/c"] == 200


def test_progress_counts_what_is_known_up_to_the_most():
    assert [total for _, total in crawl.collect(options(depth=2), FakeIntake(SITE))] == [4, 5, 6, 6, 6, 6]
    assert [total for _, total in crawl.collect(options(most=2), FakeIntake(SITE))] == [2, 2]


def test_other_hosts_are_left_alone_unless_they_are_named():
    site = {"https://host/": "<a href='//other/x'><a href='http://host:81/'><a href='//third/'>"}
    assert crawled(site) == [""]
    assert crawled(site, hosts=["host", "Other", "host:81"]) == ["", "https://other/x", "http://host:81/"]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (Page(b"<a href=b>", "text/plain"), [""]),
        (Page(b"<html><a href=b>", ""), ["", "b"]),
        (Page(b"<html><a href=b>", "application/octet-stream"), ["", "b"]),
        (Page(b"%PDF <a href=b>", "application/octet-stream"), [""]),
        (Page(b"<a href=b>", "text/html", status=410), [""]),
        (
            Page(b"<a href='mailto:x'><a href='javascript:x'><a href='data:,x'><a href='http://[x'><a href=b>"),
            ["", "b"],
        ),
        (Page(b"<div>" * 10_000 + b"<a href=b>"), ["", "b"]),
        (Page(b"<p>" + b"x" * 5_000_000 + b"<a href=b>"), ["", "b"]),
        (Page(b"<a href=b rel=nofollow>"), [""]),
        (Page(b"<meta name=robots content=nofollow><a href=b>"), [""]),
        (Page(b""), [""]),
    ],
)
def test_only_links_of_pages_that_may_be_followed_are(page, expected):
    assert crawled({"https://host/": page}) == expected


def test_what_is_too_far_into_a_page_is_not_searched_and_that_is_said():
    intake = FakeIntake({"https://host/": Page(b"<a href=b>" + b" " * crawl._SEARCHED + b"<a href=c>")})
    assert got(intake) == ["", "b"]
    assert intake.notes == ["only the first 8,388,608 bytes of https://host/ were searched for links"]


def test_a_page_that_calls_itself_otherwise_is_not_fetched_under_that_name():
    site = {
        "https://host/": "<a href=print><a href=page><a href=strange>",
        "https://host/print": "<link rel=canonical href='/page'>",
        "https://host/strange": "<link rel=canonical href='https://host/'>",
    }
    assert crawled(site) == ["", "print", "strange"]


def test_a_redirect_and_what_it_leads_to_are_one_page():
    there = Page(b"<a href=c>", final_url="https://host/x/there")
    site = {"https://host/": "<a href=old><a href=x/there><a href=older>", "https://host/old": there}
    intake = FakeIntake({**site, "https://host/older": there})
    assert got(intake, depth=2) == ["", "old", "x/c"]
    assert intake.asked == [f"https://host/{path}" for path in ("", "old", "older", "x/c")]
    assert got(intake.again(), depth=2) == ["", "old", "x/c"]


def test_a_redirect_to_a_page_that_is_kept_already_gives_none():
    site = {"https://host/": "<a href=b><a href=old>", "https://host/old": Page(final_url="https://host/b")}
    intake = FakeIntake(site)
    assert got(intake) == ["", "b"]
    assert intake.notes == []


def test_where_a_link_redirects_to_must_be_wanted():
    away, login = Page(final_url="https://parked/"), Page(final_url="https://host/login?next=b")
    intake = FakeIntake({"https://host/": "<a href=a><a href=b>", "https://host/a": away, "https://host/b": login})
    assert got(intake, exclude=["*/login[?]*"]) == [""]
    assert intake.notes == ["2 pages redirect to other hosts or to what is excluded"]


def test_where_a_start_page_redirects_to_is_a_host_of_the_crawl():
    site = {"https://host/": Page(b"<a href=b>", final_url="https://www.host/x/")}
    intake = FakeIntake(site)
    assert got(intake) == ["", "https://www.host/x/b"]
    assert got(intake.again()) == ["", "https://www.host/x/b"]


ROBOTS = RobotsError("not allowed", "leave it out")


def test_what_may_not_be_asked_for_is_left_out_and_counted():
    intake = FakeIntake({**SITE, "https://host/b": ROBOTS, "https://host/c": ForbiddenError("a private host", "")})
    assert got(intake) == ["", "d"]
    assert intake.notes == ["2 pages may not be fetched, the first https://host/b: not allowed"]


def test_what_was_refused_is_asked_for_again_next_time():
    intake = FakeIntake({**SITE, "https://host/b": ROBOTS, "https://host/d": NetworkError("no", "")})
    with pytest.raises(NetworkError):
        got(intake)
    intake.site = SITE
    assert got(intake.again()) == ["", "c", "b", "d"]
    assert got(intake.again()) == ["", "b", "c", "d"]


def test_the_crawl_fails_only_if_every_address_named_is_refused():
    site = {**SITE, "https://host/c1": ROBOTS}
    assert crawled(site, start=["https://host/c1", "https://host/deep"]) == ["deep"]
    intake = FakeIntake({**SITE, "https://host/": ROBOTS})
    for _ in range(2):
        with pytest.raises(RobotsError, match="not allowed"):
            got(intake.again())
    intake.site = SITE
    assert got(intake.again()) == ["", "b", "c", "d"]


def test_a_page_that_fails_ends_the_crawl_which_goes_on_there_next_time():
    intake = FakeIntake({**SITE, "https://host/c": NetworkError("no answer", "check the network")})
    with pytest.raises(NetworkError) as caught:
        got(intake)
    assert caught.value.hint == "check the network; or name it in source.exclude"
    assert list(intake.journal) == ["https://host/", "https://host/b"]
    intake.site = SITE
    after = intake.again()
    assert got(after) == ["", "b", "c", "d"]
    assert after.asked == ["https://host/c", "https://host/d"]


def test_a_start_page_that_fails_is_not_to_be_excluded():
    with pytest.raises(ContentError) as caught:
        crawled({"https://host/": ContentError("is empty", "check it")})
    assert caught.value.hint == "check it"


def test_a_host_that_asks_for_a_pause_does_not_keep_the_others_waiting():
    pause = DeferredError("slow asks for a pause", "repeat the command later")
    site = {
        "https://host/": "<a href='//slow/1'><a href='//slow/2'><a href=b>",
        "https://host/b": "<a href=deep>",
        "https://slow/1": pause,
    }
    intake = FakeIntake(site)
    table = {"hosts": ["host", "slow"], "depth": 2}
    process = crawl.collect(options(**table), intake)
    assert [record.url for record, _ in islice(process, 3)] == [f"https://host/{path}" for path in ("", "b", "deep")]
    with pytest.raises(DeferredError, match="slow asks for a pause"):
        next(process)
    assert "https://slow/2" not in intake.asked
    intake.site = {**site, "https://slow/1": "<a href='//host/b'>"}
    after = intake.again()
    assert got(after, **table) == ["", "b", "deep", "https://slow/1", "https://slow/2"]
    assert after.asked == ["https://slow/1", "https://slow/2"]


def test_a_pause_does_not_change_what_is_found():
    site = {
        "https://host/": "<a href='//slow/'><a href=a>",
        "https://slow/": "<a href='//host/b'>",
        "https://host/a": "<a href=a1>",
        "https://host/a1": "<a href=b>",
        "https://host/b": "<a href=b1>",
        "https://host/b1": "<a href=b2>",
    }
    table = {"hosts": ["host", "slow"], "depth": 3}
    expected = crawled(site, **table)
    assert "b1" in expected
    intake = FakeIntake({**site, "https://slow/": DeferredError("later", "")})
    with pytest.raises(DeferredError):
        got(intake, **table)
    intake.site = site
    assert sorted(got(intake.again(), **table)) == sorted(expected)
    assert sorted(got(intake.again(), **table)) == sorted(expected)


def test_reaching_the_most_is_said():
    intake = FakeIntake(SITE)
    got(intake, most=2)
    assert intake.notes == ["stopped at source.most = 2 pages; 2 more are known"]
    intake = FakeIntake(SITE)
    got(intake, most=4)
    assert intake.notes == []


@pytest.mark.parametrize("steps", range(8))
def test_a_crawl_that_was_left_at_any_page_goes_on_without_fetching_one_again(steps):
    table = {"depth": 9, "sitemaps": ["https://host/map"]}
    intake = FakeIntake({**SITE, "https://host/map": "https://host/deep\nhttps://host/e\n"})
    expected = crawled(intake.site, **table)
    assert expected == ["map", "", "deep", "e", "b", "c", "d", "b1", "c1"]
    list(islice(crawl.collect(options(**table), intake), steps))
    after = intake.again()
    assert got(after, **table) == expected
    assert not set(intake.asked) & set(after.asked)


INDEX = """<sitemapindex><sitemap><loc>https://host/1.xml</loc></sitemap><sitemap><loc>https://host/gone.xml</loc></sitemap>
<sitemap><loc>https://host/index.xml</loc></sitemap></sitemapindex>"""
FEED = "<rss><channel><item><link>https://host/c?utm_source=rss</link></item></channel></rss>"


def test_sitemaps_and_feeds_name_pages_one_step_away():
    site = {
        **SITE,
        "https://host/index.xml": INDEX,
        "https://host/1.xml": "https://host/b#x\nhttps://host/b\nhttps://far/x\nhttps://host/skip\n",
        "https://host/feed": FEED,
    }
    table = {"start": [], "sitemaps": ["https://host/index.xml"], "feeds": ["https://host/feed"], "exclude": ["*skip"]}
    lists = ["index.xml", "feed", "1.xml", "gone.xml"]
    assert crawled(site, **table) == [*lists, "c", "b"]
    assert crawled(site, **table, depth=0) == [*lists, "c", "b"]
    assert crawled(site, **table, depth=2) == [*lists, "c", "b", "c1", "b1", ""]
    assert crawled(site, **table, most=1) == [*lists[:2], "c"]
    assert crawled(site, **{**table, "start": ["https://host/deep"]}) == [*lists, "deep", "c", "b"]


@pytest.mark.parametrize(
    ("site", "error", "message"),
    [
        ({}, ContentError, "https://host/map answered 404"),
        (
            {"https://host/map": "<html>"},
            ContentError,
            "https://host/map is neither a sitemap nor a feed: its root is 'html'",
        ),
        (
            {"https://host/map": INDEX.replace("host/gone", "far/gone"), "https://host/1.xml": "https://host/b"},
            ContentError,
            "https://host/map names a sitemap on another host: https://far/gone.xml",
        ),
        ({"https://host/map": ROBOTS}, RobotsError, "not allowed"),
        ({"https://host/map": NetworkError("no answer", "")}, NetworkError, "no answer"),
        ({"https://host/map": DeferredError("later", "")}, DeferredError, "later"),
    ],
)
def test_a_list_that_cannot_be_read_ends_the_crawl(site, error, message):
    with pytest.raises(error) as caught:
        crawled(site, start=[], sitemaps=["https://host/map"])
    assert caught.value.message == message


def test_sitemaps_without_end_are_refused():
    page = "<sitemapindex>{}</sitemapindex>"
    many = "".join(f"<sitemap><loc>https://host/{n}.xml</loc></sitemap>" for n in range(1_000))
    with pytest.raises(ContentError, match="leads to more than 1,000 sitemaps"):
        crawled({"https://host/map": page.format(many)}, start=[], sitemaps=["https://host/map"])


def test_secrets_of_the_corpus_file_are_asked_for_by_name_and_no_page_can_name_them():
    intake = FakeIntake({"https://host/?key=${KEY}": "<a href='/x?key=${KEY}'>"})
    assert got(intake, start=["https://host/?key=${KEY}"]) == ["?key=${KEY}", "x?key=$%7BKEY%7D"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            {"start": []},
            "c.toml: source names no address: give it start = [...], sitemaps = [...] or feeds = [...]",
        ),
        ({"start": ["host/x"]}, "c.toml: source: 'host/x' is not an http address: write it as https://host/path"),
        ({"feeds": ["file:///x"]}, "c.toml: source: 'file:///x' is not an http address: write it as https://host/path"),
        (
            {"follow": "a["},
            "c.toml: source.follow 'a[': Malformed attribute selector at position 1: write a CSS selector",
        ),
        (
            {"hosts": ["https://host"]},
            "c.toml: source.hosts: 'https://host' is not a host: write it as www.example.org",
        ),
        ({"depth": -1}, "c.toml: source.depth: Expected `int` >= 0: mend the value"),
        ({"most": 0}, "c.toml: source.most: Expected `int` >= 1: mend the value"),
        ({"folow": "a"}, "c.toml: unknown key 'source.folow': did you mean follow?"),
    ],
)
def test_a_wrong_source_is_refused_before_anything_is_fetched(table, message):
    with pytest.raises(SpecError) as caught:
        options(**table)
    assert str(caught.value) == message


def test_the_origin_is_the_first_address():
    assert crawl.origin(options(sitemaps=["https://host/map"])) == "https://host/"
    assert crawl.origin(options(start=[], feeds=["https://host/feed"])) == "https://host/feed"


SOURCE = """
transport = "crawl"
start = ["https://host/"]
"""
REAL = {
    "host/robots.txt": Page(b"User-agent: *\nDisallow: /private", "text/plain"),
    "host/": "<p>home<a href=b>b</a><a href=old>old</a><a href=private/x>x</a><a href=gone>gone</a>",
    "host/b": "<p>the text of b",
    "host/old": Page(final_url="/host/renamed"),
    "host/renamed": "<p>what was called otherwise",
}


def test_a_crawl_makes_a_snapshot_and_the_next_one_asks_only_for_what_has_changed(store):
    with loopback(REAL) as server:
        first, made = collected(server, store, SOURCE)
        assert made
        assert [(file.url, file.final_url, file.status) for file in first.files] == [
            ("https://host/", "https://host/", 200),
            ("https://host/b", "https://host/b", 200),
            ("https://host/old", "https://host/renamed", 200),
            ("https://host/gone", "https://host/gone", 404),
        ]
        assert set(server.asked.values()) == {1}
        server.asked.clear()
        assert collected(server, store, SOURCE) == (first, False)
        assert {asked for asked in server.asked if asked[1] == 304} >= {("host/", 304), ("host/b", 304)}


def test_the_essays_are_all_found_from_their_list(web, store):
    source = """
transport = "crawl"
start = ["http://www.paulgraham.com/articles.html"]
exclude = ["*/index.html", "*/rss.html"]
"""
    snapshot, _ = collected(SimpleNamespace(address=web), store, source)
    urls = [file.url.removeprefix("http://www.paulgraham.com/") for file in snapshot.files]
    assert urls[0] == "articles.html"
    assert {"icad.html", "avg.html", "love.html"} <= set(urls)
    assert len(urls) == len(set(urls)) == 208
    assert {file.status for file in snapshot.files} == {200}
