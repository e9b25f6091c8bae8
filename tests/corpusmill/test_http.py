import contextlib
import gzip
import http.server
import random
import socket
import threading
import time
import tracemalloc

import pytest
from urllib3 import Retry

from corpusmill import __version__
from corpusmill.errors import ContentError, NetworkError
from corpusmill.http import Client
from corpusmill.store.ids import sha256

TEXT = b"In the beginning God created the heaven and the earth. " * 40
BOMB = gzip.compress(bytes(50_000_000), 1)
ONCE = Retry(0, status_forcelist=(500,), raise_on_status=False)
QUICK = Retry(2, backoff_factor=0, status_forcelist=(500,), raise_on_status=False)


class Faulty(http.server.BaseHTTPRequestHandler):
    """Each path misbehaves in its own way."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked.append((self.path, self.headers))
        with contextlib.suppress(OSError):  # the client may have hung up, as it should
            getattr(self, self.path.strip("/").partition("?")[0].partition("/")[0] or "whole")()

    def end_headers(self):
        self.send_header("Connection", "close")
        super().end_headers()

    def answer(self, body: bytes, status: int = 200, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def whole(self):
        self.answer(
            TEXT, Content_Type="text/plain; charset=utf-8", ETag='"e1"', Last_Modified="Mon, 01 Jan 2024 00:00:00 GMT"
        )

    def short(self):
        self.answer(TEXT, length=len(TEXT) + 1)

    def nothing_at_all(self):
        self.answer(b"", length=10)

    def empty(self):
        self.answer(b"")

    def missing(self):
        self.answer(b"<h1>Not here</h1>", 404)

    def broken(self):
        self.answer(b"oops", 500)

    def broken_twice(self):
        times = sum(path == self.path for path, _ in self.server.asked)
        self.answer(b"oops" if times <= 2 else TEXT, 500 if times <= 2 else 200)

    def zipped(self):
        self.answer(gzip.compress(TEXT), Content_Encoding="gzip")

    def zipped_and_cut(self):
        self.answer(gzip.compress(TEXT)[:-9], Content_Encoding="gzip")

    def zipped_and_damaged(self):
        whole = bytearray(gzip.compress(random.Random(1).randbytes(500)))
        whole[200] ^= 1
        self.answer(bytes(whole), Content_Encoding="gzip")

    def zipped_not_at_all(self):
        self.answer(TEXT, Content_Encoding="gzip")

    def zipped_empty(self):
        self.answer(gzip.compress(b""), Content_Encoding="gzip")

    def zipped_bomb(self):
        self.answer(BOMB, Content_Encoding="gzip")

    def encoded_otherwise(self):
        self.answer(TEXT, Content_Encoding="br")

    def chunked(self, end: bytes = b"0\r\n\r\n"):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(TEXT), TEXT) + end)

    def chunked_and_cut(self):
        self.chunked(end=b"10\r\nabc")

    def until_closed(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(TEXT)

    def dripping(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        for _ in range(200):
            self.wfile.write(b".")
            time.sleep(0.02)

    def hangs_up(self):
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def speaks_otherwise(self):
        self.wfile.write(b"\x00\x01 hello\r\n\r\n")
        self.close_connection = True

    def moved(self):
        self.answer(b"", 302, Location=self.path.replace("moved", "whole"))

    def moved_for_ever(self):
        self.answer(b"", 302, Location=self.path)


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Faulty) as running:
        running.daemon_threads = True
        running.asked = []
        running.address = f"http://127.0.0.1:{running.server_port}"
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def client():
    made = Client(retries=ONCE)
    yield made
    made.session.close()


def failing(client: Client, url: str) -> NetworkError | ContentError:
    with pytest.raises((NetworkError, ContentError)) as caught:
        client.get(url)
    assert "\n" not in str(caught.value)
    assert "object at 0x" not in str(caught.value)
    assert "Pool" not in str(caught.value)
    return caught.value


def test_a_whole_body_comes_with_its_circumstances(server, client):
    url = f"{server.address}/whole"
    record, body = client.get(url)
    assert body == TEXT
    assert (record.url, record.final_url, record.status) == (url, url, 200)
    assert (record.sha256, record.bytes) == (sha256(TEXT), len(TEXT))
    assert (record.media_type, record.etag) == ("text/plain", '"e1"')
    assert record.last_modified == "Mon, 01 Jan 2024 00:00:00 GMT"
    assert record.fetched_at.endswith("+00:00")


@pytest.mark.parametrize("path", ["zipped", "chunked", "until_closed"])
def test_a_body_is_the_same_however_it_is_sent(server, client, path):
    record, body = client.get(f"{server.address}/{path}")
    assert body == TEXT
    assert (record.sha256, record.bytes) == (sha256(TEXT), len(TEXT))


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("short", "ended before its whole length: repeat the command"),
        ("nothing_at_all", "ended before its whole length: repeat the command"),
        ("chunked_and_cut", "ended before its whole length: repeat the command"),
        ("zipped_and_cut", "ended before its whole length: repeat the command"),
        ("zipped_and_damaged", "is not the gzip it says it is: "),
        ("zipped_not_at_all", "is not the gzip it says it is: Not a gzipped file (b'In'): tell the host's owner"),
        ("encoded_otherwise", "is encoded as 'br', unasked: tell the host's owner"),
        ("empty", "is empty: check the address in the corpus file"),
        ("zipped_empty", "is empty: check the address in the corpus file"),
    ],
)
def test_a_body_that_is_not_whole_is_never_given(server, client, path, message):
    url = f"{server.address}/{path}"
    error = failing(client, url)
    assert type(error) is ContentError
    assert str(error).startswith(f"{url} {message}")


@pytest.mark.parametrize("path", ["whole", "chunked", "zipped"])
def test_a_body_larger_than_the_cap_is_refused(server, path):
    client = Client(retries=ONCE, largest=1000)
    error = failing(client, f"{server.address}/{path}")
    client.session.close()
    assert error.message == f"{server.address}/{path} is larger than 1,000 bytes"


def test_a_small_body_that_would_unpack_into_a_huge_one_is_refused_before_it_fills_the_memory(server):
    client = Client(retries=ONCE, largest=2 * len(BOMB))
    tracemalloc.start()
    error = failing(client, f"{server.address}/zipped_bomb")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    client.session.close()
    assert error.message.endswith(f"/zipped_bomb is larger than {2 * len(BOMB):,} bytes")
    assert peak < 10_000_000


def test_a_body_as_large_as_the_cap_is_given(server):
    client = Client(retries=ONCE, largest=len(TEXT))
    assert [client.get(f"{server.address}/{path}")[1] for path in ("whole", "zipped")] == [TEXT, TEXT]
    client.session.close()


def test_a_body_that_drips_is_given_up_at_the_deadline_and_not_at_its_end(server):
    client = Client(retries=ONCE, deadline=0.2)
    started = time.monotonic()
    error = failing(client, f"{server.address}/dripping")
    client.session.close()
    assert time.monotonic() - started < 2  # 1,000 bytes would take 20 s
    assert error.message == f"{server.address}/dripping took longer than 0.2 s"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("missing", "{url} answered 404 Not Found: "),
        ("broken", "{url} answered 500 Internal Server Error: "),
        ("hangs_up", "cannot fetch {url}: Remote end closed connection without response: "),
        ("speaks_otherwise", "cannot fetch {url}: BadStatusLine('\\x00\\x01 hello\\r\\n'): "),
        ("moved_for_ever", "cannot fetch {url}: Exceeded 30 redirects.: "),
    ],
)
def test_an_answer_that_is_an_error_is_told_in_a_line(server, client, path, message):
    url = f"{server.address}/{path}"
    error = failing(client, url)
    assert str(error) == message.format(url=url) + (
        "check the network, or use what was collected before with --offline"
    )


def test_a_connection_that_is_refused_says_so_without_what_surrounds_it(client):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/x"
    assert failing(client, url).message == f"cannot fetch {url}: Connection refused"


@pytest.mark.parametrize("retries", [ONCE, QUICK])
def test_a_host_that_does_not_exist_says_so_without_what_surrounds_it(retries):
    client = Client(retries=retries)
    message = failing(client, "http://no-such-host.invalid/x").message
    client.session.close()
    assert message.startswith("cannot fetch http://no-such-host.invalid/x: ")
    assert "resolve" not in message


@pytest.mark.parametrize(
    "url", ["http://a..b/x", "http://[x/", "http:///x", "ftp://host/x", "x", f"http://{'a' * 70}/x"]
)
def test_an_address_that_is_none_is_an_error_like_the_others(client, url):
    assert failing(client, url).message.startswith(f"cannot fetch {url}: ")


def test_a_proxy_that_does_not_answer_is_told_from_a_host_that_does_not(client, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{unused.getsockname()[1]}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
    message = failing(client, "http://host.invalid/x").message
    assert message == (
        "cannot fetch http://host.invalid/x through the proxy that the environment names: Connection refused"
    )


def test_an_error_that_passes_is_tried_again(server):
    client = Client(retries=QUICK)
    assert client.get(f"{server.address}/broken_twice")[1] == TEXT
    client.session.close()
    assert len(server.asked) == 3


@pytest.mark.parametrize(("path", "times"), [("broken", 3), ("missing", 1), ("empty", 1)])
def test_only_what_may_pass_is_tried_again_and_not_for_ever(server, path, times):
    client = Client(retries=QUICK)
    failing(client, f"{server.address}/{path}")
    client.session.close()
    assert len(server.asked) == times


def test_a_redirect_is_followed_and_both_addresses_are_recorded(server, client):
    record, body = client.get(f"{server.address}/moved/a")
    assert body == TEXT
    assert (record.url, record.final_url) == (f"{server.address}/moved/a", f"{server.address}/whole/a")


def test_the_host_is_told_who_asks(server, client):
    client.get(f"{server.address}/whole")
    ((_, headers),) = server.asked
    assert headers["User-Agent"].startswith(f"corpusmill/{__version__} (")
    assert headers["Accept-Encoding"] == "gzip"


# The mirror


@pytest.fixture
def mirrored(server):
    """A client to which the faulty server is every host."""
    made = Client(mirror=f"{server.address}/", retries=ONCE)
    yield made
    made.session.close()


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://whole/a/b.txt", "/whole/a/b.txt"),
        ("http://whole/a%20b", "/whole/a%20b"),
        ("https://whole/a?x=1&y=2", "/whole/a?x=1&y=2"),
        ("https://whole", "/whole"),
        ("https://whole/a#part", "/whole/a"),
    ],
)
def test_a_mirror_is_asked_for_host_and_path_and_recorded_nowhere(server, mirrored, url, asked):
    record, body = mirrored.get(url)
    assert body == TEXT
    assert [path for path, _ in server.asked] == [asked]
    assert record.url == url
    assert record.final_url == url.partition("#")[0]


def test_a_redirect_within_the_mirror_is_recorded_under_its_true_address(mirrored):
    record, _ = mirrored.get("https://moved/a")
    assert (record.url, record.final_url) == ("https://moved/a", "https://whole/a")


def test_a_mirror_is_reached_directly_whatever_proxy_the_environment_names(server, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    client = Client(mirror=server.address, retries=ONCE)
    assert client.get("https://whole/a")[1] == TEXT
    client.session.close()


def test_what_a_mirror_lacks_is_told_as_the_mirrors(server, mirrored):
    error = failing(mirrored, "https://missing/a")
    assert error.message == "https://missing/a answered 404 Not Found"
    assert error.hint == f"is the mirror at {server.address}/ running and whole?"
