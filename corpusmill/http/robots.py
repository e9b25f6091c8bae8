"""What a host's robots.txt allows (RFC 9309): asked once a day for each scheme, host and port, then judged by Protego.

    decision = Robots(ask).decide("https://host/path")
    decision.allowed, decision.why, decision.crawl_delay

It knows neither how robots.txt is fetched (`ask` does) nor how the delay is kept (`pace`). Where there is no file to
judge by:

=========================================  ==========================================================================
401, 403, 404, every other 4xx             all is allowed (2.3.1.3)
a chain of redirects too long, or endless  the same: the file counts as unavailable (2.3.1.2), as with Google
429, 5xx, any other status                 all is forbidden (2.3.1.4); asked again after ten minutes
no answer, too slow, no trusted TLS        the same
200 with a web page instead                all is allowed: a page holds no rules
=========================================  ==========================================================================

Protego merges groups, finds the longest match and knows ``*``, ``$`` and common misspellings, in linear time. What it
reads differently from the RFC is set right before it reads it; `_prepared` and `_octets` say what.
A reserved character weighs three octets in its longest match, percent-encoded as in 2.2.2, where Google counts one.
"""

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from string import printable
from urllib.parse import quote

from protego import Protego
from requests.utils import requote_uri
from urllib3.util import parse_url

from corpusmill.errors import CollectError, DeferredError, RedirectError
from corpusmill.http.clock import Clock

Ask = Callable[[str], tuple[int, bytes]]
"""The address of a robots.txt -> its status and at most the first LARGEST bytes, redirects followed; raises
CollectError when it cannot be had."""

AGENT = "corpusmill"
LARGEST = 500 << 10  # bytes of robots.txt that are read: the least that RFC 9309, 2.5 allows
MOST_DELAY = 60.0  # seconds: a larger Crawl-delay is a mistake, or a wish not to be crawled that has its own line
_DAY = 86_400.0  # seconds that an answer is kept (2.4)
_AGAIN = 600.0  # seconds until a host that could not be reached is asked again
_SEE = (401, 403)
_SLOW_DOWN = 429
_LONGEST = 16 << 10  # characters of an address; judging costs rules times length, 3 s where both are the most
_PORTS = {"http": 80, "https": 443}

_LINE = re.compile(
    r"(user[ -]?agent|dis+all?ow|disallaw|diasllow|allow|crawl[ -]delay|request[ -]rate)(?:\s*:|\s)(.*)", re.IGNORECASE
)
_TOKEN = re.compile(r"\*(?!\S)|[a-z0-9_-]*", re.IGNORECASE)
_NOBODY = "~"  # stands for every other agent: no product token holds it
_HIGH_OCTET = re.compile("%([89a-f][0-9a-f])", re.IGNORECASE)
_KEPT = "".join(printable.split())  # what `_octets` leaves as it is: visible ASCII


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether an address may be asked; `why` is kept with what was fetched, so it never tells the time."""

    allowed: bool
    why: str
    crawl_delay: float = 0.0  # seconds between two requests, at most MOST_DELAY


_Judge = Callable[[str], Decision]
"""What one host's robots.txt says: path and query -> decision."""


class Robots:
    """Decides about addresses, asking each host's robots.txt when it is first needed."""

    def __init__(self, ask: Ask, clock: Clock = Clock(), agent: str = AGENT) -> None:
        """`agent` is our product token, by which groups of rules name us."""
        self._ask, self._clock, self._agent = ask, clock, _token(agent)
        self._known: dict[str, tuple[_Judge, float]] = {}

    def decide(self, url: str) -> Decision:
        """Judge `url` as it would be sent: dots resolved, percent-encoding settled.

        A host that fails forbids all; only DeferredError passes, since a pause asked for says nothing of rules.
        """
        try:
            origin, target = _split(url)
        except ValueError:  # urllib3's LocationParseError is one
            return Decision(allowed=False, why="forbidden: no address of a page")
        if target.partition("?")[0] == "/robots.txt":
            return Decision(allowed=True, why="allowed: robots.txt itself")
        judge, until = self._known.get(origin, (None, 0.0))
        if judge is None or self._clock.monotonic() >= until:
            judge, kept = self._asked(origin)
            self._known[origin] = judge, self._clock.monotonic() + kept
        return judge(target)

    def _asked(self, origin: str) -> tuple[_Judge, float]:
        """Fetch the rules; how to judge by them, and for how many seconds."""
        try:
            status, body = self._ask(f"{origin}/robots.txt")
        except DeferredError:
            raise
        except RedirectError:
            return _all_allowed("robots.txt is redirected without end, which counts as none"), _DAY
        except CollectError as error:
            return _all_forbidden(f"robots.txt of {origin} could not be had ({type(error).__name__})"), _AGAIN
        if 200 <= status < 300:  # noqa: PLR2004  the class of success
            return self._read(origin, body), _DAY
        if 400 <= status < 500 and status != _SLOW_DOWN:  # noqa: PLR2004  the class of errors that are ours
            said = "robots.txt is not shown to us" if status in _SEE else "no robots.txt"
            return _all_allowed(f"{said} ({status})"), _DAY
        return _all_forbidden(f"robots.txt of {origin} answered {status}"), _AGAIN

    def _read(self, origin: str, body: bytes) -> _Judge:
        text = _decoded(body)
        if text.lstrip().startswith("<"):
            return _all_allowed("robots.txt is a web page, which holds no rules")
        rules = Protego.parse("\n".join(_prepared(text, self._agent)))
        delay, said = _delay(rules, self._agent)
        return partial(_judged, rules, self._agent, origin, delay, said)


