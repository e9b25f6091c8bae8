import contextlib
import time
from itertools import pairwise

import pytest

from corpusmill import __version__
from corpusmill.errors import CollectError, DeferredError, RobotsError
from corpusmill.http import Client, Limits, Network, Pace
from tests.corpusmill.http.bodies import TEXT
from tests.corpusmill.http.clients import NEVER, TWICE, failing, quick
from tests.corpusmill.http.server import (
    Hurry,
    Server,
    head,
    missing,
    moves,
    once,
    refuses,
    says,
)

WAY = 0.1  # seconds by which one request may be longer on its way than the next
NOT_HERE = len(b"<h1>Not here</h1>")  # what asking for robots.txt brings


def whole(talk):
    talk.whole(TEXT)


def rules(*lines: str):
    return lambda talk: talk.whole("\n".join(lines).encode(), "Content-Type: text/plain")


def server_of(answers=None, robots=missing) -> Server:
    return Server({"/robots.txt": robots, **(answers or {})}, otherwise=whole)


@contextlib.contextmanager
def timed(server: Server, hurry: Hurry):
    """The moments of the hurried clock at which requests came."""
    moments, answer = [], server.answer

    def noting(asked, *rest):
        moments.append(hurry.clock.monotonic())
        return answer(asked, *rest)

    server.answer = noting
    yield moments


# Time between requests


@pytest.mark.parametrize("seconds", [2, 7.5])
def test_two_requests_are_never_closer_than_the_crawl_delay(seconds):
    hurry = Hurry()
    answers = {"/moved": moves("/1"), "/broken": once(refuses("503 Later")), "/cut": once(says(head(), TEXT))}
    robots = rules("User-agent: *", f"Crawl-delay: {seconds}")
    with server_of(answers, robots) as server, timed(server, hurry) as moments:
        client = quick(TWICE, hurry=hurry)
        for path in ("1", "moved", "broken", "cut", "2", "missing"):
            client.get(f"{server.address}/{path}")
    assert len(moments) == 10
    assert min(later - sooner for sooner, later in pairwise(moments)) >= seconds - WAY
    assert client.tally.waited == pytest.approx(sum(hurry.slept))


def test_the_request_log_of_a_host_shows_real_time_between_requests():
    began = time.monotonic()
    with server_of() as server:
        pace = Pace(start=0.2, least=0.2)
        client = Client(Network(allow_private=True), retries=NEVER, pace=pace)
        for n in range(5):
            client.get(f"{server.address}/{n}")
    assert len(server.asked) == 6
    # a busy server may note a request late and the next one in time, so not from each to the next
    assert all(asked.at - began >= 0.2 * n for n, asked in enumerate(server.asked))


def test_one_host_does_not_wait_for_another():
    hurry = Hurry()
    delay = rules("User-agent: *", "Crawl-delay: 20")
    with server_of(robots=delay) as slow, server_of() as fast:
        client = quick(hurry=hurry)
        client.get(f"{slow.address}/1")
        before = sum(hurry.slept)
        for n in range(9):
            client.get(f"{fast.address}/{n}")
        assert sum(hurry.slept) - before < 20


def test_the_least_delay_is_the_corpus_files():
    hurry = Hurry()
    with server_of() as server, timed(server, hurry) as moments:
        client = quick(limits=Limits(delay=3.0), hurry=hurry)
        for n in range(4):
            client.get(f"{server.address}/{n}")
    assert min(later - sooner for sooner, later in pairwise(moments)) >= 3 - WAY


# robots.txt


def test_robots_is_asked_once_and_first_of_each_host():
    with server_of(robots=rules("User-agent: *", "Disallow: /private")) as one, server_of() as two:
        client = quick(TWICE)
        for server in (one, two, one):
            for n in range(4):
                client.get(f"{server.address}/{n}")
    for server in (one, two):
        paths = [asked.path for asked in server.asked]
        assert paths[0] == "/robots.txt"
        assert paths.count("/robots.txt") == 1


def test_what_robots_refuses_is_not_asked_not_even_by_a_redirect():
    robots = rules("User-agent: *", "Disallow: /private")
    with server_of({"/moved": moves("/private/x")}, robots) as server:
        client = quick()
        for path in ("private/x", "moved", "%70rivate/x"):
            error = failing(client, f"{server.address}/{path}")
            assert type(error) is RobotsError
            assert "robots.txt" in error.message
        assert client.get(f"{server.address}/public").record.robots == "allowed: robots.txt"
    assert server.paths() == ["/moved", "/public"]


def test_a_redirect_to_another_host_asks_that_hosts_robots_first():
    with server_of(robots=rules("User-agent: corpusmill", "Disallow: /x")) as other:
        answers = {"/there": moves(f"{other.address}/y"), "/nowhere": moves(f"{other.address}/x")}
        with server_of(answers) as server:
            client = quick()
            assert client.get(f"{server.address}/there").read() == TEXT
            assert type(failing(client, f"{server.address}/nowhere")) is RobotsError
    assert [asked.path for asked in other.asked] == ["/robots.txt", "/y"]


