import logging
import traceback
from urllib.parse import quote, quote_plus

import pytest

from corpusmill.errors import CollectError, SpecError, TruncatedError
from corpusmill.http import Limits
from corpusmill.secrets import Secrets
from tests.corpusmill.http.bodies import TEXT, ZIP
from tests.corpusmill.http.clients import TWICE, quick
from tests.corpusmill.http.server import (
    Server,
    bare,
    head,
    missing,
    moves,
    says,
    sized,
)


def whole(talk):
    talk.whole(TEXT)


def rules(*lines: str):
    return lambda talk: talk.whole("\n".join(lines).encode(), "Content-Type: text/plain")


def server_of(answers=None, robots=missing) -> Server:
    return Server({"/robots.txt": robots, **(answers or {})}, otherwise=whole)


KEY, WORD, TOKEN = "canary-key-7f3a9c", "cänary wörd/+&%", "canary-token-51d0e2"
SECRETS = Secrets({"KEY": KEY, "WORD": quote(WORD, safe=""), "TOKEN": TOKEN})
FORMS = [
    form for value in (KEY, WORD, TOKEN) for form in (value, quote(value), quote(value, safe=""), quote_plus(value))
]


def leaks(*texts: object) -> list[str]:
    """The canaries that are found, whatever their encoding."""
    everything = "\n".join(map(str, texts)).lower()
    return sorted({form for form in FORMS if form.lower() in everything})


def echo(status: str = "200 OK", *lines: str, body: bytes | None = None):
    """A host that says back whatever it was told."""

    def answer(talk):
        said = f"{talk.asked.path} {dict(talk.asked.headers)}".encode()
        reason = f"{status} {talk.asked.path.partition('?')[2]}"
        talk.whole(said if body is None else body, *lines, status=reason)

    return answer


def echoing(location: str):
    return lambda talk: moves(location + talk.asked.path.partition("?")[2])(talk)


NOTHING: dict[str, list[str]] = {"said": [], "kept": [], "shown": [], "logged": []}
HOSTS = {
    "/echo": echo(),
    "/refused": echo("403 Forbidden"),
    "/broken": echo("500 Oops"),
    "/gone": echo("410 Gone"),
    "/later": echo("503 Later", "Retry-After: 99999"),
    "/moved": echoing("/echo?"),
    "/circle": echoing("/circle?"),
    "/nowhere": echoing("file:///x?"),
    "/private-file": echoing("http://[bad/?"),
    "/short": says(head("Content-Length: 9999"), TEXT),
    "/bare": bare(TEXT),
    "/empty": sized(b""),
    "/not-gzip": sized(TEXT, ZIP),
    "/brotli": sized(TEXT, "Content-Encoding: br"),
    "/two-lengths": says(head("Content-Length: 5", "Content-Length: 6"), TEXT),
    "/unchanged": says(head(status="304 Not Modified")),
    "/part": says(head("Content-Range: bytes 0-1/2", status="206 P"), b"xx"),
    "/hangs-up": says(),
    "/speaks-otherwise": says(b"\x00\x01\r\n\r\n"),
    "/large": sized(bytes(20_000)),
    "/forbidden": whole,
}


def asking(server: Server, path: str) -> str:
    return f"{server.address.replace('//', '//me:${WORD}@')}{path}?a=1&key=${{KEY}}&word=${{WORD}}"


@pytest.mark.parametrize("path", HOSTS)
def test_secrets_reach_the_host_and_nothing_that_is_kept_or_said(path, caplog, capfd, tmp_path):
    caplog.set_level(logging.DEBUG)
    told = []
    with Server({"/robots.txt": rules("User-agent: *", "Disallow: /forbidden"), **HOSTS}) as server:
        client = quick(TWICE, Limits(largest=10_000), secrets=SECRETS, parts=tmp_path)
        client.pace.waiting = lambda *said: told.append(said)
        client.told = lambda *said: told.append(said)
        try:
            fetched = client.get(asking(server, path), headers={"X-Token": "${TOKEN}"})
        except CollectError as error:
            said = [str(error), repr(error), error.message, error.hint, *traceback.format_exception(error)]
        else:
            said = [fetched, fetched.record]
            fetched.close()
    kept = [file.read_bytes() for file in tmp_path.rglob("*")] + [file.name for file in tmp_path.rglob("*")]
    logged = [record.getMessage() for record in caplog.records]
    shown = [*told, *capfd.readouterr(), client, client.tally, client.pace.parked]
    assert {"said": leaks(*said), "kept": leaks(*kept), "shown": leaks(*shown), "logged": leaks(*logged)} == NOTHING
    if path != "/forbidden":
        asked = next(asked for asked in server.asked if path in asked.path)
        assert f"key={KEY}" in asked.path
        assert asked.headers["x-token"] == TOKEN
        assert asked.headers["authorization"].startswith("Basic ")


def test_secrets_are_not_told_to_robots_nor_to_another_host():
    with server_of() as other, server_of({"/there": moves(f"{other.address}/x")}) as server:
        quick(secrets=SECRETS).get(asking(server, "/there"), headers={"X-Token": "${TOKEN}", "Accept": "text/plain"})
    robots, asked = server.asked
    assert robots.path == "/robots.txt"
    assert leaks(robots.path, robots.headers, *(request.headers for request in other.asked)) == []
    assert not any({"authorization", "x-token"} & set(request.headers) for request in (robots, *other.asked))
    assert asked.headers["x-token"] == TOKEN
    assert other.asked[-1].headers["accept"] == "text/plain"


def test_a_secret_that_is_not_set_is_named_before_anything_is_asked():
    with server_of() as server, pytest.raises(SpecError, match="CORPUSMILL_SECRET_KEY"):
        quick().get(f"{server.address}/x?key=${{KEY}}")
    assert server.paths() == []


def test_a_body_that_was_cut_is_gone_on_with_though_its_address_holds_a_secret(tmp_path):
    answer = says(head("Content-Length: 9999", 'ETag: "e"'), TEXT)
    with server_of({"/x": answer}) as server:
        url = f"{server.address}/x?key=${{KEY}}"
        with pytest.raises(TruncatedError):
            quick(secrets=SECRETS, parts=tmp_path).get(url)
        with pytest.raises(TruncatedError):
            quick(secrets=SECRETS, parts=tmp_path).get(url)
    assert [asked.headers.get("range") for asked in server.asked if asked.path.startswith("/x")] == [
        None,
        f"bytes={len(TEXT)}-",
    ]