def _all_allowed(said: str) -> _Judge:
    return lambda _target: Decision(allowed=True, why=f"allowed: {said}")


def _all_forbidden(said: str) -> _Judge:
    return lambda _target: Decision(allowed=False, why=f"forbidden: {said}, which forbids all")


def _judged(rules: Protego, agent: str, origin: str, delay: float, said: str, target: str) -> Decision:
    """Ask Protego, with a host of no meaning: it would take ``//path`` alone for a host."""
    if rules.can_fetch(f"http://host{_octets(target)}", agent):
        return Decision(allowed=True, why=f"allowed: robots.txt{said}", crawl_delay=delay)
    return Decision(allowed=False, why=f"forbidden: robots.txt of {origin}", crawl_delay=delay)


def _split(url: str) -> tuple[str, str]:
    """Origin, and path with query, as urllib3 and `requests` will send them. Raises ValueError."""
    parts = parse_url(requote_uri(parse_url(url).url))
    if parts.scheme not in _PORTS or not parts.host or len(url) > _LONGEST:
        raise ValueError(url)
    port = "" if parts.port in (None, _PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{parts.host}{port}", parts.request_uri


def _delay(rules: Protego, agent: str) -> tuple[float, str]:
    """Seconds between two requests, from Crawl-delay or Request-rate, whichever is longer; and how to say so."""
    rate = rules.request_rate(agent)
    # Integers of any length are allowed in a rate, and do not all fit a float; the hours it may name are not looked at.
    spaced = min(rate.seconds, rate.requests * 10**9) / rate.requests if rate else 0.0
    asked, name = max((rules.crawl_delay(agent) or 0.0, "crawl-delay"), (spaced, "request-rate, one in"))
    if not asked:
        return 0.0, ""
    capped = f", capped at {MOST_DELAY:g} s" if asked > MOST_DELAY else ""
    return min(asked, MOST_DELAY), f", {name} {asked:.10g} s{capped}"


def _decoded(body: bytes) -> str:
    """The text of as much as is read; a line that the limit cuts is left out, for half a path is another path.

    A byte that is no UTF-8 becomes a surrogate, which `_octets` turns into the same octet percent-encoded.
    """
    if len(body) >= LARGEST:
        body = body[:LARGEST]
        body = body[: max(body.rfind(b"\n"), body.rfind(b"\r")) + 1]
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return body.decode("utf-16", "replace")
    return body.decode("utf-8-sig", "surrogateescape")


def _prepared(text: str, agent: str) -> Iterator[str]:
    """The lines that matter, as Protego reads them rightly.

    It would end a line at U+2028 or a form feed (2.2: only CR, LF, CRLF do), end the list of agents of a group at a
    line it does not know (2.2.4), take "corpus" for us and "CorpusMill/1.0" for another (2.2.1), and copy each rule for
    each agent, half a megabyte into gigabytes.
    """
    for line in re.split(r"\r\n?|\n", text):
        found = _LINE.match(line.partition("#")[0].strip())
        if not found:
            continue
        field, value = found[1].lower(), found[2].strip()
        if field.startswith("user"):
            token = _token(value)
            yield f"User-agent: {token if token in (agent, '*') else _NOBODY}"
        elif field[0] in "da":
            name = "Allow" if field == "allow" else "Disallow"
            yield from (f"{name}: {path}" for path in _spellings(_octets(value)))
        else:
            yield f"{field}: {' '.join(value.split())}"


def _token(value: str) -> str:
    """The product token that a User-agent value begins with, in lower case: "CorpusMill/1.0" names corpusmill."""
    found = _TOKEN.match(value)
    return found[0].lower() if found else ""


def _spellings(path: str) -> list[str]:
    """A slash in a query may be encoded or not (the second example of 2.2.2), which Protego tells apart."""
    head, mark, query = path.partition("?")
    plain, encoded = re.sub("%2f", "/", query, flags=re.IGNORECASE), query.replace("/", "%2F")
    return sorted({path, head + mark + plain, head + mark + encoded})


def _octets(path: str) -> str:
    """Visible ASCII, and octets above it as ``~E9``: just as long as ``%E9``, so that the longest match stays so.

    Protego would take all octets that are not UTF-8 for the same one, and fail on surrogates.
    """
    quoted = quote(path.encode("utf-8", "surrogateescape"), safe=_KEPT)
    return _HIGH_OCTET.sub(lambda found: f"~{found[1].upper()}", quoted)
