"""Web pages: the main text by CSS selectors, one document a page.

    content = ["article", "td[width='435'] > font"]  # the first that finds words; all its elements, in order

Scripts, styles and what `remove` names are left out. A page in which no selector finds words is a drop: a page that
was moved, or a home page in its place. The encoding is that of a byte-order mark, of the page's <meta>, UTF-8 or
windows-1252, whichever first is true of the bytes.
"""

from dataclasses import dataclass

import soupsieve
from bs4 import BeautifulSoup

from corpusmill.types import RawFile
from preprocess import dates, markup
from preprocess.parse import Parsed, TextOptions, document, drop

_DATE_LINE = 40  # characters of a first line that is a date and no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(TextOptions):
    """Keys of ``[parse]`` for web pages."""

    content: tuple[str, ...] = ("article", "main", "body")
    title: str = ""  # default: <title>
    date: str = ""  # default: a first line that is a date; of <meta> and <time>, the attribute
    remove: tuple[str, ...] = ()
    author: str = ""  # whose words they are

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
    soup = markup.tree(decoded.text)
    title = _said(soup, options.title or "title")
    date = dates.iso(_said(soup, options.date)) if options.date else ""
    for selector in options.remove:
        for element in soup.select(selector):
            element.extract()
    text = _content(soup, options.content)
    if not text:
        yield drop(file, "", f"no content: no words in {', '.join(options.content)}")
        return
    first = text.split("\n", 1)[0]
    if not options.date and len(first) <= _DATE_LINE:
        date = dates.iso(first)
    yield document(file, "", text, title=title, author=options.author, date=date, meta=decoded.meta)


def _said(soup: BeautifulSoup, selector: str) -> str:
    """The words of the first element a selector finds, or of the attribute that says them."""
    element = soup.select_one(selector)
    if element is None:
        return ""
    attribute = element.get("content") or element.get("datetime")
    return " ".join(str(attribute).split()) if attribute else markup.words(element)


def _content(soup: BeautifulSoup, selectors: tuple[str, ...]) -> str:
    for selector in selectors:
        found = soup.select(selector)
        known = {id(element) for element in found}
        outer = (element for element in found if not any(id(parent) in known for parent in element.parents))
        if text := markup.text_of(outer):
            return text
    return ""
