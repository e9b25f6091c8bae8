import pytest

from corpusmill.errors import ContentError, NetworkError, TooLargeError, TruncatedError
from corpusmill.http import Limits
from corpusmill.store.ids import sha256
from tests.corpusmill.http.bodies import TEXT
from tests.corpusmill.http.clients import failing, quick
from tests.corpusmill.http.host import MODIFIED, labelled
from tests.corpusmill.http.server import Server, quickly


def test_a_whole_body_comes_with_its_circumstances(server):
    url = f"{server.address}/whole"
    fetched = quick().get(url)
    record = fetched.record
    assert fetched.read() == TEXT
    assert (record.url, record.final_url, record.status) == (url, url, 200)
    assert (record.sha256, record.bytes) == (sha256(TEXT), len(TEXT))
    assert (record.media_type.lower(), record.etag, record.last_modified) == ("text/plain", '"e1"', MODIFIED)
    assert record.fetched_at.endswith("+00:00")
    assert record.robots == "allowed: no robots.txt (404)"
    assert fetched.headers["content-type"] == "Text/Plain; charset=utf-8"
    assert not fetched.unchanged


@pytest.mark.parametrize("path", ["zipped", "chunked", "zipped-until-closed"])
def test_a_body_is_the_same_however_it_is_sent(server, path):
    fetched = quick().get(f"{server.address}/{path}")
    with fetched.open() as body:
        assert b"".join(iter(lambda: body.read(100), b"")) == TEXT
    assert fetched.read() == TEXT  # a second time
    assert (fetched.record.sha256, fetched.record.bytes) == (sha256(TEXT), len(TEXT))


@pytest.mark.parametrize(
    ("path", "kind", "message"),
    [
        ("short", TruncatedError, "ended before its whole length: repeat the command"),
        ("cut", TruncatedError, "ended before its whole length: repeat the command"),
        ("zipped-and-cut", TruncatedError, "ended before its whole length: repeat the command"),
        ("bare", TruncatedError, "has no length, so nothing tells whether all of it came: tell the host's owner"),
        ("zipped-not-at-all", ContentError, "is not the gzip it says it is: "),
        ("brotli", ContentError, "is encoded as 'br', unasked: tell the host's owner"),
        ("empty", ContentError, "is empty: check the address in the corpus file"),
        ("zipped-empty", ContentError, "is empty: check the address in the corpus file"),
    ],
)
def test_a_body_that_is_not_whole_is_never_given(server, path, kind, message):
    url = f"{server.address}/{path}"
    error = failing(quick(), url)
    assert isinstance(error, kind)
    assert str(error).startswith(f"{url} {message}")


@pytest.mark.parametrize("path", ["whole", "chunked", "zipped"])
def test_a_body_larger_than_the_limit_is_refused_and_one_as_large_is_not(server, path):
    url = f"{server.address}/{path}"
    error = failing(quick(limits=Limits(largest=len(TEXT) - 1)), url)
    assert type(error) is TooLargeError
    assert error.message == f"{url} is larger than {len(TEXT) - 1:,} bytes"
    assert "source.limits.largest" in error.hint
    assert quick(limits=Limits(largest=len(TEXT))).get(url).read() == TEXT


def test_a_body_that_drips_is_given_up_at_the_deadline_and_not_at_its_end(server):
    url = f"{server.address}/drips"
    with quickly(20):  # 9,999 bytes would take 200 s
        error = failing(quick(limits=Limits(deadline=0.2)), url)
    assert error.message == f"{url} took longer than 0.2 s"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("broken", "{url} answered 500 Internal Server Error: "),
        ("teapot", "{url} answered 418 I'm a teapot: "),
        ("hangs-up", "cannot fetch {url}: Remote end closed connection without response: "),
        ("speaks-otherwise", "cannot fetch {url}: BadStatusLine('\\x00\\x01 hello\\r\\n'): "),
    ],
)
def test_an_answer_that_is_an_error_is_told_in_a_line(server, path, message):
    url = f"{server.address}/{path}"
    error = failing(quick(), url)
    assert isinstance(error, NetworkError)
    assert str(error) == message.format(url=url) + (
        "check the network, or use what was collected before with --offline"
    )


@pytest.mark.parametrize("path", ["missing", "gone"])
def test_what_is_gone_is_a_record_without_a_body(server, path):
    client, url = quick(), f"{server.address}/{path}"
    fetched = client.get(url)
    assert fetched.read() == b""
    assert (fetched.record.url, fetched.record.bytes, fetched.record.sha256) == (url, 0, sha256(b""))
    assert fetched.record.status == {"missing": 404, "gone": 410}[path]
    assert (client.tally.gone, client.tally.fetched) == (1, 0)


# What was known before


@pytest.mark.parametrize("path", ["whole", "dated"])
def test_what_has_not_changed_is_not_sent_again(server, path):
    client, url = quick(), f"{server.address}/{path}"
    known = client.get(url).record
    again = client.get(url, known)
    assert again.unchanged
    assert again.record == known
    with pytest.raises(ContentError, match="not sent again"):
        again.read()
    assert (client.tally.unchanged, client.tally.saved, client.tally.received) == (1, len(TEXT), len(TEXT) + 17)
    assert client.tally.economics["not_modified"] == 0.5


def test_what_has_changed_is_sent_again(server):
    client, url = quick(), f"{server.address}/whole"
    known = client.get(url).record
    server.answers["/whole"] = lambda talk: talk.whole(b"new", 'ETag: "e2"')
    again = client.get(url, known)
    assert (again.unchanged, again.read(), again.record.etag) == (False, b"new", '"e2"')


def test_validators_of_another_place_are_not_told(server):
    client = quick()
    known = client.get(f"{server.address}/whole").record
    with Server({"/whole": labelled}) as other:
        client.get(f"{other.address}/whole", known)
        assert "if-none-match" not in other.asked[-1].headers
