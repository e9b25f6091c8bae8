import json
from itertools import islice

import pytest

from collectors import api
from corpusmill import spec
from corpusmill.errors import ContentError, NetworkError, SpecError
from tests.collectors.fakes import FakeIntake, Page, collected, loopback

API = "https://host/api"


def options(**table) -> api.Options:
    return spec.options(api.Options, {"url": API, **table}, "a.toml", "source")


def got(intake: FakeIntake, **table) -> list[str]:
    return [record.url.removeprefix(API) for record, _ in api.collect(options(**table), intake)]


def page(body, **headers) -> Page:
    return Page(json.dumps(body).encode(), "application/json", headers=headers)


def site(pages: dict) -> dict:
    return {f"{API}{path}": body if isinstance(body, Page) else page(body) for path, body in pages.items()}


PATH = {"items": "data", "next": {"path": "links.next"}}
LINK = {"next": {"link": True}}
NUMBER = {"items": "data", "next": {"parameter": "page"}}
CURSOR = {"items": "data", "next": {"cursor": "meta.next", "parameter": "after"}}


def linked(items, link: str) -> Page:
    return page(items, link=link)


@pytest.mark.parametrize(
    ("table", "pages", "expected"),
    [
        ({}, {"": [1, 2]}, [""]),
        ({"items": "a.b"}, {"": {"a": {"b": []}}}, [""]),
        ({"items": "results.1.list"}, {"": {"results": [{}, {"list": [1]}]}}, [""]),
        (
            PATH,
            {
                "": {"data": [1], "links": {"next": "https://host/api/2?x=ä"}},
                "/2?x=%C3%A4": {"data": [2], "links": {"next": "/api?p=3"}},
                "?p=3": {"data": [3], "links": {"next": "?p=4"}},
                "?p=4": {"data": [4], "links": {"next": None}},
            },
            ["", "/2?x=%C3%A4", "?p=3", "?p=4"],
        ),
        (PATH, {"": {"data": [1], "links": {"next": ""}}}, [""]),
        (PATH, {"": {"data": [1], "links": {"next": False}}}, [""]),
        (PATH, {"": {"data": [1], "links": []}}, [""]),
        (PATH, {"": {"data": [1]}}, [""]),
        (PATH, {"": {"data": [1], "links": {"next": "http://host/api/2"}}, "/2": {"data": [2]}}, ["", "/2"]),
        (
            LINK,
            {
                "": linked([1], '<https://host/api?page=2>; rel="next", <https://host/api?page=9>; rel="last"'),
                "?page=2": linked([2], "</api?page=1,0>; title=first; rel=PREV, </api?page=3,0>; rel='x NEXT'"),
                "?page=3,0": linked([3], '<https://host/api?page=1>; rel="first"'),
            },
            ["", "?page=2", "?page=3,0"],
        ),
        (LINK, {"": [1]}, [""]),
        (NUMBER, {"?page=1": {"data": [1]}, "?page=2": {"data": [2]}, "?page=3": {"data": []}}, ["?page=1", "?page=2"]),
        (NUMBER, {"?page=1": {"data": [1]}}, ["?page=1"]),
        (NUMBER, {"?page=1": {"data": []}}, ["?page=1"]),
        (
            {"next": {"parameter": "p[n]", "start": 0}, "url": f"{API}?q=a+b&p[n]=7"},
            {"?q=a+b&p%5Bn%5D=0": [1], "?q=a+b&p%5Bn%5D=1": [2]},
            ["?q=a+b&p%5Bn%5D=0", "?q=a+b&p%5Bn%5D=1"],
        ),
        (
            CURSOR,
            {
                "": {"data": [1], "meta": {"next": "a b&ü=${KEY}"}},
                "?after=a%20b%26%C3%BC%3D%24%7BKEY%7D": {"data": [], "meta": {"next": 12345678901234567890123}},
                "?after=12345678901234567890123": {"data": [3], "meta": {"next": 1.50}},
                "?after=1.5": {"data": [4], "meta": {"next": None}},
            },
            ["", "?after=a%20b%26%C3%BC%3D%24%7BKEY%7D", "?after=12345678901234567890123", "?after=1.5"],
        ),
    ],
)
def test_pages_are_fetched_until_there_is_no_next(table, pages, expected):
    intake = FakeIntake(site(pages))
    assert got(intake, **table) == expected
    assert intake.notes == []
    for steps in range(len(expected) + 1):
        intake = FakeIntake(site(pages))
        list(islice(api.collect(options(**table), intake), steps))
        after = intake.again()
        assert got(after, **table) == expected
        assert not set(intake.asked) & set(after.asked)


