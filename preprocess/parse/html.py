"""Web pages: the article in each, or what CSS selectors find; a document is a page or a passage of one.

    content = ["article", "td[width='435'] > font"]  # the first that finds words; all its elements, in order

Without `content` it is the article as trafilatura finds it, and on a page where there is none to be found, or which
is too long or too tangled for that, the first of <article>, <main> and <body> with words, or all. Scripts, styles and
what `remove` names are left out. A page in which no selector finds words is a drop: a page that was moved, or a home
page in its place. The encoding is that of a byte-order mark, of the page's <meta>, UTF-8 or windows-1252, whichever
first is true of the bytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import soupsieve
from bs4 import BeautifulSoup
from bs4.element import Tag

from corpusmill.types import RawFile
from preprocess.parse import Parsed, TextOptions, document, drop
from preprocess.text import article, dates, markup
from preprocess.text.passages import passages

LARGEST = 12 << 20  # bytes; a page takes up to 40 times its length while it is read
_DATE_LINE = 40  # characters of a first line that is a date and no more
_PLAIN = ("article", "main", "body")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(TextOptions):
    """Keys of ``[parse]`` for web pages."""

    content: tuple[str, ...] = ()  # default: the article
    title: str = ""  # default: what the page says; with content, <title>
    date: str = ""  # default: what the page says; with content, a first line that is a date; an attribute comes first
    remove: tuple[str, ...] = ()
    author: str = ""  # whose words they are; default: what the page says, without content
    unit: Literal["page", "passage"] = "page"  # passages make a corpus of a page or two

    def __post_init__(self) -> None:
        """Refuse what is no selector."""
        super(Options, self).__post_init__()  # a bare super() does not find the class that slots make
        for selector in (*self.content, *self.remove, *filter(None, (self.title, self.date))):
            try:
                soupsieve.compile(selector)
            except soupsieve.SelectorSyntaxError as error:
                raise ValueError(f"{selector!r} is no CSS selector: {str(error).splitlines()[0]}") from error


def parse(file: RawFile, body: bytes, options: Options) -> Parsed:
    """The page's text, or a drop where there is none. Raises ParseError."""
    decoded = markup.page(body, options.encoding)
    selecting = options.content or options.title or options.date or options.remove
    soup = markup.tree(decoded.text) if selecting else None
    title = _said(soup, options.title) if soup and options.title else ""
    date = dates.iso(_said(soup, options.date)) if soup and options.date else ""
    for element in (element for selector in options.remove for element in (soup.select(selector) if soup else ())):
        element.extract()
    found = None if options.content else article.find(str(soup) if soup and options.remove else decoded.text)
    if found is None or "\n" not in found.text:
        plain = _plain(soup or markup.tree(decoded.text), options.content)
        if found is None:
            found = plain
        elif _same(found.text, plain.text):
            found = replace(found, text=plain.text)
    if not found.text:
        yield drop(file, "", f"no content: no words in {', '.join(options.content) or 'the page'}")
        return
    about = {
        "title": title or found.title,
        "author": options.author or found.author,
        "date": date if options.date else found.date or _dated(found.text),
    }
    if options.unit == "page":
        yield document(file, "", found.text, **about, meta=decoded.meta)
        return
    for place, (start, end) in enumerate(passages(found.text), 1):
        yield document(file, place, found.text[start:end], **about, meta={"passage": place} | decoded.meta)


def _same(text: str, other: str) -> bool:
    """Whether they differ in spaces and line ends alone, which trafilatura loses where it finds little."""
    return "".join(text.split()) == "".join(other.split())


def _plain(soup: BeautifulSoup, selectors: tuple[str, ...]) -> article.Article:
    """The words that the selectors find, or without any those of the likeliest part; and the <title>."""
    parts = (markup.text_of(_outermost(soup.select(selector))) for selector in selectors or _PLAIN)
    text = next(filter(None, parts), "") or ("" if selectors else markup.text_of([soup]))
    return article.Article(text, _said(soup, "title"), "", "")


def _dated(text: str) -> str:
    """The day that a first line is, if it is no more than a date."""
    first = text.split("\n", 1)[0]
    return dates.iso(first) if len(first) <= _DATE_LINE else ""


def _said(soup: BeautifulSoup, selector: str) -> str:
    """The words of the first element a selector finds, or of the attribute that says them."""
    element = soup.select_one(selector)
    if element is None:
        return ""
    attribute = element.get("content") or element.get("datetime")
    return " ".join(str(attribute).split()) if attribute else markup.words(element)


def _outermost(found: list[Tag]) -> Iterator[Tag]:
    """The elements that are in none of the others; no way up is gone twice."""
    known, inside = {id(element) for element in found}, dict[int, bool]()
    for element in found:
        way: list[int] = []
        within = False
        for parent in element.parents:
            if id(parent) in known or id(parent) in inside:
                within = id(parent) in known or inside[id(parent)]
                break
            way.append(id(parent))
        inside |= dict.fromkeys(way, within)
        if not within:
            yield element
