"""A dump of a wiki in MediaWiki's XML (``pages-articles``, enwik8): one document a page, read as a stream.

    [parse]
    kind = "mediawiki"
    form = "text"        # or "raw": the page's XML as it stands, as character models were first trained on it

Redirects and pages outside the declared namespaces are drops, and so is the rest of a dump that is cut off, naming its
last page (enwik8 ends in mid-page); with ``truncated = "refuse"`` it raises ParseError. A document-type declaration is
refused, and with it every entity but XML's own five.

A dump larger than memory is read in pieces that end after a page. The names of the wiki's namespaces stand in the first
piece alone, so nothing depends on them: a page says its namespace, and where it does not, as in dumps of 2006, English
names are known; a dump that would need others is not cut.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn
from xml.parsers import expat

from corpusmill.errors import ParseError
from corpusmill.types import Document, Drop, RawFile
from preprocess.parse import Parsed, ParseOptions, document, drop
from preprocess.text import wikitext

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
_ROOT = b"<mediawiki>"
_NAMES = ("", "user", "wikipedia", "file", "mediawiki", "template", "help", "category")  # with "talk": keys 0 to 15
_ENGLISH = {"media": "-2", "special": "-1", "image": "6", "image talk": "7", "portal": "100", "portal talk": "101"} | {
    f"{name} {talk}".strip(): str(2 * place + odd)
    for place, name in enumerate(_NAMES)
    for odd, talk in enumerate(("", "talk"))
}  # prefixes of titles, for dumps that do not say the namespace
_NAMED = re.compile(rb"<namespace key=\"(-?\d+)\"[^<>]*>([^<]*)(?=<)")
_PAGE_END = b"</page>"
_LONGEST = 4 << 20  # characters of a page; MediaWiki itself allows 2 MiB
_REDIRECT = re.compile(r"\s*#REDIRECT\b", re.IGNORECASE)
_HINT = "fetch the dump again; is it MediaWiki's XML?"
_CUT_OFF = 'fetch it again; if it is meant to end there, declare [parse] truncated = "drop"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(ParseOptions):
    """Keys of ``[parse]`` for dumps."""

    form: Literal["text", "raw"] = "text"
    namespaces: tuple[int, ...] = (0,)  # 0: articles
    redirects: Literal["drop", "keep"] = "drop"  # kept, they are as short as they are many
    truncated: Literal["drop", "refuse"] = "drop"  # what is left of a dump that ends before its end


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

    @property
    def namespace(self) -> str:
        """The key of its namespace, by its title where it does not say it."""
        if "ns" in self.fields:
            return self.fields["ns"].strip()
        prefix, colon, _ = self.fields.get("title", "").partition(":")
        return _ENGLISH.get(prefix.strip().lower(), "0") if colon else "0"


def cut(body: bytes, _options: Options) -> tuple[int, int]:
    """Where the last whole page ends and how many there are; nothing where later pieces would need the first."""
    hidden = b"<![CDATA[" in body or b"<!--" in body  # in which an end of a page would be none
    said = b"<ns>" in body or all(
        _ENGLISH.get(name.strip().lower().decode(errors="replace")) for _, name in _NAMED.findall(body)
    )
    end = body.rfind(_PAGE_END)
    if hidden or not said or end < 0 or _is_wide(body):
        return 0, 0
    return end + len(_PAGE_END), body.count(_PAGE_END)


def parse(file: RawFile, body: bytes, options: Options, before: int = 0) -> Parsed:
    """Documents and drops in the order of the dump, or of a piece of it after `before` pages. Raises ParseError."""
    if not before and not body.strip():
        raise ParseError("empty: there are no bytes", _HINT)
    if _is_wide(body):
        raise ParseError("not XML: UTF-16, and dumps are UTF-8", _HINT)
    dump, number, seen = _Dump(is_first=not before), before, set[str]()
    for chunk in _chunks(body):
        dump.feed(chunk)
        for page in dump.take():
            number += 1
            place = f"page {page.fields.get('id', '').strip() or f'number {number}'}"
            if place in seen:
                yield drop(file, f"number {number}, again {place}", f"repeated: {place}")
            else:
                seen.add(place)
                yield _result(file, body, page, place, options)
    if not body.endswith(_PAGE_END) and (where := dump.close()):  # a piece ends there
        if options.truncated == "refuse":
            raise ParseError(f"truncated: {where}", _CUT_OFF)
        yield drop(file, "end", f"truncated: {where}")


def _chunks(body: bytes) -> Iterator[bytes]:
    """The body in parts that end with a tag: of a tag that goes on, expat would read the beginning again each time."""
    start = 0
    while start < len(body):
        end = body.find(b">", start + _CHUNK) + 1 or len(body)
        yield body[start:end]
        start = end


def _is_wide(body: bytes) -> bool:
    return body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def _result(file: RawFile, body: bytes, page: _Page, place: str, options: Options) -> Document | Drop:
    title, text = page.fields["title"], page.fields.get("text", "")
    if page.namespace not in map(str, options.namespaces):
        return drop(file, place, f"namespace: {page.namespace}, {title}")
    if options.redirects == "drop" and (page.redirect or _REDIRECT.match(text)):
        return drop(file, place, f"redirect: {title}")
    if len(text) > _LONGEST:
        return drop(file, place, f"too large: {len(text):,} characters, {title}")
    said = _slice(body, page) if options.form == "raw" else wikitext.plain(text)
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

    def __init__(self, *, is_first: bool) -> None:
        self._path: list[str] = []
        self._page: _Page | None = None
        self._last = ""
        self._words: list[str] = []
        self._pages: list[_Page] = []
        self._expat = expat.ParserCreate("utf-8")
        self._expat.buffer_text = True
        self._expat.StartDoctypeDeclHandler = self._doctype
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._text
        self._ahead = 0 if is_first else len(_ROOT)  # bytes read that are not in the body
        if not is_first:
            self.feed(_ROOT)

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
            self._page = _Page(self._expat.CurrentByteIndex - self._ahead)
        elif where == "page/redirect" and self._page:
            self._page.redirect = attributes.get("title") or "?"

    def _text(self, words: str) -> None:
        self._words.append(words)

    def _end(self, _name: str) -> None:
        where = "/".join(self._path[1:])
        self._path.pop()
        words, self._words = "".join(self._words), []
        if self._page and where in _FIELDS:
            self._page.fields[_FIELDS[where]] = words
        elif self._page and where == "page":
            if "title" not in self._page.fields:
                raise ParseError(f"not MediaWiki: a page without a title{self._after()}", _HINT)
            self._page.end = self._expat.CurrentByteIndex - self._ahead + len(_PAGE_END)
            self._last = self._page.name
            self._pages.append(self._page)
            self._page = None
