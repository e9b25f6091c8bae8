"""Files at known addresses: a list of urls, an index in JSON that names more, or both.

``[source] urls = ["https://host/a.txt"]`` lists them; ``[source.index]`` names a JSON list (`url`), the address that
each name makes (`item`, with ``{name}`` in it) and the characters left out of a name to make it (`remove`).
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, urlsplit

import msgspec

from corpusmill.errors import ContentError, SpecError
from corpusmill.http import Get
from corpusmill.types import RawFile

_Names = Annotated[list[Annotated[str, msgspec.Meta(min_length=1)]], msgspec.Meta(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A JSON list of names, each of which makes an address."""

    url: str
    item: str
    remove: str = ""

    def __post_init__(self) -> None:
        """Raises SpecError when `item` has no place for the name."""
        if "{name}" not in self.item:
            raise SpecError(f"source.index.item {self.item!r} has no {{name}}", "write it as https://host/{name}.json")

    def address(self, name: str) -> str:
        """The address of one item."""
        return self.item.replace("{name}", quote("".join(c for c in name if c not in self.remove)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Keys of ``[source]``."""

    urls: tuple[str, ...] = ()
    index: Index | None = None

    def __post_init__(self) -> None:
        """Raises SpecError for no address, and for those this transport cannot fetch."""
        if not self.urls and not self.index:
            raise SpecError("source names no address", "give it urls = [...] or a [source.index]")
        for url in (*self.urls, *([self.index.url, self.index.item] if self.index else [])):
            if urlsplit(url).scheme not in ("https", "http") or not urlsplit(url).netloc:
                raise SpecError(f"source: {url!r} is not an http address", "write it as https://host/path")


def origin(options: Options) -> str:
    """The first address."""
    return options.index.url if options.index else options.urls[0]


def collect(options: Options, get: Get) -> Iterator[tuple[RawFile, bytes, int]]:
    """Fetch the index, then the urls and what it lists, each once.

    Raises what `get` raises; ContentError for a wrong index.
    """
    urls, fetched = list(options.urls), dict[str, tuple[RawFile, bytes]]()
    if index := options.index:
        fetched[index.url] = get(index.url)
        urls = [index.url, *urls, *(index.address(name) for name in _names(index.url, fetched[index.url][1]))]
    urls = list(dict.fromkeys(urls))
    for url in urls:
        record, body = fetched[url] if url in fetched else get(url)
        yield record, body, len(urls)


def _names(url: str, body: bytes) -> list[str]:
    try:
        return msgspec.json.decode(body.removeprefix(codecs.BOM_UTF8), type=_Names)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ContentError(f"{url} is not a JSON list of names: {error}", "check the address of the index") from error
