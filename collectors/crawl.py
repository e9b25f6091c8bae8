"""Pages that lead to one another: from index pages, sitemaps and feeds, over the links that are wanted.

``[source] start = ["https://host/articles.html"]`` names index pages, `sitemaps` and `feeds` lists of pages. Of what
they name, and of links up to `depth` steps away, those are fetched that are on `hosts` and match `include` but not
`exclude`: shell patterns on the canonical address, in which ``*`` crosses slashes and ``[?]`` is a question mark.

Breadth first, in the order of the pages: the same site gives the same files. A page counts once, whatever its spellings
and redirects. What is gone is a tombstone; what may not be asked is left out and counted; anything else that fails
ends the collect, to be gone on with: a page that silently lacked would make the corpus smaller.
"""

import fnmatch
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated

import msgspec
import requests
import soupsieve

from collectors import address, links, sitemap
from collectors.frontier import State
from collectors.intake import Intake
from corpusmill.errors import (
    CollectError,
    ContentError,
    DeferredError,
    ForbiddenError,
    NetworkError,
    RobotsError,
    SpecError,
)
from corpusmill.http import Fetched
from corpusmill.types import RawFile

_SEARCHED = 8 << 20  # bytes of a page that are searched for links; a tree takes a hundred times its page in memory
_LISTS = 1_000  # sitemaps at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Keys of ``[source]``."""

    start: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    follow: str = links.FOLLOW  # CSS selector of the elements whose href (or src) is followed
    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()
    depth: Annotated[int, msgspec.Meta(ge=0)] = 1  # steps from a start page; pages on a list are one step away
    most: Annotated[int, msgspec.Meta(ge=1)] = 1_000  # pages
    hosts: tuple[str, ...] = ()  # of none: those of the addresses above

    def __post_init__(self) -> None:
        """Raises SpecError for no address, one that is none, and a selector that is none."""
        if not self.addresses:
            raise SpecError("source names no address", "give it start = [...], sitemaps = [...] or feeds = [...]")
        for url in self.addresses:
            if not address.declared(url):
                raise SpecError(f"source: {url!r} is not an http address", "write it as https://host/path")
        for name in self.hosts:
            if not _host(name):
                raise SpecError(f"source.hosts: {name!r} is not a host", "write it as www.example.org")
        try:
            soupsieve.compile(self.follow)
        except soupsieve.SelectorSyntaxError as error:
            problem = str(error).splitlines()[0]
            raise SpecError(f"source.follow {self.follow!r}: {problem}", "write a CSS selector") from error

    @property
    def addresses(self) -> tuple[str, ...]:
        """All that is named, the start pages first."""
        return (*self.start, *self.sitemaps, *self.feeds)


def origin(options: Options) -> str:
    """The first address."""
    return options.addresses[0]


def collect(options: Options, intake: Intake) -> Iterator[tuple[RawFile, int]]:
    """The lists, then the pages, breadth first.

    Raises what `Intake.get` raises, RobotsError and ForbiddenError only if they are the answer to every address named;
    ContentError for a list that is none; DeferredError at the end, when a host is to be asked later.
    """
    crawl = _Crawl(options, intake)
    yield from crawl.lists()
    yield from crawl.pages()
    crawl.conclude()