def test_a_host_whose_robots_failed_is_not_asked_again_and_again():
    with server_of(robots=refuses("500 Oops")) as server:
        client = quick(TWICE)
        for n in range(5):
            assert type(failing(client, f"{server.address}/{n}")) is RobotsError
    assert {asked.path for asked in server.asked} == {"/robots.txt"}
    assert len(server.asked) <= 3


# Who asks


@pytest.mark.parametrize("contact", ["", "https://example.org/crawler", "somebody@example.org"])
def test_every_request_says_who_asks_and_where_to_complain(contact):
    with server_of({"/moved": moves("/x")}) as server:
        quick(contact=contact).get(f"{server.address}/moved")
    said = f"; +{contact})" if contact else ")"
    assert [asked.path for asked in server.asked] == ["/robots.txt", "/moved", "/x"]
    for asked in server.asked:
        assert asked.headers["user-agent"].startswith(f"corpusmill/{__version__} (")
        assert asked.headers["user-agent"].endswith(said)
        assert asked.headers["accept-encoding"] == "gzip"
        assert not {"cookie", "referer", "authorization"} & set(asked.headers)


def test_a_cookie_is_not_kept():
    with Server({"/robots.txt": missing}, otherwise=lambda talk: talk.whole(TEXT, "Set-Cookie: a=b")) as server:
        client = quick()
        for n in range(3):
            client.get(f"{server.address}/{n}")
    assert not any("cookie" in asked.headers for asked in server.asked)


# A mirror on this machine


def test_a_mirror_on_this_machine_is_not_waited_for_but_its_robots_are_obeyed():
    hurry = Hurry()
    robots = {
        "/a.example/robots.txt": rules("User-agent: *", "Crawl-delay: 30", "Disallow: /private"),
        "/b.example/robots.txt": refuses("503 Later"),
    }
    with Server(robots, otherwise=lambda talk: missing(talk) if "robots" in talk.asked.path else whole(talk)) as server:
        client = quick(hurry=hurry, mirror=server.address, allow_private=False)
        for n in range(20):
            assert client.get(f"https://a.example/{n}").read() == TEXT
        assert client.get("https://c.example/x").record.robots == "allowed: no robots.txt (404)"
        assert type(failing(client, "https://a.example/private")) is RobotsError
        assert type(failing(client, "https://b.example/x")) is RobotsError
    assert (hurry.slept, client.tally.waited) == ([], 0)
    assert [asked.path for asked in server.asked].count("/a.example/robots.txt") == 1
    assert server.paths() == [*(f"/a.example/{n}" for n in range(20)), "/c.example/x"]


# Budgets


@pytest.mark.parametrize(
    ("limits", "named", "fits"),
    [
        (Limits(requests=5), "requests", 4),  # and one for robots.txt
        (Limits(bytes=NOT_HERE + 2 * len(TEXT) + 1), "bytes", 3),  # the one that goes beyond is let come
        (Limits(seconds=20, delay=5.0), "seconds", 4),
    ],
    ids=["requests", "bytes", "seconds"],
)
def test_a_budget_that_is_spent_ends_in_good_order_with_what_came(limits, named, fits):
    came = []
    with server_of() as server:
        client = quick(TWICE, limits)
        with pytest.raises(DeferredError) as caught:
            came.extend(client.get(f"{server.address}/{n}") for n in range(99))
        assert type(failing(client, f"{server.address}/again")) is DeferredError
    assert f"source.limits.{named}" in caught.value.hint
    assert "kept" in caught.value.hint
    assert [fetched.read() for fetched in came] == [TEXT] * fits
    assert server.paths() == [f"/{n}" for n in range(fits)]
    assert client.tally.fetched == fits


@pytest.mark.parametrize("answer", [moves("/x"), refuses("503 Later")], ids=["redirects", "retries"])
def test_redirects_and_retries_are_requests_too(answer):
    with server_of({"/x": answer}) as server:
        client = quick(TWICE, Limits(requests=2))
        with pytest.raises(CollectError):
            client.get(f"{server.address}/x")
        with pytest.raises(DeferredError):
            client.get(f"{server.address}/y")
    assert len(server.asked) == 2


def test_a_long_body_that_a_budget_cuts_off_is_gone_on_with_later(tmp_path):
    def cut(talk):
        start = int(talk.asked.headers.get("range", "bytes=0-")[6:-1])
        lines = (f"Content-Range: bytes {start}-{len(TEXT) - 1}/{len(TEXT)}",) if start else ()
        status = "206 Partial Content" if start else "200 OK"
        answer = head(f"Content-Length: {len(TEXT) - start}", 'ETag: "e1"', *lines, status=status)
        talk.send(answer, TEXT[start : start + 1500])

    with server_of({"/x": cut}) as server:
        with pytest.raises(DeferredError):
            quick(TWICE, Limits(requests=2), parts=tmp_path).get(f"{server.address}/x")
        client = quick(parts=tmp_path)
        with contextlib.closing(client.get(f"{server.address}/x")) as fetched:
            assert fetched.read() == TEXT
    assert client.tally.saved == 1500
