"""Paged answers in JSON: an address, where its list of items is, and how a page leads to the next.

``[source] url = "https://host/api?key=${KEY}"``, ``items = "data.results"`` and one of

    next = {path = "links.next"}                            an address, or a path, in the page
    next = {link = true}                                    the Link header with rel=next (RFC 8288)
    next = {parameter = "page", start = 1}                  numbers, until a page has no items
    next = {cursor = "meta.next", parameter = "cursor"}     a value in the page, which the next address carries

Each page is kept as it came. All are on the host of `url`: a secret goes nowhere else. It knows no item.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import msgspec
import requests
from requests.utils import parse_header_links

from collectors import address
from collectors.frontier import Frontier
from collectors.intake import Intake
from corpusmill.errors import ContentError, SpecError
from corpusmill.http import Fetched
from corpusmill.types import RawFile

_WAYS = "path = ..., link = true, parameter = ... or cursor = ... with parameter = ..."
_CHECK = "check url, items and next in the corpus file"
_REFERENCE = re.compile(r"\$\{\w+\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """How a page leads to the next: one of four ways."""

    path: str = ""
    link: bool = False
    cursor: str = ""
    parameter: str = ""
    start: Annotated[int, msgspec.Meta(ge=0)] | None = None

    def __post_init__(self) -> None:
        """Raises SpecError unless it is one way, and whole."""
        ways = [bool(self.path), self.link, bool(self.cursor), bool(self.parameter) and not self.cursor]
        if sum(ways) != 1 or (bool(self.cursor) and not self.parameter):
            raise SpecError("source.next is not one way to the next page", f"give it {_WAYS}")
        if self.start is not None and not self.numbered:
            raise SpecError("source.next.start is for numbered pages", 'give it parameter = "page" alone, or remove it')

    @property
    def numbered(self) -> bool:
        """Whether pages have numbers."""
        return bool(self.parameter) and not self.cursor

    @property
    def first(self) -> int:
        """The number of the first page."""
        return 1 if self.start is None else self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Keys of ``[source]``."""

    url: str
    items: str = ""  # dotted path to the list, its numbers places in lists; "" = the page itself
    next: Next | None = None  # of none: one page
    most: Annotated[int, msgspec.Meta(ge=1)] = 1_000  # pages

    def __post_init__(self) -> None:
        """Raises SpecError for an address that is none."""
        if not address.absolute(self.url):
            raise SpecError(f"source: {self.url!r} is not an http address", "write it as https://host/path")


def origin(options: Options) -> str:
    """The address."""
    return options.url


def collect(options: Options, intake: Intake) -> Iterator[tuple[RawFile, int]]:
    """Each page as a file; how many there are is not known before the last.

    Raises what `Intake.get` raises; ContentError for a page that is no JSON or has no list, for pages that go in
    circles and for a next page on another host.
    """
    way, frontier = options.next, intake.frontier
    first = _with(options.url, way.parameter, str(way.first)) if way and way.numbered else options.url
    frontier.add([(first, 0)])
    told: dict[str, str] = {}  # SHA-256 of a page with items -> its address
    for url in frontier.visited():
        record = intake.get(url).record
        told[record.sha256] = url
        yield record, 0
    while frontier.kept() < options.most and (waiting := frontier.next()):
        url, number = waiting
        fetched = intake.get(url, anew=bool(way and way.link))  # a 304 may lack the Link header, the journal does
        if number and way and way.numbered and _past(url, fetched, options):
            frontier.pass_over(url)
            return
        page = _Page(url, fetched, options)
        following = page.following()
        _refuse_circle(url, following, frontier, told.setdefault(fetched.record.sha256, url) if page.items else url)
        frontier.done(url, [(following, number + 1)] if following else [])
        yield fetched.record, 0
    if frontier.next():
        intake.note(f"stopped at source.most = {options.most:,} pages; there are more")


def _past(url: str, fetched: Fetched, options: Options) -> bool:
    """Whether numbers have come to an end: the page is not there, or has no items."""
    return fetched.record.status != requests.codes.ok or not _Page(url, fetched, options).items


def _refuse_circle(url: str, following: str, frontier: Frontier, same: str) -> None:
    if same != url:
        raise ContentError(f"{url} is the same page as {same}", _CHECK)
    if following and frontier.state(following) is not None:
        raise ContentError(f"{url} leads back to {following}", _CHECK)


