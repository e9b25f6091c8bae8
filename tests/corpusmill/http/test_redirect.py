import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusmill.errors import CollectError, ForbiddenError, RedirectError
from corpusmill.http.guard import check_url
from corpusmill.http.redirect import MOST, hop, kept

HERE = "https://library.example/shelf/book?page=2#line"


def as_sent(text: str) -> str:
    """A header as it arrives: its UTF-8 bytes, each taken for a Latin-1 letter."""
    return text.encode().decode("latin-1")


LEADS = [
    # Location, where it leads from HERE
    ("next", "https://library.example/shelf/next"),
    ("/top", "https://library.example/top"),
    ("../../../top", "https://library.example/top"),
    ("?page=3", "https://library.example/shelf/book?page=3"),
    ("//other.example/x", "https://other.example/x"),
    ("//other.example", "https://other.example/"),
    ("https://other.example", "https://other.example/"),
    ("HTTPS://Other.Example/X", "https://other.example/X"),
    ("https://library.example:8443/", "https://library.example:8443/"),
    ("https://other.example:0443/", "https://other.example:443/"),
    ("///other.example/x", "https://library.example/other.example/x"),
    ("next#part", "https://library.example/shelf/next"),
    ("  next  ", "https://library.example/shelf/next"),
    ("a book.txt", "https://library.example/shelf/a%20book.txt"),
    ("a%20book.txt?q=a%2Fb", "https://library.example/shelf/a%20book.txt?q=a%2Fb"),
    ("100%", "https://library.example/shelf/100%25"),
    ("/[x]{y}|z", "https://library.example/%5Bx%5D%7By%7D%7Cz"),
    (as_sent("/Märchen?für=dich"), "https://library.example/M%C3%A4rchen?f%C3%BCr=dich"),
    (as_sent("https://bücher.example/"), "https://xn--bcher-kva.example/"),
    ("/M\xe4rchen", "https://library.example/M%C3%A4rchen"),  # honest Latin-1
    ("/Книга", "https://library.example/%D0%9A%D0%BD%D0%B8%D0%B3%D0%B0"),  # decoded already
    ("/\\other.example/x", "https://library.example/%5Cother.example/x"),
    ("https:next", "https://library.example/shelf/next"),
    ("//[2606:4700::1]:8080/x", "https://[2606:4700::1]:8080/x"),
]
LEADS_NOWHERE = [
    "",
    "  ",
    "#line",  # the very place
    "?page=2",
    "https://library.example/shelf/book?page=2#elsewhere",
    "https://",
    "https://other.example:99999/",
    "https://other.example:port/",
    "https://[2606:4700::1/",
    "https://other example/",
    "//:80/",
    "/a\tb",
    "/a\x00b",
]
IS_FORBIDDEN = [
    "file:///etc/passwd",
    "ftp://library.example/book",
    "data:text/plain,book",
    "javascript:alert(1)",
    "mailto:owner@library.example",
    "s3://shelf/book",
    "http://library.example/shelf/book",
    "http:next",
    "https://me:word@other.example/",
    "//me@library.example/",
    "https://@other.example/",
    "https://library.example\\@other.example/",
]


@pytest.mark.parametrize(("location", "target"), LEADS)
def test_a_redirect_leads_where_a_browser_would_go(location, target):
    assert hop(HERE, location, []) == target


@pytest.mark.parametrize("location", LEADS_NOWHERE)
def test_a_redirect_that_leads_nowhere_is_an_error_that_names_the_address(location):
    with pytest.raises(RedirectError, match=r"library\.example"):
        hop(HERE, location, [])


@pytest.mark.parametrize("location", IS_FORBIDDEN)
def test_a_redirect_to_another_scheme_or_with_a_login_is_not_followed(location):
    with pytest.raises(ForbiddenError, match=r"library\.example"):
        hop(HERE, location, [])


def test_http_may_be_left_for_https():
    assert hop("http://library.example/", "https://library.example/", []) == "https://library.example/"


