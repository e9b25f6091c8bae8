"""`S3` against a real server; and the answers that such a server does not give, from one that gives only those."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from corpusmill.errors import StoreError, UsageError
from corpusmill.store.bucket import S3, probe
from corpusmill.store.objects import PassingError, RefusedError
from tests.corpusmill.store.buckets import Memory
from tests.corpusmill.store.test_objects import all_verbs


def test_every_verb_does_on_a_server_what_it_does_in_memory(url, aws):
    assert all_verbs(S3(url, aws)) == all_verbs(Memory())


def test_two_prefixes_of_a_bucket_know_nothing_of_each_other(url, aws):
    one, other = S3(f"{url}/a", aws), S3(f"{url}/ab", aws)
    one.put("refs/x", b"1")
    assert (list(other.list("")), [entry.key for entry in one.list("")]) == ([], ["refs/x"])


def test_files_of_any_size_come_back(url, aws, tmp_path):
    bucket = S3(url, aws)
    for size in (0, 1, (8 << 20) + 1, 17 << 20):
        path = tmp_path / "body"
        path.write_bytes(bytes(range(256)) * (size // 256) + b"x" * (size % 256))
        bucket.put("body", path)
        assert (bucket.size("body"), b"".join(bucket.pieces("body"))) == (size, path.read_bytes())


def test_a_server_that_keeps_conditions_passes_the_probe(url, aws):
    bucket = S3(url, aws)
    probe(bucket)
    assert not list(bucket.list(""))


@pytest.mark.parametrize("verb", ["get", "put", "list", "create"])
def test_a_bucket_that_is_not_there_is_named(aws, verb):
    bucket = S3("s3://nowhere/deep", aws)
    ask = {
        "get": lambda: bucket.get("a"),
        "put": lambda: bucket.put("a", b""),
        "list": lambda: list(bucket.list("refs/")),
        "create": lambda: bucket.create("a", b""),
    }
    with pytest.raises(StoreError, match="s3://nowhere/deep: there is no bucket nowhere: make it, or check its name"):
        ask[verb]()


@pytest.mark.parametrize("place", ["s3://", "s3:///a", "http://host/a", "s3://key@host/a", "s3://bucket/a?b", "gs://b"])
def test_what_is_no_address_of_a_store_is_refused(place):
    with pytest.raises(UsageError, match=r"is no address of a store: write s3://bucket/prefix"):
        S3(place, {})


@contextmanager
def answering(monkeypatch, status: int, code: str = ""):
    """A server that has one answer."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            body = f"<Error><Code>{code}</Code><Message>said {code}</Message></Error>".encode() if code else b""
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = _answer  # noqa: N815 - as http.server calls them

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        yield S3("s3://corpora", {"AWS_ENDPOINT_URL": address})
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "code", "kind", "said"),
    [
        (403, "AccessDenied", RefusedError, "refused: AccessDenied: said AccessDenied: check AWS_ACCESS_KEY_ID"),
        (401, "", RefusedError, "refused: .*check AWS_ACCESS_KEY_ID"),
        (501, "NotImplemented", StoreError, "the server does not do this: NotImplemented.*If-None-Match"),
        (501, "", StoreError, "the server does not do this: HTTP 501 Not Implemented: use another"),
        (400, "AuthorizationHeaderMalformed", StoreError, "AuthorizationHeaderMalformed.*: check AWS_REGION"),
        (503, "SlowDown", PassingError, "SlowDown: said SlowDown"),
        (500, "InternalError", PassingError, "InternalError"),
        (429, "", PassingError, "HTTP 429"),
    ],
)
def test_a_refusal_says_what_the_server_said_and_what_to_do(aws, monkeypatch, status, code, kind, said):
    with answering(monkeypatch, status, code) as bucket, pytest.raises(StoreError, match=said) as caught:
        bucket.create("a", b"body")
    assert type(caught.value) is kind
    assert str(caught.value).startswith("s3://corpora: a: ")
    assert len(str(caught.value)) < 250


def test_a_server_that_is_not_there_may_come_back(aws, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(PassingError, match="check AWS_ENDPOINT_URL and the network"):
        S3("s3://corpora", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}).get("a")
