"""Files at known addresses: a list of urls, an index in JSON that names more, or both.

``[source] urls = ["https://host/a.txt"]`` lists them. A ``{year}`` in an address stands for each value that
``[source.values] year = ["2009..2017"]`` gives, so one line may stand for many. ``[source.index]`` names a JSON list
(`url`), the address that each name makes (`item`, with ``{name}`` in it) and the characters left out of a name to make
it (`remove`).
"""

import codecs
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated
from urllib.parse import quote, urlsplit

import msgspec

from collectors.intake import Intake
from corpusmill.errors import ContentError, SpecError
from corpusmill.types import RawFile

MOST = 100_000  # addresses that a list may stand for
_FIELD = re.compile(r"(?<!\$)\{(\w+)\}")  # ${NAME} is a secret's, filled in when the request is made
_RANGE = re.compile(r"(\d+)\.\.(\d+)")
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
    values: Mapping[str, tuple[str | int, ...]] = field(default_factory=dict)
    index: Index | None = None

    def __post_init__(self) -> None:
        """Raises SpecError for no address, for those that cannot be fetched, and for a field without values."""
        if not self.urls and not self.index:
            raise SpecError("source names no address", "give it urls = [...] or a [source.index]")
        for url in (*self.urls, *([self.index.url, self.index.item] if self.index else [])):
            http_only(url)
        self.addresses()

    def addresses(self) -> list[str]:
        """The urls with their values filled in, each once."""
        lists = {name: tuple(_listed(values)) for name, values in self.values.items()}
        made = list(itertools.islice((made for url in self.urls for made in _filled(url, lists)), MOST + 1))
        if len(made) > MOST:
            raise SpecError(f"source: urls stand for more than {MOST:,} addresses", "give fewer values")
        return list(dict.fromkeys(made))


def http_only(url: str) -> None:
    """Raise SpecError for what is not an address that a client may ask for."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise SpecError(f"source: {url!r} is not an address: {error}", "write it as https://host/path") from error
    if parts.scheme not in ("https", "http") or not parts.netloc:
        raise SpecError(f"source: {url!r} is not an http address", "write it as https://host/path")


def origin(options: Options) -> str:
    """The first address."""
    return options.index.url if options.index else options.addresses()[0]


def collect(options: Options, intake: Intake) -> Iterator[tuple[RawFile, int]]:
    """Fetch the index, then the urls and what it lists, each once.

    Raises what the intake raises; ContentError for a wrong index.
    """
    urls = options.addresses()
    if index := options.index:
        listing = intake.get(index.url)
        names = _names(index.url, listing.read())
        urls = [index.url, *urls, *(index.address(name) for name in names)]
    urls = list(dict.fromkeys(urls))
    for fetched in intake.each(urls):
        yield fetched.record, len(urls)


def _names(url: str, body: bytes) -> list[str]:
    try:
        return msgspec.json.decode(body.removeprefix(codecs.BOM_UTF8), type=_Names)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ContentError(f"{url} is not a JSON list of names: {error}", "check the address of the index") from error


def _listed(values: tuple[str | int, ...]) -> Iterator[str]:
    """Values as text; ``"2009..2017"`` stands for each number of the range, zeros in front kept."""
    for value in values:
        span = _RANGE.fullmatch(str(value))
        if not span:
            yield str(value)
            continue
        first, last = span.groups()
        if int(last) - int(first) > MOST:
            raise SpecError(f"source.values: {value!r} is too long a range", f"at most {MOST:,} values")
        width = len(first) if first.startswith("0") else 0
        yield from (f"{number:0{width}}" for number in range(int(first), int(last) + 1))


def _filled(url: str, lists: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """An address for each combination of the values of its fields."""
    fields = list(dict.fromkeys(_FIELD.findall(url)))
    if missing := [name for name in fields if not lists.get(name)]:
        message = f"source: {url!r} has {{{missing[0]}}}, and source.values gives it no value"
        raise SpecError(message, f'add [source.values] {missing[0]} = ["..."]')
    for values in itertools.product(*(lists[name] for name in fields)):
        chosen = {name: quote(value) for name, value in zip(fields, values, strict=True)}
        yield _FIELD.sub(partial(_chosen, chosen), url)


def _chosen(values: Mapping[str, str], field_: re.Match[str]) -> str:
    return values[field_[1]]
