import pytest

from corpusmill.errors import DeferredError
from tests.corpusmill.http.bodies import TEXT, ZIP, ZIPPED, whole
from tests.corpusmill.http.clients import NEVER, TWICE, failing, quick
from tests.corpusmill.http.host import MODIFIED
from tests.corpusmill.http.server import Hurry, Server, head, in_chunks, once, refuses, sized


def test_an_error_that_passes_is_tried_again(server):
    client = quick(TWICE)
    assert client.get(f"{server.address}/broken-twice").read() == TEXT
    assert server.paths() == ["/broken-twice"] * 3
    assert client.tally.retried == 2


@pytest.mark.parametrize(
    ("path", "times"),
    # the first of the four was sent on a connection kept since robots.txt, which is no attempt
    [("broken", 3), ("hangs-up", 4), ("short", 3), ("missing", 1), ("teapot", 1), ("empty", 1), ("brotli", 1)],
)
def test_only_what_may_pass_is_tried_again_and_not_for_ever(server, path, times):
    client = quick(TWICE)
    if path == "missing":
        client.get(f"{server.address}/{path}")
    else:
        failing(client, f"{server.address}/{path}")
    assert server.paths() == [f"/{path}"] * times


def test_a_body_that_was_cut_is_asked_for_again(server):
    assert quick(TWICE).get(f"{server.address}/cut-once").read() == TEXT


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_kept_connection_that_has_died_is_opened_anew_without_a_word(turns):
    """RFC 9112, 9.3.1: a server may close an idle connection at any moment, while a request is on its way."""

    def answer(talk):
        if talk.turn <= turns:
            talk.whole(TEXT)

    with Server({}, otherwise=answer) as server:
        client = quick(NEVER)
        assert [client.get(f"{server.address}/{n}").read() for n in range(6)] == [TEXT] * 6
    assert client.tally.retried == 0
    assert server.connections > 1


def test_a_connection_that_is_new_and_dies_is_not_asked_again_without_a_word(server):
    failing(quick(NEVER), f"{server.address}/hangs-up")
    assert server.connections <= 2  # the first was kept since robots.txt was asked


@pytest.mark.parametrize("answer", [whole, sized(ZIPPED, ZIP), in_chunks(TEXT)], ids=["length", "gzip", "chunks"])
def test_a_connection_is_kept_from_one_request_to_the_next(answer):
    def stays(talk):
        answer(talk)
        talk.keep = True

    with Server({}, otherwise=stays) as server:
        client = quick()
        for n in range(4):
            client.get(f"{server.address}/{n}")
    assert server.connections == 1


def test_what_is_left_on_a_connection_is_not_taken_for_the_next_answer():
    def longer(talk):
        """More than was asked for, all at once: what came later would be as good as an answer to the next request."""
        talk.send(head(f"Content-Length: {len(TEXT)}") + TEXT + head("Content-Length: 4") + b"EVIL")
        talk.keep = True

    with Server({"/longer": longer}, otherwise=whole) as server:
        client = quick(TWICE)
        for n in range(5):
            assert client.get(f"{server.address}/longer").read() == TEXT
            assert client.get(f"{server.address}/{n}").read() == TEXT


@pytest.mark.parametrize(
    ("asks", "slept"), [("30", 30), ("120", 120), ("0", 0), ("-5", 0), ("abc", 0), ("1.5", 0), (MODIFIED, 0)]
)
def test_a_pause_that_a_host_asks_for_is_made(asks, slept):
    hurry = Hurry()
    with Server({"/x": once(refuses("503 Later", f"Retry-After: {asks}"), TEXT)}) as server:
        client = quick(TWICE, hurry=hurry)
        assert client.get(f"{server.address}/x").read() == TEXT
    between = server.asked[2].at - server.asked[1].at
    assert between < 1  # the clock is a hurried one
    assert slept <= max(hurry.slept) <= slept + 2


def test_a_host_that_asks_for_a_longer_pause_is_left_alone(server):
    with Server({"/x": refuses("503 Later", "Retry-After: 3600")}) as other:
        client = quick(TWICE)
        error = failing(client, f"{other.address}/x")
        assert type(error) is DeferredError
        assert type(failing(client, f"{other.address}/y")) is DeferredError
        assert other.paths() == ["/x"]
    assert list(client.pace.parked) == [other.address.removeprefix("http://")]
    assert client.get(f"{server.address}/whole").read() == TEXT  # other hosts are asked on
