import io

import pytest
import requests
import urllib3

from corpusmill.errors import ForbiddenError, UnreachableError
from corpusmill.http import Client
from tests.corpusmill.http.bodies import TEXT, whole
from tests.corpusmill.http.clients import NEVER, TWICE, failing, quick
from tests.corpusmill.http.server import (
    Hurry,
    Server,
    missing,
    moves,
    refuses,
)


def test_a_redirect_is_followed_and_both_addresses_are_recorded(server):
    for path in ("moved", "moved-twice"):
        fetched = quick().get(f"{server.address}/{path}")
        assert fetched.read() == TEXT
        assert (fetched.record.url, fetched.record.final_url) == (f"{server.address}/{path}", f"{server.address}/whole")


def test_a_connection_that_is_refused_says_so_without_what_surrounds_it(refused):
    error = failing(quick(), f"{refused}/x")
    assert type(error) is UnreachableError
    assert error.message.endswith(": Connection refused")


@pytest.mark.parametrize("retries", [NEVER, TWICE])
def test_a_host_that_does_not_exist_says_so_without_what_surrounds_it(retries):
    error = failing(quick(retries), "http://no-such-host.invalid/x")
    assert error.message.startswith("cannot fetch http://no-such-host.invalid/")
    assert "resolve" not in error.message


@pytest.mark.parametrize(
    "url",
    ["http://a..b/x", "http://[x/", "http:///x", "ftp://host/x", "x", "", f"http://{'a' * 70}/x", "http://h:99999/x"],
)
def test_an_address_that_is_none_is_an_error_like_the_others(url):
    assert failing(quick(), url).message


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "[::1]", "2130706433"])
def test_a_private_host_is_not_asked_unless_that_is_allowed(server, host):
    client = quick(allow_private=False)
    assert type(failing(client, f"http://{host}:{server.port}/whole")) is ForbiddenError
    assert server.asked == []


@pytest.mark.parametrize("location", ["http://127.0.0.1/", "http://[::ffff:10.0.0.1]/x", "//0x7f.1/x", "file:///x"])
def test_a_redirect_to_a_private_host_is_not_followed(location):
    asked = []

    def send(request):
        asked.append(request.url)
        answer = requests.Response()
        answer.status_code = 404 if request.url.endswith("/robots.txt") else 302
        answer.headers["Location"] = location
        answer.raw = urllib3.HTTPResponse(io.BytesIO(), {"Location": location}, preload_content=False)
        return answer

    client = Client(send=send, clock=Hurry().clock)
    assert type(failing(client, "https://host.example/x")) is ForbiddenError
    assert asked == ["https://host.example/robots.txt", "https://host.example/x"]


def test_a_private_host_that_a_mirror_redirects_to_is_asked_of_the_mirror(server):
    with Server({"/host.example/x": moves(f"{server.address}/whole")}) as mirror:
        quick(mirror=mirror.address, allow_private=False).get("http://host.example/x")
        assert mirror.paths() == ["/host.example/x", f"/127.0.0.1:{server.port}/whole"]
    assert server.asked == []


def test_a_proxy_that_does_not_answer_is_told_from_a_host_that_does_not(refused, monkeypatch):
    monkeypatch.setenv("http_proxy", refused)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    message = failing(quick(), "http://host.invalid/x").message
    assert "through the proxy that the environment names: Connection refused" in message


# The mirror


@pytest.fixture
def mirrored(server):
    """A client to which the server is every host, each under the name of a path."""
    server.otherwise = lambda talk: (missing if "robots" in talk.asked.path else whole)(talk)
    return quick(mirror=f"{server.address}/", allow_private=False)


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://host/a/b.txt", "/host/a/b.txt"),
        ("http://host/a%20b", "/host/a%20b"),
        ("https://host/a?x=1&y=2", "/host/a?x=1&y=2"),
        ("https://host", "/host"),
        ("https://host/a#part", "/host/a"),
    ],
)
def test_a_mirror_is_asked_for_host_and_path_and_recorded_nowhere(server, mirrored, url, asked):
    record = mirrored.get(url).record
    assert server.paths() == [asked]
    assert record.url == url
    assert record.final_url == url.partition("#")[0]
    assert str(server.port) not in repr(record)


def test_a_redirect_within_the_mirror_is_recorded_under_its_true_address(server, mirrored):
    server.answers["/host/old"] = moves("/host/new")
    server.answers["/host/there"] = moves("http://other.example/new")
    assert mirrored.get("https://host/old").record.final_url == "https://host/new"
    assert mirrored.get("http://host/there").record.final_url == "http://other.example/new"
    assert server.paths() == ["/host/old", "/host/new", "/host/there", "/other.example/new"]


def test_a_mirror_is_reached_directly_whatever_proxy_the_environment_names(mirrored, refused, monkeypatch):
    monkeypatch.setenv("http_proxy", refused)
    assert mirrored.get("https://host/a").read() == TEXT


def test_what_a_mirror_fails_at_is_told_as_the_mirrors(server, mirrored):
    server.answers["/broken/a"] = refuses("500 Internal Server Error")
    error = failing(mirrored, "https://broken/a")
    assert error.message == "https://broken/a answered 500 Internal Server Error"
    assert error.hint == f"is the mirror at {server.address} running and whole?"
