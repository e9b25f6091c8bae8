"""HTML -> text: a page's bytes, the words in a part of it as paragraphs. It knows no corpus and no network."""

import codecs
import re
from collections.abc import Iterable, Iterator

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, Tag
from bs4.exceptions import ParserRejectedMarkup

from corpusmill import soup
from corpusmill.errors import ParseError
from preprocess.text.decode import Decoded, decode, known_encoding, unix

_META = re.compile(rb"<meta[^>]{1,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)
_META_WITHIN = 4096  # bytes; HTML says 1,024, and pages do not keep to it
# What browsers take a declared name for (encoding.spec.whatwg.org, 4.2), where Python takes it at its word.
_MEANT = {
    "ascii": "windows-1252",
    "iso8859-1": "windows-1252",
    "iso8859-9": "windows-1254",
    "gb2312": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "utf-16": "utf-8",
    "utf-16-le": "utf-8",
    "utf-16-be": "utf-8",
}
_UNSEEN = {"script", "style", "noscript", "template", "svg", "iframe", "head", "object", "canvas", "math"}
_LINES = {"li", "td", "th", "dt", "dd", "caption", "option", "legend", "summary"}  # begin a line
_BLOCKS = {
    *("p", "div", "blockquote", "pre", "ul", "ol", "dl", "table", "section", "article", "main", "header", "footer"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "hr", "figure", "figcaption", "form", "fieldset", "center", "address"),
    *("aside", "nav", "details"),
}
_KEPT = "\0"  # a space in <pre>, until the others are set in order; no decoded text holds a NUL
_HINT = "leave the page out"
_LONG_TAG = re.compile(r"<[A-Za-z][^<>]{4000,}")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_MOST_ATTRIBUTES = 50_000  # of one tag; each takes a kilobyte
_MOST_TAGS = 150_000  # each takes up to 30 microseconds and a kilobyte; the longest honest pages have a third of that


def page(body: bytes, encoding: str = "") -> Decoded:
    """The text of a page: byte-order mark, what was declared, what its <meta> says, UTF-8, windows-1252.

    What a page says of itself is believed only if its bytes agree. Raises ParseError.
    """
    said = _META.search(body, 0, _META_WITHIN)
    name = said[1].decode("ascii") if said else ""
    if not encoding and name and known_encoding(name):
        name = codecs.lookup(name).name
        try:
            return decode(body, _MEANT.get(name, name))
        except ParseError:
            return decode(body)
    return decode(body, encoding)


def tree(text: str) -> BeautifulSoup:
    """The tree of a page. Raises ParseError for what the parser rejects, and for what no page holds so many of."""
    if (tags := text.count("<")) > _MOST_TAGS:
        raise ParseError(f"too many tags: {tags:,}, and {_MOST_TAGS:,} are read", _HINT)
    if (attributes := most_attributes(text)) > _MOST_ATTRIBUTES:
        raise ParseError(f"too many attributes: {attributes:,} in one tag, and {_MOST_ATTRIBUTES:,} are read", _HINT)
    try:
        return soup.tree(unix(text))
    except (ParserRejectedMarkup, AssertionError, ValueError) as error:
        raise ParseError(f"not HTML: {error}", _HINT) from error


def most_attributes(text: str) -> int:
    """About how many attributes the tag has that has most; 0 where no tag is long enough for many."""
    return max((len(_QUOTED.sub("", tag[0]).split()) for tag in _LONG_TAG.finditer(text)), default=0)


def words(element: PageElement) -> str:
    """All words of an element on one line."""
    return " ".join(element.get_text(" ").split())


def text_of(elements: Iterable[Tag]) -> str:
    """The text of elements: an empty line between blocks and at <br><br>, a line end at <br>, list items and cells."""
    pieces: list[str] = []
    for element in elements:
        pieces += ["\n\n", *_pieces(element)]
    text = re.sub(" *\n *", "\n", re.sub(" +", " ", "".join(pieces)))
    return re.sub("\n{3,}", "\n\n", text).strip().replace(_KEPT, " ")


def _pieces(root: Tag) -> Iterator[str]:
    """Words, spaces and line ends in their order. Not recursive: a page may be as deep as it likes."""
    preformatted = 0
    stack: list[tuple[PageElement, bool]] = [(root, False)]
    while stack:
        node, left = stack.pop()
        if not isinstance(node, Tag):
            yield _written(node, pre=preformatted > 0)
        elif left:
            preformatted -= node.name == "pre"
            yield "\n\n"
        elif node.name == "br":
            yield "\n"
        elif node.name not in _UNSEEN:
            if node.name in _BLOCKS:
                preformatted += node.name == "pre"
                yield "\n\n"
                stack.append((node, True))
            elif node.name in _LINES:
                yield "\n"
            stack.extend((child, False) for child in reversed(node.contents))


def _written(node: PageElement, *, pre: bool) -> str:
    if type(node) is not NavigableString:  # a comment, a doctype, a script
        return ""
    return node.replace("\t", " " * 8).replace(" ", _KEPT) if pre else re.sub(r"\s+", " ", node)
