"""A dump of a wiki in MediaWiki's XML (``pages-articles``, enwik8): one document a page, read as a stream.

    [parse]
    kind = "mediawiki"
    form = "text"        # or "raw": the page's XML as it stands, as character models were first trained on it

Redirects and pages outside the declared namespaces are drops. A document-type declaration is refused, and with it every
entity but XML's own five. A dump that is cut off raises ParseError naming its last page, unless the corpus says that it
is meant to be: enwik8 ends in mid-page.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn
from xml.parsers import expat

from corpusmill.errors import ParseError
from corpusmill.types import Document, Drop, RawFile
from preprocess import wikitext
from preprocess.parse import Parsed, ParseOptions, document, drop

_CHUNK = 1 << 20  # bytes given to expat at once
_DEEPEST = 12  # elements inside one another; a dump has 5
_INDENT = 16  # spaces looked for before a page; dumps have 2
_FIELDS = {
    "page/title": "title",
    "page/ns": "ns",
    "page/id": "id",
    "page/revision/id": "revision",
    "page/revision/timestamp": "timestamp",
    "page/revision/text": "text",
}
_NAMESPACE = "siteinfo/namespaces/namespace"
_FILES = ("6", "14")  # keys of the namespaces File and Category, in every wiki
_REDIRECT = re.compile(r"\s*#REDIRECT\b", re.IGNORECASE)
_HINT = "fetch the dump again; is it MediaWiki's XML?"
_CUT = 'fetch it again; if it is meant to end there, declare [parse] truncated = "drop"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(ParseOptions):
    """Keys of ``[parse]`` for dumps."""

    form: Literal["text", "raw"] = "text"
    namespaces: tuple[int, ...] = (0,)  # 0: articles
    truncated: Literal["refuse", "drop"] = "refuse"  # a dump that ends before its end


@dataclass(slots=True)
class _Page:
    start: int  # offset of its first byte
    end: int = 0
    redirect: str = ""
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """For people: title and id."""
        return f"{self.fields.get('title', '')!r} (id {self.fields.get('id', '?')})"


def parse(file: RawFile, body: bytes, options: Options) -> Parsed:
    """Documents and drops in the dump's order. Raises ParseError."""
    if not body.strip():
        raise ParseError("empty: there are no bytes", _HINT)
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ParseError("not XML: UTF-16, and dumps are UTF-8", _HINT)
    dump = _Dump()
    for start in range(0, len(body), _CHUNK):
        dump.feed(body[start : start + _CHUNK])
        yield from (_result(file, body, page, dump, options) for page in dump.take())
    if where := dump.close():
        if options.truncated == "refuse":
            raise ParseError(f"truncated: {where}", _CUT)
        yield drop(file, "end", f"truncated: {where}")


def _result(file: RawFile, body: bytes, page: _Page, dump: "_Dump", options: Options) -> Document | Drop:
    title, text = page.fields.get("title", ""), page.fields.get("text", "")
    place = f"page {page.fields.get('id') or page.start}"
    namespace = dump.namespace(page)
    if namespace not in map(str, options.namespaces):
        return drop(file, place, f"namespace: {namespace}, {title}")
    if page.redirect or _REDIRECT.match(text):
        return drop(file, place, f"redirect: {title}")
    if options.form == "raw":
        said = _slice(body, page)
    else:
        said = wikitext.plain(text, {*wikitext.FILES, *(dump.namespaces.get(key, "") for key in _FILES)} - {""})
    if not said or not text.strip():
        return drop(file, place, f"empty: {title}")
    meta: dict[str, Any] = {name: page.fields[name] for name in ("id", "revision") if name in page.fields}
    return document(file, place, said, title=title, date=page.fields.get("timestamp", ""), meta=meta)


def _slice(body: bytes, page: _Page) -> str:
    """The page's XML with the indentation of its first line."""
    before = body[max(0, page.start - _INDENT) : page.start]
    return body[page.start - len(before) + len(before.rstrip(b" ")) : page.end].decode()


class _Dump:
    """The pages that expat has seen whole."""

    def __init__(self) -> None:
        self.namespaces: dict[str, str] = {}  # key -> name in lower case
        self._path: list[str] = []
        self._page: _Page | None = None
        self._key = ""
        self._last = ""
        self._words: list[str] = []
        self._pages: list[_Page] = []
        self._expat = expat.ParserCreate("utf-8")
        self._expat.buffer_text = True
        self._expat.StartDoctypeDeclHandler = self._doctype
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._text

    def feed(self, chunk: bytes) -> None:
        """Read on. Raises ParseError for what is not MediaWiki's XML."""
        try:
            self._expat.Parse(chunk, False)  # noqa: FBT003 - expat's own signature
        except expat.ExpatError as error:
            raise ParseError(f"not XML: {error}{self._after()}", _HINT) from error

    def take(self) -> Iterator[_Page]:
        """The pages seen since."""
        pages, self._pages = self._pages, []
        yield from pages

    def close(self) -> str:
        """Where the dump is cut off, or nothing where it is whole."""
        try:
            self._expat.Parse(b"", True)  # noqa: FBT003 - expat's own signature
        except expat.ExpatError:
            return f"the dump ends in page {self._page.name}" if self._page else f"the dump ends{self._after()}"
        return ""

    def namespace(self, page: _Page) -> str:
        """The key of a page's namespace, by its title in dumps that do not say it."""
        if "ns" in page.fields:
            return page.fields["ns"]
        prefix, colon, _ = page.fields.get("title", "").partition(":")
        known = {name: key for key, name in self.namespaces.items()}
        return known.get(prefix.strip().lower(), "0") if colon else "0"

    def _after(self) -> str:
        return f" after page {self._last}" if self._last else " before the first page"

    def _doctype(self, *_: Any) -> NoReturn:
        raise ParseError("forbidden: a document-type declaration", _HINT)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._path and name != "mediawiki":
            raise ParseError(f"not MediaWiki: it begins with <{name[:40]}>", _HINT)
        if len(self._path) >= _DEEPEST:
            raise ParseError(f"not MediaWiki: more than {_DEEPEST} elements inside one another{self._after()}", _HINT)
        self._path.append(name)
        self._words = []
        where = "/".join(self._path[1:])
        if where == "page":
            self._page = _Page(self._expat.CurrentByteIndex)
        elif where == "page/redirect" and self._page:
            self._page.redirect = attributes.get("title") or "?"
        elif where == _NAMESPACE:
            self._key = attributes.get("key", "")

    def _text(self, words: str) -> None:
        self._words.append(words)

    def _end(self, _name: str) -> None:
        where = "/".join(self._path[1:])
        self._path.pop()
        words, self._words = "".join(self._words), []
        if where == _NAMESPACE:
            self.namespaces[self._key] = words.strip().lower()
        elif self._page and where in _FIELDS:
            self._page.fields[_FIELDS[where]] = words
        elif self._page and where == "page":
            self._page.end = self._expat.CurrentByteIndex + len("</page>")
            self._last = self._page.name
            self._pages.append(self._page)
            self._page = None