def test_a_page_whose_link_header_is_not_known_any_more_is_asked_for_again():
    pages = {"": linked([1], "<?page=2>; rel=next"), "?page=2": linked([2], "")}
    intake = FakeIntake(site(pages))
    intake.get(API)
    after = intake.again()
    assert got(after, **LINK) == ["", "?page=2"]
    assert after.asked == [API, f"{API}?page=2"]


def test_numbers_are_taken_as_they_are_written():
    body = b'{"data": [1], "meta": {"next": 1.10e2}}'
    intake = FakeIntake({API: Page(body), f"{API}?after=1.10e2": page({"data": [2]})})
    assert got(intake, **CURSOR) == ["", "?after=1.10e2"]
    digits = b"9" * 5_000
    intake = FakeIntake({API: Page(b'{"data": [%b]}' % digits)})
    assert got(intake, **CURSOR) == [""]


def test_reaching_the_most_is_said():
    intake = FakeIntake(site({f"?page={n}": {"data": [n]} for n in range(1, 9)}))
    assert got(intake, **NUMBER, most=2) == ["?page=1", "?page=2"]
    assert intake.notes == ["stopped at source.most = 2 pages; there are more"]


@pytest.mark.parametrize(
    ("table", "pages", "message"),
    [
        ({}, {"": Page(b"<html>")}, f"{API} is not JSON: Expecting value: line 1 column 1 (char 0)"),
        ({}, {"": Page(b"")}, f"{API} is not JSON: Expecting value"),
        ({}, {"": Page(b'["\xe9"]')}, f"{API} is not JSON: 'utf-8' codec can't decode"),
        ({}, {"": Page(b"[NaN]")}, f"{API} is not JSON: NaN is no number"),
        ({}, {"": Page(b"[" * 100_000)}, f"{API} is not JSON: nested too deep"),
        ({}, {"": {"data": []}}, f"{API}: the page itself is an object, not a list"),
        ({"items": "data"}, {"": {}}, f"{API}: items = 'data' is missing, not a list"),
        ({"items": "data"}, {"": []}, f"{API}: items = 'data' is missing, not a list"),
        ({"items": "a.7"}, {"": {"a": []}}, f"{API}: items = 'a.7' is missing, not a list"),
        ({"items": "data"}, {"": {"data": "x"}}, f"{API}: items = 'data' is a text or a number, not a list"),
        ({}, {}, f"{API} answered 404"),
        (PATH, {"": {"data": [1], "links": {"next": "/api/2"}}}, f"{API}/2 answered 404"),
        (PATH, {"": {"data": [1], "links": {"next": {}}}}, f"{API}: next = 'links.next' is an object, not a text"),
        (
            PATH,
            {"": {"data": [1], "links": {"next": True}}},
            f"{API}: next = 'links.next' is true or false, not a text",
        ),
        (
            PATH,
            {"": {"data": [1], "links": {"next": "//evil/api"}}},
            f"{API} leads to another host: 'https://evil/api'",
        ),
        (PATH, {"": {"data": [1], "links": {"next": "https://host:81/"}}}, f"{API} leads to another host"),
        (PATH, {"": {"data": [1], "links": {"next": "mailto:x"}}}, f"{API} leads to another host: 'mailto:x'"),
        (PATH, {"": {"data": [1], "links": {"next": "?"}}}, f"{API} leads back to {API}"),
        (PATH, {"": {"data": [1], "links": {"next": "/api#2"}}}, f"{API} leads back to {API}"),
        (
            PATH,
            {
                "": {"data": [1], "links": {"next": "/api/2"}},
                "/2": {"data": [2], "links": {"next": "/api/3"}},
                "/3": {"data": [3], "links": {"next": "/api/2"}},
            },
            f"{API}/3 leads back to {API}/2",
        ),
        (
            NUMBER,
            {"?page=1": {"data": [1]}, "?page=2": {"data": [1]}},
            f"{API}?page=2 is the same page as {API}",
        ),
        (
            CURSOR,
            {"": Page(b'{"data": [1], "meta": {"next": "\\ud800"}}')},
            f"{API} leads on with a value that is",
        ),
        (LINK, {"": linked([1], "<https://evil/>; rel=next")}, f"{API} leads to another host: 'https://evil/'"),
    ],
)
def test_what_is_no_page_and_what_goes_in_circles_is_refused(table, pages, message):
    with pytest.raises(ContentError) as caught:
        got(FakeIntake(site(pages)), **table)
    assert caught.value.message.startswith(message)
    assert caught.value.hint


