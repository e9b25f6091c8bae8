"""A gate that others pass, too: what the client asks of it, and what it makes of the answers."""

import pytest

from corpusmill.errors import DeferredError
from corpusmill.http import Client, Limits, Network
from tests.corpusmill.http.bodies import TEXT
from tests.corpusmill.http.clients import TWICE
from tests.corpusmill.http.server import Hurry, Server, missing, once, refuses


class Book:
    """A gate that writes down what it is asked, and says what it was told to."""

    def __init__(self, *says: float):
        self.says, self.turns, self.rests = list(says), [], []

    def turn(self, host, delay):
        self.turns.append((host, delay))
        return self.says.pop(0) if self.says else 0.0

    def rest(self, host, seconds):
        self.rests.append((host, pytest.approx(seconds, abs=1)))


@pytest.fixture
def host():
    answers = {
        "/robots.txt": missing,
        "/tired": once(refuses("429 Slow down", "Retry-After: 7"), TEXT),
        "/asleep": refuses("503 Later", "Retry-After: 9000"),
    }
    with Server(answers, otherwise=lambda talk: talk.whole(TEXT)) as server:
        yield server


def client_with(gate, hurry, **network) -> Client:
    return Client(Network(**{"allow_private": True, **network}), retries=TWICE, clock=hurry.clock, gate=gate)


def name(server) -> str:
    return server.address.removeprefix("http://")


def test_every_request_takes_its_turn_and_says_what_delay_it_keeps(host):
    book = Book()
    client = client_with(book, Hurry()).bounded(Limits(delay=3.0), None)
    for page in ("1", "2"):
        client.get(f"{host.address}/{page}")
    assert book.turns == [(name(host), 3.0)] * 3  # robots.txt is one


def test_whoever_has_to_wait_asks_again_until_it_is_his_turn(host):
    hurry, book = Hurry(), Book(0.0, 2.5, 1.5, 0.0)
    client = client_with(book, hurry)
    assert client.get(f"{host.address}/1").read() == TEXT
    assert len(book.turns) == 4
    assert client.tally.waited == pytest.approx(sum(hurry.slept))
    assert sum(hurry.slept) >= 4.0


def test_a_host_that_others_were_sent_away_from_for_long_is_left_alone(host):
    client = client_with(Book(0.0, 5000.0), Hurry())
    with pytest.raises(DeferredError, match=f"{name(host)} asked to be left alone until 2"):
        client.get(f"{host.address}/1")
    assert host.paths() == []


@pytest.mark.parametrize(("path", "seconds"), [("tired", 7), ("asleep", 9000)])
def test_the_others_are_told_of_the_rest_that_a_host_asks_for(host, path, seconds):
    book = Book()
    client = client_with(book, Hurry())
    if path == "tired":
        assert client.get(f"{host.address}/{path}").read() == TEXT
    else:
        with pytest.raises(DeferredError):
            client.get(f"{host.address}/{path}")
    assert book.rests == [(name(host), seconds)]


def test_a_login_stays_here(host):
    book = Book()
    client_with(book, Hurry()).get(f"http://miller:grain@{name(host)}/tired")
    assert {asked for asked, _ in [*book.turns, *book.rests]} == {name(host)}


def test_a_mirror_on_this_machine_is_asked_without(host):
    book = Book()
    client_with(book, Hurry(), mirror=host.address).get("https://a.example/x")
    assert (book.turns, book.rests) == ([], [])