class _Crawl:
    """One crawl, or what is left of it: how far it is stands in the intake's frontier."""

    def __init__(self, options: Options, intake: Intake) -> None:
        self._options, self._intake, self._frontier = options, intake, intake.frontier
        self._start = [address.declared(url) for url in options.start]
        self._listed = list(dict.fromkeys(address.declared(url) for url in (*options.sitemaps, *options.feeds)))
        self._hosts = {_host(name) for name in options.hosts} or {
            address.host(url) for url in (*self._start, *self._listed)
        }
        self._include, self._exclude = _pattern(options.include), _pattern(options.exclude)
        self._late: dict[str, DeferredError] = {}  # host -> why it is left for later
        self._refused: dict[str, CollectError] = {}
        self._read = 0  # lists
        self._elsewhere = 0  # pages that redirect to where no page is wanted

    def lists(self) -> Iterator[tuple[RawFile, int]]:
        """Sitemaps and feeds, and the sitemaps that they name; what they list goes into the frontier."""
        waiting, known, pages = deque(self._listed), set(self._listed), dict[str, None]()
        while waiting and len(pages) < self._options.most:
            fetched = self._ask(url := waiting.popleft())
            if fetched is None:
                continue
            self._read += 1
            yield fetched.record, 0
            listing = self._listing(url, fetched)
            pages |= dict.fromkeys(filter(self._wanted, map(address.canonical, listing.pages)))
            more = [name for name in self._near(url, listing.sitemaps) if name not in known]
            waiting.extend(more)
            known.update(more)
            if len(known) > _LISTS:
                raise ContentError(f"{url} leads to more than {_LISTS:,} sitemaps", "name those that matter")
        self._frontier.add((url, 1) for url in pages)

    def pages(self) -> Iterator[tuple[RawFile, int]]:
        """What was visited by an earlier process, then the rest."""
        self._frontier.add((url, 0) for url in self._start)
        for url in self._frontier.visited():
            record = self._intake.get(url).record
            self._welcome(url, record)
            yield record, self._total()
        while self._frontier.kept() < self._options.most and (page := self._frontier.next(self._late)):
            yield from self._visit(*page)

    def conclude(self) -> None:
        """Say what is not there, and raise what kept it away."""
        named = {*self._start, *self._listed}
        if named <= self._refused.keys():
            raise self._refused[next(iter(self._refused))]
        reached = self._frontier.kept() >= self._options.most and self._frontier.next()
        if self._late and not reached:
            raise next(iter(self._late.values()))
        if reached:
            more = self._frontier.total() - self._frontier.finished()
            self._intake.note(f"stopped at source.most = {self._options.most:,} pages; {more:,} more are known")
        if self._refused:
            first, error = next(iter(self._refused.items()))
            self._intake.note(f"{len(self._refused):,} pages may not be fetched, the first {first}: {error.message}")
        if self._elsewhere:
            self._intake.note(f"{self._elsewhere:,} pages redirect to other hosts or to what is excluded")

    def _visit(self, url: str, depth: int) -> Iterator[tuple[RawFile, int]]:
        """Fetch a page and find what it links to."""
        fetched = self._ask(url)
        if fetched is None:
            if url in self._refused:
                self._frontier.pass_over(url, refused=True)
            return
        again = self._frontier.state(url) is State.AGAIN
        self._welcome(url, fetched.record)
        final = address.declared(fetched.record.final_url) or url
        if not again and final != url and not self._first(final):
            self._frontier.pass_over(url)
            return
        found = self._found(fetched, final, search=depth < self._options.depth)
        wanted = [(link, depth + 1) for link in found.links if self._wanted(link)]
        names = dict.fromkeys(name for name in (final, found.canonical) if name and name != url)
        self._frontier.done(url, wanted, names)
        if not again:
            yield fetched.record, self._total()

    def _first(self, final: str) -> bool:
        """Whether the end of a redirect is a page that counts, and none that is kept already."""
        if address.host(final) not in self._hosts or self._exclude.fullmatch(final):
            self._elsewhere += 1
            return False
        return self._frontier.state(final) in (None, State.WAITING, State.REFUSED)

    def _found(self, fetched: Fetched, final: str, *, search: bool) -> links.Found:
        """The links of a page, unless it is too many steps away: then only what it calls itself."""
        if fetched.record.status != requests.codes.ok:
            return links.Found()
        with fetched.open() as stream:
            head = stream.read(links.HEAD)
            if not links.is_html(fetched.record.media_type, head):
                return links.Found()
            body = head + stream.read(_SEARCHED - len(head))
        if not search and b"canonical" not in body.lower():
            return links.Found()
        if fetched.record.bytes > _SEARCHED and search:
            self._intake.note(f"only the first {_SEARCHED:,} bytes of {final} were searched for links")
        found = links.find(body, final, self._options.follow)
        return found if search else links.Found(canonical=found.canonical)

    def _ask(self, url: str) -> Fetched | None:
        """A page or a list; None if its host is to be asked later, or if it may not be asked for."""
        try:
            return self._intake.get(url)
        except DeferredError as error:
            self._late[address.host(url)] = error
        except (RobotsError, ForbiddenError) as error:
            self._refused[url] = error
        except (NetworkError, ContentError) as error:
            if url not in self._start and url not in self._listed:
                error.hint = f"{error.hint}; or name it in source.exclude"
            raise
        return None

    def _listing(self, url: str, fetched: Fetched) -> sitemap.Listing:
        if fetched.record.status == requests.codes.ok:
            return sitemap.read(url, fetched.read())
        if url in self._listed:
            raise ContentError(f"{url} answered {fetched.record.status}", "check the address in the corpus file")
        return sitemap.Listing()  # an index may be older than what it names; its tombstone is kept

    def _near(self, url: str, sitemaps: Iterable[str]) -> list[str]:
        """The sitemaps that an index names, each once. Raises ContentError for one that the crawl may not reach."""
        names = {address.canonical(name): name for name in sitemaps}
        for name, spelt in names.items():
            if address.host(name) not in self._hosts:
                raise ContentError(f"{url} names a sitemap on another host: {spelt}", "name its host in source.hosts")
        return list(names)

    def _welcome(self, url: str, record: RawFile) -> None:
        """Where a start page redirects to is a host of the crawl too, unless the corpus file names them."""
        if url in self._start and not self._options.hosts and (final := address.canonical(record.final_url)):
            self._hosts.add(address.host(final))

    def _wanted(self, url: str) -> bool:
        if not url or address.host(url) not in self._hosts:
            return False
        return bool(self._include.fullmatch(url)) and not self._exclude.fullmatch(url)

    def _total(self) -> int:
        return self._read + min(self._options.most, self._frontier.total())


def _host(name: str) -> str:
    """A host as canonical addresses have it; "" for what is none."""
    return "" if re.search(r"[/?#@\\]", name) else address.host(address.canonical(f"https://{name}/"))


def _pattern(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """Any of some shell patterns; of none, what matches nothing."""
    return re.compile("|".join(map(fnmatch.translate, patterns)) or r"(?!)")