def test_a_circle_is_named_with_all_its_stations():
    with pytest.raises(RedirectError) as error:
        hop("https://a.example/3", "/1#again", ["https://a.example/1#once", "https://a.example/2"])
    assert "https://a.example/1 -> https://a.example/2 -> https://a.example/3 -> https://a.example/1" in str(
        error.value
    )


@pytest.mark.parametrize("with_itself", [False, True])
def test_ten_redirects_are_followed_and_no_more(with_itself):
    addresses = ["https://a.example/0"]
    for number in range(1, MOST + 1):
        addresses.append(hop(addresses[-1], f"/{number}", addresses[: None if with_itself else -1]))
    with pytest.raises(RedirectError, match=r"/0 redirects more than 10 times"):
        hop(addresses[-1], "/11", addresses[: None if with_itself else -1])


REFERENCES = [
    # asked, Location, where it leads
    ("https://a.example/x?key=${KEY}", "/y?key=${KEY}", "https://a.example/y?key=${KEY}"),
    ("https://me:${KEY}@a.example/x", "y", "https://me:${KEY}@a.example/y"),
    ("https://a.example/${KEY}/x", "y", "https://a.example/${KEY}/y"),
    ("https://a.example/x?key=${KEY}", "/y?other=${OTHER}", "https://a.example/y?other=$%7BOTHER%7D"),
    ("https://a.example/x", "/y?key=${KEY}", "https://a.example/y?key=$%7BKEY%7D"),
    ("https://a.example/x?key=${KEY}", "https://b.example/?key=${KEY}", "https://b.example/?key=$%7BKEY%7D"),
    ("https://a.example/x?key=${KEY}", "https://a.example:444/?${KEY}", "https://a.example:444/?$%7BKEY%7D"),
    ("http://a.example/x?key=${KEY}", "https://a.example/?${KEY}", "https://a.example/?$%7BKEY%7D"),
]


@pytest.mark.parametrize(("asked", "location", "target"), REFERENCES)
def test_a_host_can_name_no_secret_but_the_one_it_was_sent(asked, location, target):
    assert hop(asked, location, []) == target


def test_a_login_does_not_go_to_another_host():
    assert hop("https://me:${KEY}@a.example/x", "//b.example/y", []) == "https://b.example/y"


@given(st.text(max_size=60), st.sampled_from(["", "/", "//", "https://", "http:", "https://b.example/", "?", "\\"]))
def test_whatever_a_host_sends_gives_an_address_that_may_be_asked_or_our_own_error(text, before):
    try:
        target = hop(HERE, before + text, [])
    except CollectError:
        return
    check_url(target, allow_private=True)
    assert target.isascii()
    assert target.isprintable()
    assert "#" not in target


ALL = {"Accept": "a", "accept-language": "b", "Accept-Encoding": "c", "User-Agent": "d", "Authorization": "e"}
ALL |= {"Cookie": "f", "X-Api-Key": "g", "If-None-Match": "h", "If-Modified-Since": "i", "Range": "j", "If-Range": "k"}
SAFE = {name: ALL[name] for name in ("Accept", "accept-language", "Accept-Encoding", "User-Agent")}
ORIGINS = [
    ("https://a.example/x", "https://a.example/y", True),
    ("https://a.example/x", "https://A.example:443/y", True),
    ("http://a.example:80/x", "http://a.example/y", True),
    ("https://a.example/x", "https://b.example/x", False),
    ("https://a.example/x", "https://www.a.example/x", False),
    ("https://a.example/x", "https://a.example:444/x", False),
    ("http://a.example/x", "https://a.example/x", False),
    ("http://a.example:443/x", "https://a.example/x", False),
]


@pytest.mark.parametrize(("url", "target", "all_of_them"), ORIGINS)
def test_only_headers_that_tell_nothing_go_to_another_origin(url, target, all_of_them):
    assert kept(ALL, url, target) == (ALL if all_of_them else SAFE)
