import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.address import LONGEST, absolute, canonical, declared, host


@pytest.mark.parametrize(
    ("href", "base", "expected"),
    [
        ("HTTP://Host:80/a", "", "http://host/a"),
        ("HTTPS://HOST:443", "", "https://host/"),
        ("https://host:80/", "", "https://host:80/"),
        ("http://host:/x", "", "http://host/x"),
        ("http://host?", "", "http://host/"),
        ("http://host#top", "", "http://host/"),
        ("http://[::1]:8080/x", "", "http://[::1]:8080/x"),
        ("http://exa%6Dple.com/", "", "http://example.com/"),
        ("http://bücher.de/", "", "http://xn--bcher-kva.de/"),
        ("http://faß.de/", "", "http://xn--fa-hia.de/"),
        ("../b/./%7ejoe#top", "http://host/a/c", "http://host/b/~joe"),
        ("../../../x", "http://host/a/b", "http://host/x"),
        ("..%2e/%2e%2e/x/.", "http://host/a/b", "http://host/a/x/"),
        ("a//b/../c", "http://host/", "http://host/a//c"),
        ("?x=1", "http://host/a?y", "http://host/a?x=1"),
        ("", "http://host/a?b", "http://host/a?b"),
        ("#there", "http://host/a?b", "http://host/a?b"),
        ("//other/x", "https://host/", "https://other/x"),
        ("http:x", "http://host/a/b", "http://host/a/x"),
        ("%41%2f%2F%e4", "http://host/", "http://host/A%2F%2F%E4"),
        ("100%", "http://host/", "http://host/100%25"),
        ("%zz%%34", "http://host/", "http://host/%25zz%254"),
        ("ä b?q=ä é", "http://host/", "http://host/%C3%A4%20b?q=%C3%A4%20%C3%A9"),
        ("a|b'\"<>^`[]", "http://host/", "http://host/a%7Cb'%22%3C%3E%5E%60%5B%5D"),
        ("a?b=/?:@", "http://host/", "http://host/a?b=/?:@"),
        (" /a\n/b\t ", "http://host/x", "http://host/a/b"),
        ("a\\b\\..\\c?d\\e", "http://host/x/y", "http://host/x/a/c?d%5Ce"),
        ("/a;jsessionid=12/b;JSESSIONID=x;v=1", "http://host", "http://host/a/b;v=1"),
        ("?PHPSESSID=3&b=2&utm_source=f&a=1&utm_medium", "http://host/a", "http://host/a?b=2&a=1"),
        ("?utm_source=f", "http://host/a", "http://host/a"),
        ("?utmost=1&x=utm_source", "http://host/a", "http://host/a?utmost=1&x=utm_source"),
        ("/.;jsessionid=1/a", "http://host/", "http://host/a"),
    ],
)
def test_every_spelling_of_an_address_becomes_the_same(href, base, expected):
    assert canonical(href, base) == expected
    assert canonical(expected) == expected


@pytest.mark.parametrize(
    "href",
    [
        "mailto:a@b.example",
        "javascript:void(0)",
        "data:text/html,<p>",
        "ftp://host/x",
        "file:///etc/passwd",
        "tel:+1",
        "http://",
        "http:///x",
        "http://user:password@host/",
        "http://[bad/",
        "http://host:abc/",
        "http://host:99999/",
        "http://a b/",
        "http://ho<st/",
        "http://host/\ud800",
        "http://" + "ü" * 80 + ".de/",
        "/" + "a" * LONGEST,
        "",
    ],
)
def test_what_is_no_http_address_becomes_nothing(href):
    assert canonical(href, "mailto:" if not href else "https://host/") == ""


def test_a_page_cannot_spell_a_secret_but_the_corpus_file_can():
    assert canonical("https://evil/?k=${KEY}") == "https://evil/?k=$%7BKEY%7D"
    assert absolute("/${KEY}", "https://host/") == "https://host/$%7BKEY%7D"
    assert declared("HTTPS://Host/${A}?k=${KEY}#x") == "https://host/${A}?k=${KEY}"


def test_a_host_has_its_port():
    assert host("https://host:8443/x") == "host:8443"


def test_sessions_belong_to_an_address_where_nobody_asks_for_pages():
    assert absolute("https://host/;jsessionid=1?utm_source=2") == "https://host/;jsessionid=1?utm_source=2"


@given(st.text(alphabet=st.sampled_from("aA/.:?#&=;%2eE5 \\[]@$ü{}jsessionid=utm_\n"), max_size=40))
def test_a_canonical_address_is_its_own_canonical_address(text):
    for href in (text, f"http://host/{text}", f"http://{text}"):
        once = canonical(href, "http://base/x/y")
        assert canonical(once) == once
        assert once == "" or once.startswith(("http://", "https://"))


@given(st.text(max_size=60))
def test_no_text_is_too_strange_for_an_address(text):
    assert canonical(text, "http://host/").isascii()