class _Page:
    """One page, read as far as the way to the next needs it."""

    def __init__(self, url: str, fetched: Fetched, options: Options) -> None:
        """Raises ContentError for what is no page."""
        if fetched.record.status != requests.codes.ok:
            raise ContentError(f"{url} answered {fetched.record.status}", _CHECK)
        self._url, self._fetched, self._options = url, fetched, options
        self._body = _json(url, fetched.read())
        found = self._at(options.items)
        if not isinstance(found, list):
            where = f"items = {options.items!r}" if options.items else "the page itself"
            raise ContentError(f"{url}: {where} is {_kind(found)}, not a list", _CHECK)
        self.items: list[Any] = found

    def following(self) -> str:
        """The address of the next page; "" after the last. Raises ContentError."""
        way = self._options.next
        if way is None or (way.numbered and not self.items):
            return ""
        if way.link:
            return self._address(self._linked())
        if way.path:
            return self._address(self._text(way.path))
        if way.cursor:
            value = self._text(way.cursor)
            return _with(self._url, way.parameter, value) if value else ""
        return _with(self._url, way.parameter, str(_number(self._url, way) + 1))

    def _linked(self) -> str:
        links = parse_header_links(self._fetched.headers.get("link", ""))
        return next((link["url"] for link in links if "next" in link.get("rel", "").lower().split()), "")

    def _text(self, path: str) -> str:
        """A value as it is written; "" where there is none. Raises ContentError for one that is no text or number."""
        value = self._at(path)
        if value is None or value is False or value == "":
            return ""
        if not isinstance(value, str):
            raise ContentError(f"{self._url}: next = {path!r} is {_kind(value)}, not a text or a number", _CHECK)
        return value

    def _at(self, path: str) -> Any:
        """What is at a dotted path; None where nothing is."""
        value = self._body
        for key in path.split(".") if path else []:
            if isinstance(value, list) and key.isdecimal():
                value = value[int(key)] if int(key) < len(value) else None
            else:
                value = value.get(key) if isinstance(value, dict) else None
        return value

    def _address(self, text: str) -> str:
        """The next page's address, its secrets by name again. Raises ContentError for one on another host."""
        if not text:
            return ""
        url, here = address.absolute(text, self._url), urlsplit(address.absolute(self._url))
        parts = urlsplit(url)
        if parts.netloc != here.netloc:
            raise ContentError(f"{self._url} leads to another host: {url or text[:200]!r}", _CHECK)
        url = urlunsplit((here.scheme, *parts[1:]))  # hosts behind a proxy often do not know that they speak https
        for reference in _REFERENCE.findall(self._options.url):
            url = url.replace(quote(reference, safe="$"), reference)
        for name, value in _fields(self._options.url):
            if _REFERENCE.search(value) and name in dict(_fields(url)):
                url = _with(url, unquote(name), value, quoted=True)
        return url


def _json(url: str, body: bytes) -> Any:
    """A page; its numbers stay as they are written. Raises ContentError."""
    try:
        return json.loads(body, parse_int=str, parse_float=str, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        problem = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise ContentError(f"{url} is not JSON: {problem}", "check the address in the corpus file") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _kind(value: Any) -> str:
    kinds: dict[type, str] = {dict: "an object", list: "a list", str: "a text or a number", bool: "true or false"}
    return kinds.get(type(value), "missing")


def _fields(url: str) -> list[tuple[str, str]]:
    """Names and values of a query, as they stand."""
    query = urlsplit(url).query
    return [(name, value) for name, _, value in (field.partition("=") for field in query.split("&"))] if query else []


def _number(url: str, way: Next) -> int:
    """The number of the page at an address that `_with` made."""
    return int(dict(_fields(url))[quote(way.parameter, safe="")])


def _with(url: str, name: str, value: str, *, quoted: bool = False) -> str:
    """An address with a query field set; the others stay as they are, ``${NAME}`` too. Raises ContentError."""
    parts = urlsplit(url)
    try:
        field = (quote(name, safe=""), value if quoted else quote(value, safe=""))
    except UnicodeEncodeError as error:
        raise ContentError(f"{url} leads on with a value that is no text: {value!r}", _CHECK) from error
    kept = [(n, v) for n, v in _fields(url) if unquote(n) != name]
    query = "&".join(f"{n}={v}" if v else n for n, v in [*kept, field])
    return urlunsplit(parts._replace(query=query, fragment=""))
