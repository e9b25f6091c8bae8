import gzip
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors import sitemap
from collectors.sitemap import Listing, read
from corpusmill.errors import ContentError, EncodingError, TooLargeError, TruncatedError

URL = "https://host/maps/sitemap.xml"
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
SITEMAP = f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- made by hand -->
<urlset xmlns="{NAMESPACE}" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
  <url><loc> https://host/a?x=1&amp;y=2 </loc><lastmod>2005-01-01</lastmod></url>
  <url><image:image><image:loc>https://host/a.png</image:loc></image:image><loc><![CDATA[https://host/é]]></loc></url>
  <url><lastmod>2005-01-01</lastmod></url>
  <url><loc>/relative</loc></url>
</urlset>"""
PAGES = ("https://host/a?x=1&y=2", "https://host/é", "https://host/relative")


def pages(text: str | bytes) -> tuple[str, ...]:
    return read(URL, text if isinstance(text, bytes) else text.encode()).pages


def test_a_sitemap_lists_pages_in_its_order():
    assert read(URL, SITEMAP.encode()) == Listing(PAGES)


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(SITEMAP.encode()),
        gzip.compress(SITEMAP[:100].encode()) + gzip.compress(SITEMAP[100:].encode()),
        SITEMAP.replace("UTF-8", "UTF-16").encode("utf-16"),
        b"\xef\xbb\xbf" + SITEMAP.encode(),
        b"\n \r\n" + SITEMAP.partition("?>")[2].encode(),
        SITEMAP.replace("UTF-8", "ISO-8859-1").encode("latin-1"),
        SITEMAP.replace("UTF-8", "windows-1252").encode("windows-1252"),
        SITEMAP.replace("urlset", "s:urlset").replace("xmlns=", "xmlns:s=").encode(),
        SITEMAP.replace(f'xmlns="{NAMESPACE}"', "").encode(),
    ],
)
def test_a_sitemap_may_be_packed_and_in_any_encoding(body):
    assert pages(body) == PAGES


def test_an_index_lists_sitemaps():
    body = b"<sitemapindex><sitemap><loc>https://host/1.xml.gz</loc></sitemap><sitemap><loc>2.xml</loc></sitemap></sitemapindex>"
    assert read(URL, body) == Listing(sitemaps=("https://host/1.xml.gz", "https://host/maps/2.xml"))


@pytest.mark.parametrize(
    "body",
    [
        b"https://host/a\nhttps://host/b\n",
        b"\xef\xbb\xbfhttps://host/a\r\n\r\n  https://host/b  ",
        gzip.compress(b"https://host/a\rhttps://host/b"),
    ],
)
def test_a_text_sitemap_lists_a_page_a_line(body):
    assert pages(body) == ("https://host/a", "https://host/b")


RSS = """<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><link>https://host/</link>
<atom:link href="https://host/feed" rel="self"/><item><title>A</title>{}</item></channel></rss>"""


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("<link>https://host/a</link>", "https://host/a"),
        ("<guid>https://host/guid</guid><link>https://host/a</link>", "https://host/a"),
        ("<link></link><atom:link href='https://host/x'/><link>https://host/a</link>", "https://host/a"),
        ("<guid>https://host/guid</guid>", "https://host/guid"),
        ("<guid isPermaLink='false'>https://host/guid</guid>", None),
        ("<guid>tag:host,2005:1</guid>", None),
        ("<media:content undeclared:prefix='1'><link>https://host/no</link></media:content>", None),
    ],
)
def test_an_rss_feed_lists_the_links_of_its_items(item, expected):
    assert pages(RSS.format(item)) == ((expected,) if expected else ())


def test_an_rss_1_feed_lists_the_links_of_its_items():
    rdf = '<rdf:RDF xmlns:rdf="x"><channel><link>no</link></channel><item><link>https://host/a</link></item></rdf:RDF>'
    assert pages(rdf) == ("https://host/a",)


def test_an_atom_feed_lists_the_alternate_links_of_its_entries():
    feed = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://host/blog/"><link href="no"/>
    <entry><link rel="self" href="no"/><link href="a"/><link rel="alternate" href="second"/></entry>
    <entry xml:base="2005/"><link rel="alternate" href="b"/><content><link href="no"/></content></entry>
    <entry><link rel="edit" href="no"/></entry></feed>"""
    assert pages(feed) == ("https://host/blog/a", "https://host/blog/2005/b")


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        (
            f'<!DOCTYPE u [<!ENTITY l0 "ha">{LAUGHS}]><urlset><url><loc>&l9;</loc></url></urlset>',
            ContentError,
            "has a DTD",
        ),
        ("<!DOCTYPE html><html></html>", ContentError, "has a DTD"),
        ('<!DOCTYPE urlset SYSTEM "file:///etc/passwd"><urlset/>', ContentError, "has a DTD"),
        ("<!DOCTYPE u []><u/>".encode("utf-16"), ContentError, "has a DTD"),
        ("<?xml version='1.0' encoding='UTF-16'?><!DOCTYPE u []><u/>".encode("utf-16-be"), ContentError, "has a DTD"),
        ("<urlset><url><loc>&nbsp;</loc></url></urlset>", ContentError, "is not whole XML: undefined entity"),
        (SITEMAP[:-20], ContentError, "is not whole XML: "),
        (SITEMAP + "<x/>", ContentError, "is not whole XML: junk after document element"),
        ("<urlset>" + "<a>" * 10_000, ContentError, "is nested deeper than 100 elements"),
        ("<html><body>Not here</body></html>", ContentError, "is neither a sitemap nor a feed: its root is 'html'"),
        ("<?xml version='1.0' encoding='nonsense'?><urlset/>", ContentError, "is not whole XML: unknown encoding"),
        ("<?xml version='1.0' encoding='shift_jis'?><urlset/>", ContentError, "is not whole XML: "),
        ("<?xml version='1.0' encoding='hex'?><urlset/>", ContentError, "is not whole XML: "),
        (b"<urlset>\xff</urlset>", ContentError, "is not whole XML: not well-formed"),
        (b"<", ContentError, "is not whole XML: "),
        (b"", ContentError, "is empty"),
        (b" \n", ContentError, "is empty"),
        (b"https://host/a\nNot here", ContentError, ", line 2 is no address: 'Not here'"),
        (b"\xff\xd8\xff\xe0", ContentError, "is neither XML nor a list in UTF-8"),
        (gzip.compress(SITEMAP.encode())[:-9], TruncatedError, "ends before its whole length"),
        (gzip.compress(SITEMAP.encode())[:-5] + b"12345", EncodingError, "is not the gzip that it begins like"),
        (b"\x1f\x8bnonsense", EncodingError, "is not the gzip that it begins like"),
        (gzip.compress(b" " * (sitemap.LARGEST + 1), 1), TooLargeError, "unpacks to more than 67,108,864 bytes"),
    ],
)
def test_what_is_no_list_is_refused(body, error, message):
    with pytest.raises(error) as caught:
        pages(body)
    assert type(caught.value) is error
    assert caught.value.message.startswith(URL)
    assert message in caught.value.message
    assert caught.value.hint


@given(st.binary(max_size=80), st.integers(0, 400), st.integers(0, 80))
def test_only_our_own_errors_escape(noise, at, dropped):
    body = SITEMAP.encode()
    with suppress(ContentError):
        read(URL, body[:at] + noise + body[at + dropped :])


@given(st.integers(1, len(SITEMAP) - 1))
def test_no_sitemap_that_is_cut_is_taken_for_a_whole_one(at):
    with pytest.raises(ContentError):
        read(URL, SITEMAP.encode()[:at])
