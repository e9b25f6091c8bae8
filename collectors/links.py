"""Where a page leads: the links that are to be followed, and the other address that it gives itself.

It knows pages and addresses, not crawling.
"""

import re
from contextlib import suppress
from dataclasses import dataclass

from bs4 import Tag
from bs4.dammit import EncodingDetector

from collectors import address
from corpusmill.soup import tree

FOLLOW = "a[href]"
_HTML = ("text/html", "application/xhtml+xml")
_UNSAID = ("", "application/octet-stream", "application/unknown", "unknown/unknown")
_BEGINS_HTML = re.compile(
    rb"(?>\s+|<!--.*?-->|<\?.*?>)*+<(?:!doctype\s+html|html|head|body|title|table)\b", re.IGNORECASE | re.DOTALL
)
HEAD = 2_048  # bytes that tell what a body is
_NOT_OF_PAGES = re.compile(r"utf.?(?:16|32|7)|unicode|ucs|.*(?:escape|code|idna)")  # such a page says it in vain
_HEADS = ["base", "link", "meta"]
_ROBOTS = ("robots", "corpusmill")


@dataclass(frozen=True, slots=True)
class Found:
    """What a page says of addresses; all are canonical."""

    links: tuple[str, ...] = ()  # in their order, each once
    canonical: str = ""  # what the page calls itself, if on the same host; "" when it does not say


def is_html(media_type: str, head: bytes) -> bool:
    """Whether a body is a page: its host says so, or says nothing and it begins like one."""
    if media_type.lower() not in _UNSAID:
        return media_type.lower() in _HTML
    return bool(_BEGINS_HTML.match(_decoded(head[:HEAD]).encode()))


def find(body: bytes, url: str, follow: str = FOLLOW) -> Found:
    """The links of the page at `url` (where redirects ended); `follow` is a CSS selector of the elements that count.

    Nothing is followed that says nofollow. Never fails: what cannot be read has no links.
    """
    text = _decoded(body)
    if "<" not in text:
        return Found()
    soup = tree(text, only=["a", *_HEADS] if follow == FOLLOW else [])
    heads = [tag for tag in soup.find_all(_HEADS) if isinstance(tag, Tag)]
    base = next((at for tag in heads if tag.name == "base" and (at := _link(tag, url))), url)
    links = [] if _nofollow(heads) else [link for tag in soup.select(follow) if (link := _link(tag, base))]
    return Found(tuple(dict.fromkeys(links)), _canonical(heads, base, url))


def _decoded(body: bytes) -> str:
    """The text as far as links need it: wrong bytes are replaced, and a charset that is none is passed over."""
    body, marked = EncodingDetector.strip_byte_order_mark(body)
    said = marked or EncodingDetector.find_declared_encoding(body, is_html=True) or ""
    for name in (said, "utf-8"):
        if marked or not _NOT_OF_PAGES.match(name):
            with suppress(LookupError, ValueError):  # no such codec, one that reads no text, other bytes
                return body.decode(name)
    return body.decode("windows-1252", "replace")


def _link(tag: Tag, base: str) -> str:
    if "nofollow" in _words(tag, "rel"):
        return ""
    href = tag.get("href", tag.get("src"))
    return address.canonical(href, base) if isinstance(href, str) else ""


def _words(tag: Tag, name: str) -> list[str]:
    value = tag.get(name) or ""
    return (value if isinstance(value, str) else " ".join(value)).lower().replace(",", " ").split()


def _nofollow(heads: list[Tag]) -> bool:
    """Whether the page's author asks crawlers, or this one, to follow none of its links."""
    asked = [tag for tag in heads if tag.name == "meta" and " ".join(_words(tag, "name")) in _ROBOTS]
    return any({"nofollow", "none"} & set(_words(tag, "content")) for tag in asked)


def _canonical(heads: list[Tag], base: str, url: str) -> str:
    """What the page calls itself: a name on another host, or two names, are nobody's to believe (RFC 6596, 3)."""
    named = [tag for tag in heads if tag.name == "link" and "canonical" in _words(tag, "rel")]
    names = {_link(tag, base) for tag in named} - {""}
    same = [name for name in names if address.host(name) == address.host(url)]
    return same[0] if len(names) == len(same) == 1 else ""
