import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.links import Found, find, is_html

PAGE = "https://host/a/page.html"


def links(html: str | bytes, follow: str = "a[href]") -> list[str]:
    found = find(html if isinstance(html, bytes) else html.encode(), PAGE, follow)
    return [link.removeprefix("https://host/") for link in found.links]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<a href=b.html>b</a><a href='/c'>c</a>", ["a/b.html", "c"]),
        ("<A HREF=b>b</A> <a>no</a> <a href>itself</a>", ["a/b", "a/page.html"]),
        ("<a href=b><a href='b#x'><a href='./b'>", ["a/b"]),
        ("<a href=mailto:x@y><a href='javascript:x()'><a href=data:,x><a href='http://[x'>", []),
        ("<a href=b rel=nofollow>b</a><a href=c rel='external NOFOLLOW'>c</a><a href=d rel=next>d</a>", ["a/d"]),
        ("<base href='/x/'><a href=b>", ["x/b"]),
        ("<base target=_top><base href='../y/'><base href='/z/'><a href=b>", ["y/b"]),
        ("<base href='javascript:x'><a href=b>", ["a/b"]),
        ("<base href='https://other/'><a href=b>", ["https://other/b"]),
        ("<meta name=robots content=nofollow><a href=b>", []),
        ("<META NAME=Robots CONTENT='NoIndex, NoFollow'><a href=b>", []),
        ("<meta name=corpusmill content=none><a href=b>", []),
        ("<meta name=robots content=noindex><a href=b>", ["a/b"]),
        ("<meta name=googlebot content=nofollow><a href=b>", ["a/b"]),
        ("<!-- <a href=b> --><script>'<a href=c>'</script><a href=d>", ["a/d"]),
        ("<!-- <meta name=robots content=nofollow> --><a href=b>", ["a/b"]),
        ("<a href='b?x=1&amp;y=2'><a href='b?x=1&y=2'>", ["a/b?x=1&y=2"]),
        ("<a href=' b\n.html '>", ["a/b.html"]),
        ("<p><a href=b><p><div></span></a></table><a href=c", ["a/b"]),
        ("<a href=b><![endif]><![if x]><![CDATA[<a href=no>]]><![foo bar]><a href=c>", ["a/b", "a/c"]),
        ("<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><a href='b'/></html>", ["a/b"]),
        ("<?xml version='1.0'?><rss><a href='b'/></rss>", ["a/b"]),
        ("https://host/just-text", []),
        ("", []),
        ("\0<a href=b>\0", ["a/b"]),
        (f"<a href='&#{'1' * 5000};'>&#{'9' * 5000};<a href=c>", ["a/%EF%BF%BD", "a/c"]),
        ("<a href=b>" + "<b>" * 10_000 + "<a href=c>", ["a/b", "a/c"]),
    ],
)
def test_the_links_of_a_page_are_found(html, expected):
    assert links(html) == expected
    assert links(html, "a") == links(html, "html a, a") == expected


def test_only_what_the_selector_matches_is_followed():
    html = "<nav><a href=about></a></nav><div class=list><a href=b>b</a></div><frame src=c><a class=next href=d>"
    assert links(html, "div.list a") == ["a/b"]
    assert links(html, "frame, a.next") == ["a/c", "a/d"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<a href='é'>".encode(), "a/%C3%A9"),
        ("<a href='é'>".encode("latin-1"), "a/%C3%A9"),
        (b"<meta charset=iso-8859-2><a href='\xe8'>", "a/%C4%8D"),
        (b"<meta http-equiv=content-type content='text/html; charset=koi8-r'><a href='\xc1'>", "a/%D0%B0"),
        ("<a href='é'>".encode("utf-16"), "a/%C3%A9"),
        ("\ufeff<a href='é'>".encode(), "a/%C3%A9"),
        (b"<meta charset=utf-16><a href='\xc3\xa9'>", "a/%C3%A9"),
        (b"<meta charset=punycode><a href='\xc3\xa9'>", "a/%C3%A9"),
        (b"<meta charset=unicode_escape><a href='\\u0041'>", "u0041"),
        (b"<meta charset=hex><a href='\xc3\xa9'>", "a/%C3%A9"),
        (b"<meta charset='no\0such'><a href='\xc3\xa9'>", "a/%C3%A9"),
        (b"<meta charset=ascii><a href='\xc3\xa9'>", "a/%C3%A9"),
    ],
)
def test_an_address_is_read_in_the_charset_of_its_page_unless_that_is_nonsense(body, expected):
    assert links(body) == [expected]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<link rel=canonical href='/one'>", "https://host/one"),
        ("<link rel='Canonical alternate' href='https://host:443/one#x'>", "https://host/one"),
        ("<base href='/x/'><link rel=canonical href=one>", "https://host/x/one"),
        ("<link rel=canonical href='https://other/one'>", ""),
        ("<link rel=canonical href='/one'><link rel=canonical href='/two'>", ""),
        ("<link rel=canonical href='javascript:x'>", ""),
        ("<link rel=stylesheet href='/one'>", ""),
        ("<meta name=robots content=nofollow><link rel=canonical href='/one'>", "https://host/one"),
    ],
)
def test_a_page_may_say_what_it_is_called_on_its_own_host(html, expected):
    assert find(html.encode(), PAGE) == Found((), expected)


@pytest.mark.parametrize(
    ("media_type", "head", "expected"),
    [
        ("text/html", b"", True),
        ("Application/XHTML+XML", b"", True),
        ("text/plain", b"<!DOCTYPE html>", False),
        ("application/pdf", b"<html>", False),
        ("", b"<!DOCTYPE HTML PUBLIC '-//W3C//DTD HTML 4.01'>", True),
        ("application/octet-stream", b"\xef\xbb\xbf \n<!-- a --> <!-- b --><html>", True),
        ("application/octet-stream", "<html>".encode("utf-16"), True),
        ("", b"<?xml version='1.0'?><html>", True),
        ("", b"<?xml version='1.0'?><rss>", False),
        ("", b"%PDF-1.7 <html>", False),
        ("", b"<htmlish>", False),
        ("", b"", False),
        ("", b"<!-- -->" * 250 + b"<x", False),
    ],
)
def test_a_page_is_what_is_said_to_be_one_or_begins_like_one(media_type, head, expected):
    assert is_html(media_type, head) is expected


ENDLESS = """<a |<a a|<a href='|<a href="x|<!--|<!|<?|</a |</|<![CDATA[|<div>|<a href=x>|<br></p>|<b><br></i>|&a|&#1
|<p x=1 x=2|<script>|</p>|< |<table><a>|<a/|<p>x|<b>x</i>"""


@pytest.mark.parametrize("part", ENDLESS.split("|"))
def test_the_time_a_page_takes_grows_with_its_length_alone(part):
    began = time.process_time()
    find(part.encode() * 3_000, PAGE, "p a[href]")
    assert time.process_time() - began < 3


def test_a_link_stays_inside_its_list_after_a_thousand_paragraphs_that_nobody_closed():
    assert links("<p>x" * 1_000 + "<div class=list><a href=b>", "div.list a") == ["a/b"]


BROKEN = "<a href=b>|<|>|!--|--|![|x|'|&#|</a|<base href=//|/|\0"


@given(st.lists(st.sampled_from(BROKEN.split("|"))))
def test_no_page_is_too_broken(parts):
    find("".join(parts).encode(), PAGE, "a")
    find("".join(parts).encode(), PAGE)


@given(st.binary(max_size=200))
def test_no_bytes_are_too_strange(body):
    find(b"<html>" + body, PAGE)
