"""Lists of pages that a site publishes: sitemaps in XML or text, their indexes, and feeds (RSS, Atom).

    listing = read("https://host/sitemap.xml", body)     ->  Listing(pages=(...), sitemaps=(...))

What a list is, is seen in it, not in its address. XML is read by expat, and refused when it has a DTD: entities are the
way to make a small file large, and no list needs one. See sitemaps.org/protocol.html, RFC 4287 and the RSS 2.0
specification.
"""

import gzip
import io
import zlib
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import urljoin
from xml.parsers import expat

from corpusmill.errors import ContentError, EncodingError, TooLargeError, TruncatedError

LARGEST = 64 << 20  # bytes of one list, unpacked; the protocol allows 50 MB
_DEEPEST = 100  # elements; a sitemap has 3, a feed with pages in it may have many
_PIECE = 1 << 16
_GZIP = b"\x1f\x8b"
_HINT = "check the address in the corpus file"
_LISTS = {  # elements that stand for one page or one sitemap, by the names on the way to them
    ("urlset", "url"): "pages",
    ("sitemapindex", "sitemap"): "sitemaps",
    ("rss", "channel", "item"): "pages",
    ("rdf", "item"): "pages",  # RSS 1.0
    ("feed", "entry"): "pages",  # Atom
}
_ADDRESSES = ("loc", "link", "guid")  # elements in them that hold its address, the best first
_ROOTS = {path[0] for path in _LISTS}


@dataclass(frozen=True, slots=True)
class Listing:
    """Addresses as they stand in a list, in its order."""

    pages: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()


def read(url: str, body: bytes) -> Listing:
    """What the list at `url` names.

    Raises ContentError (TruncatedError, EncodingError, TooLargeError) for what is no such list.
    """
    body = _unpacked(url, body) if body.startswith(_GZIP) else body
    if _text_begins(body).startswith("<"):
        return _Xml(url).read(body)
    return Listing(pages=tuple(_lines(url, body)))


def _unpacked(url: str, body: bytes) -> bytes:
    try:
        with gzip.open(io.BytesIO(body)) as stream:
            unpacked = stream.read(LARGEST + 1)
    except EOFError as error:
        raise TruncatedError(f"{url} ends before its whole length", "repeat the command") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise EncodingError(f"{url} is not the gzip that it begins like: {error}", "tell the host's owner") from error
    if len(unpacked) > LARGEST:
        raise TooLargeError(f"{url} unpacks to more than {LARGEST:,} bytes", "name the parts of the list instead")
    return unpacked


def _text_begins(body: bytes) -> str:
    """The first sign that is not white space, whatever the encoding: only a NUL, a mark or a space can precede it."""
    return body[:_PIECE].lstrip(b"\xef\xbb\xbf\xfe\xff\0 \t\r\n")[:1].decode("latin-1")


def _lines(url: str, body: bytes) -> list[str]:
    """The addresses of a text sitemap, one a line."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ContentError(f"{url} is neither XML nor a list in UTF-8: {error.reason}", _HINT) from error
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    for number, line in lines:
        if not line.lower().startswith(("http://", "https://")):
            raise ContentError(f"{url}, line {number} is no address: {line[:80]!r}", _HINT)
    if not lines:
        raise ContentError(f"{url} is empty: it lists nothing", _HINT)
    return [line for _, line in lines]


class _Xml:
    """One XML list on its way through expat."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._path: list[str] = []  # names of the open elements, without namespaces, in small letters
        self._bases = [url]
        self._item: dict[str, str] = {}
        self._text: list[str] | None = None
        self._found: dict[str, list[str]] = {"pages": [], "sitemaps": []}
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype

    def read(self, body: bytes) -> Listing:
        try:
            for start in range(0, len(body), _PIECE):
                self._parser.Parse(body[start : start + _PIECE], False)  # noqa: FBT003 - expat takes no name for it
            self._parser.Parse(b"", True)  # noqa: FBT003
        except (expat.ExpatError, LookupError, ValueError) as error:  # a codec that is none, or reads several bytes
            raise ContentError(f"{self._url} is not whole XML: {error}", "repeat the command, or check it") from error
        return Listing(tuple(self._found["pages"]), tuple(self._found["sitemaps"]))

    def _refuse_doctype(self, *_: object) -> NoReturn:
        raise ContentError(f"{self._url} has a DTD, which no sitemap or feed needs", _HINT)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name.rpartition(":")[2].lower())
        if len(self._path) > _DEEPEST:
            raise ContentError(f"{self._url} is nested deeper than {_DEEPEST} elements", _HINT)
        if self._path[0] not in _ROOTS:
            raise ContentError(f"{self._url} is neither a sitemap nor a feed: its root is {name[:80]!r}", _HINT)
        self._bases.append(_joined(self._bases[-1], attributes.get("xml:base", "")))
        path = tuple(self._path)
        if path in _LISTS:
            self._item = {}
        elif path[:-1] in _LISTS and path[-1] in _ADDRESSES:
            self._address(path[-1], attributes)

    def _address(self, name: str, attributes: dict[str, str]) -> None:
        """An address begins: Atom has it in an attribute, the others as text; a guid may be another kind of name."""
        if self._path[0] == "feed":
            if attributes.get("rel", "alternate") == "alternate":
                self._note(name, attributes.get("href", ""))
        elif name != "guid" or attributes.get("isPermaLink", "true").strip().lower() == "true":
            self._text = []

    def _characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _end(self, _name: str) -> None:
        path = tuple(self._path)
        if path[:-1] in _LISTS and self._text is not None:
            self._note(path[-1], "".join(self._text).strip())
            self._text = None
        elif path in _LISTS and (named := [self._item[name] for name in _ADDRESSES if name in self._item]):
            self._found[_LISTS[path]].append(named[0])
        self._path.pop()
        self._bases.pop()

    def _note(self, name: str, text: str) -> None:
        if text and (name != "guid" or text.lower().startswith(("http://", "https://"))):
            self._item.setdefault(name, _joined(self._bases[-1], text))


def _joined(base: str, text: str) -> str:
    try:
        return urljoin(base, text) if text else base
    except ValueError:
        return text