def test_a_page_that_fails_ends_the_collect_which_goes_on_there_next_time():
    pages = site({f"?page={n}": {"data": [n]} for n in (1, 2, 3)})
    intake = FakeIntake({**pages, f"{API}?page=2": NetworkError("no answer", "")})
    with pytest.raises(NetworkError):
        got(intake, **NUMBER)
    intake.site = pages
    after = intake.again()
    assert got(after, **NUMBER) == ["?page=1", "?page=2", "?page=3"]
    assert after.asked == [f"{API}?page={n}" for n in (2, 3, 4)]


@pytest.mark.parametrize(
    ("url", "following", "expected"),
    [
        ("?key=${KEY}", "/api?page=2&key=s3cret", "?page=2&key=${KEY}"),
        ("?key=${KEY}", "?key=$%7BKEY%7D&page=2", "?page=2&key=${KEY}"),
        ("?key=${KEY}", "?page=${KEY}", "?page=${KEY}"),
        ("?key=${KEY}", "?page=${OTHER}", "?page=$%7BOTHER%7D"),
        ("?key=x", "?page=${KEY}", "?page=$%7BKEY%7D"),
        ("/${KEY}/list", "2", "/${KEY}/2"),
        ("/${KEY}/list", "?page=2", "/${KEY}/list?page=2"),
    ],
)
def test_secrets_stay_names_and_a_page_can_ask_for_none_but_those_it_was_given(url, following, expected):
    pages = {url: {"data": [1], "links": {"next": following}}, expected: {"data": [2]}}
    assert got(FakeIntake(site(pages)), **PATH, url=f"{API}{url}") == [url, expected]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"url": "host/x"}, "a.toml: source: 'host/x' is not an http address: write it as https://host/path"),
        ({"next": {}}, "a.toml: source.next is not one way to the next page: give it path = ..., link = true, "),
        ({"next": {"path": "a", "link": True}}, "a.toml: source.next is not one way to the next page"),
        ({"next": {"cursor": "a"}}, "a.toml: source.next is not one way to the next page"),
        ({"next": {"path": "a", "parameter": "b"}}, "a.toml: source.next is not one way to the next page"),
        ({"next": {"path": "a", "start": 1}}, "a.toml: source.next.start is for numbered pages"),
        ({"next": {"parameter": "a", "start": -1}}, "a.toml: source.next.start: Expected `int` >= 0"),
        ({"next": {"pth": "a"}}, "a.toml: unknown key 'source.next.pth': did you mean path?"),
        ({"most": 0}, "a.toml: source.most: Expected `int` >= 1"),
    ],
)
def test_a_wrong_source_is_refused_before_anything_is_fetched(table, message):
    with pytest.raises(SpecError) as caught:
        options(**table)
    assert str(caught.value).startswith(message)


def test_the_origin_is_the_address():
    assert api.origin(options()) == API


def test_a_chain_of_link_headers_is_whole_each_time_though_a_304_lacks_them(store):
    source = 'transport = "api"\nurl = "https://host/api?page=1"\nnext = {link = true}'
    site = {
        "host/api?page=1": page([1], Link='<https://host/api?page=2>; rel="next"'),
        "host/api?page=2": page([2], Link='<https://host/api?page=3>; rel="next"'),
        "host/api?page=3": page([3]),
    }
    with loopback(site) as server:
        for made in (True, False):
            snapshot, new = collected(server, store, source)
            assert [file.url[-1] for file in snapshot.files] == ["1", "2", "3"]
            assert new is made
        assert {asked: count for asked, count in server.asked.items() if asked[1] == 200} == dict.fromkeys(
            [(path, 200) for path in site], 2
        )


def test_pages_that_name_the_next_are_not_sent_again_when_they_have_not_changed(store):
    source = 'transport = "api"\nurl = "https://host/api"\nnext = {path = "next"}\nitems = "data"'
    site = {"host/api": page({"data": [1], "next": "/api?page=2"}), "host/api?page=2": page({"data": [2]})}
    with loopback(site) as server:
        assert collected(server, store, source)[0] == collected(server, store, source)[0]
        assert server.asked["host/api?page=2", 200] == server.asked["host/api?page=2", 304] == 1
