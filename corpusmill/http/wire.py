"""One request on the wire, and the chain of redirects that it leads to. It knows hosts and time, not bodies.

`requests` prepares and sends; its Session is left out, since that reads the body of every redirect into memory, follows
the environment's .netrc and keeps cookies.
"""

import base64
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit, urlunsplit

import requests
import urllib3

from corpusmill.errors import ContentError, DeadlineError, NetworkError, RedirectError, SpecError, UnreachableError
from corpusmill.http.chunks import ContradictionError
from corpusmill.http.clock import Clock
from corpusmill.http.guard import GuardedAdapter, check_url
from corpusmill.http.network import Network, innermost, reason
from corpusmill.http.pace import Pace
from corpusmill.http.redirect import MOST, hop, kept
from corpusmill.http.tally import Limits, Tally
from corpusmill.http.watchdog import Watchdog
from corpusmill.secrets import Secrets

Send = Callable[[requests.PreparedRequest], requests.Response]
"""What carries a request to a host and brings the answer, its body unread."""

TIMEOUTS = (10.0, 30.0)  # seconds to connect, and between two pieces of a body
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NONE: Mapping[str, str] = MappingProxyType({})
# Its debug lines show every address as it is sent, secrets and all.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


@dataclass(slots=True)
class Allowance:
    """Seconds that one fetch may still take on the wire."""

    left: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of a chain of redirects; `robots` is what allowed the last hop."""

    response: requests.Response
    url: str
    robots: str


class Wire:
    """Sends requests, one at a time, each when its host may be asked."""

    def __init__(
        self,
        network: Network,
        secrets: Secrets,
        limits: Limits,
        tally: Tally,
        pace: Pace,
        clock: Clock,
        send: Send | None = None,
    ) -> None:
        """`send` stands in for the network."""
        self.network, self.secrets, self.limits = network, secrets, limits
        self.tally, self.pace, self.clock = tally, pace, clock
        self._watchdog = Watchdog()
        self._mirror = network.mirror.rstrip("/")
        parts = urlsplit(self._mirror)
        self._exempt = (
            f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}" if self._mirror else ""
        )
        self._adapter = GuardedAdapter(
            allow_private=network.allow_private, exempt=self._exempt, watchdog=self._watchdog
        )
        self._send = send or self._carry
        self._settings: dict[tuple[str, str], dict[str, Any]] = {}
        self._headers = {"User-Agent": network.agent, "Accept-Encoding": "gzip", "Accept": "*/*"}

    def follow(
        self,
        url: str,
        headers: Mapping[str, str] = _NONE,
        *,
        allow: Callable[[str], tuple[str, float]] | None = None,
        extra: Callable[[str], Mapping[str, str]] = lambda _url: _NONE,
        allowance: Allowance | None = None,
        hops: int = MOST,
        seen: list[str] | None = None,
    ) -> Answer:
        """Ask for `url` and for what it redirects to; the last answer's body is unread.

        `allow` is asked about each hop before it is made; `extra` gives headers that are for that hop alone; `seen`
        is filled with the addresses that redirected. Raises
        NetworkError, RedirectError, ForbiddenError, DeferredError, and what `allow` raises.
        """
        allowance = allowance or Allowance(self.limits.deadline)
        seen = [] if seen is None else seen
        url = urldefrag(url).url
        while True:
            robots, delay = allow(url) if allow else ("", 0.0)
            response = self._ask(url, {**headers, **extra(url)}, delay, allowance)
            if response.status_code not in _REDIRECTS:
                return Answer(response, url, robots)
            location = self.secrets.hide(response.headers.get("Location", ""))
            response.close()
            seen.append(url)
            if len(seen) > hops:
                raise RedirectError(f"{self.secrets.hide(seen[0])} redirects more than {hops} times", self.hint())
            target = hop(url, self._true_address(url, location), seen)
            headers, url = kept(headers, url, target), target

    @contextmanager
    def within(self, url: str, allowance: Allowance) -> Iterator[None]:
        """Let the block use the wire for what is left of the allowance, and say in our words what goes wrong."""
        began = time.monotonic()
        try:
            with self._told(url), self._watchdog.within(max(allowance.left, 0.001)):
                yield
        finally:
            allowance.left -= time.monotonic() - began

    def late(self) -> bool:
        """Whether the time of the block is up, though bytes may still lie in a buffer."""
        return self._watchdog.left() <= 0

    def close(self) -> None:
        """Let go of the connections that are kept alive."""
        self._adapter.close()

    def pause(self, url: str, seconds: float) -> None:
        """Wait before asking the same host again."""
        if seconds > 0:
            self.tally.waited += self.pace.rest(host_of(url), seconds)

    def hint(self) -> str:
        """What to do about a host that does not answer."""
        if self._mirror:
            return f"is the mirror at {self._mirror} running and whole?"
        return "check the network, or use what was collected before with --offline"

    def _ask(self, url: str, headers: Mapping[str, str], delay: float, allowance: Allowance) -> requests.Response:
        self.tally.spend(self.limits, self.clock.monotonic)
        host = host_of(url)
        if not self.network.near or host in self.pace.parked:
            self.tally.waited += self.pace.wait(host, delay)
        request = self._prepared(url, headers)
        began = self.clock.monotonic()
        with ExitStack() as late:  # an answer that comes with the deadline is closed
            with self.within(url, allowance):
                response = late.enter_context(self._send(request))
            late.pop_all()
        self.pace.note(host, self.clock.monotonic() - began, response.status_code)
        return response

    def _prepared(self, url: str, headers: Mapping[str, str]) -> requests.PreparedRequest:
        address, login = _login_apart(self.secrets.fill(self._address(url)))
        check_url(address, allow_private=self.network.allow_private, exempt=self._exempt)
        filled = {name: self.secrets.fill(value) for name, value in headers.items()}
        with self._told(url):
            try:
                return requests.Request("GET", address, headers=self._headers | login | filled).prepare()
            except (requests.exceptions.InvalidHeader, UnicodeError) as error:
                raise SpecError("a header of source.headers cannot be sent", "mend its characters") from error

    def _carry(self, request: requests.PreparedRequest) -> requests.Response:
        assert request.url
        parts = urlsplit(request.url)
        where = (parts.scheme, parts.netloc)
        if where not in self._settings:
            self._settings[where] = self._environment(request.url)
        opened = self._adapter.opened
        try:
            return self._adapter.send(request, stream=True, timeout=TIMEOUTS, **self._settings[where])
        except requests.exceptions.ConnectionError as error:
            if self._adapter.opened > opened or not isinstance(innermost(error), ConnectionError):
                raise
        # A connection that was kept alive may end just when it is used again, which is no failure of the host.
        self.tally.spend(self.limits, self.clock.monotonic)
        return self._adapter.send(request, stream=True, timeout=TIMEOUTS, **self._settings[where])

    def _environment(self, url: str) -> dict[str, Any]:
        """Proxies and certificates that the environment names; a mirror is reached directly, whatever it says."""
        if self._mirror:
            return {"verify": True, "proxies": {}}
        settings = requests.Session().merge_environment_settings(url, {}, stream=True, verify=None, cert=None)
        return {key: settings[key] for key in ("verify", "proxies")}

    def _address(self, url: str) -> str:
        if not self._mirror:
            return url
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        return f"{self._mirror}/{parts.netloc.rpartition('@')[2]}{parts.path}{query}"

    def _true_address(self, url: str, location: str) -> str:
        """Where a redirect leads, the mirror's rewriting undone; the scheme is kept, since a mirror has one for all."""
        if not self._mirror or not location:
            return location
        try:
            absolute = urljoin(self._address(url), location)
        except ValueError:
            return location
        inside = absolute.startswith(f"{self._mirror}/")
        return f"{urlsplit(url).scheme}://{absolute.removeprefix(self._mirror)[1:]}" if inside else absolute

    @contextmanager
    def _told(self, url: str) -> Iterator[None]:
        """Say what goes wrong in our words, without secrets. The disk's errors are not the network's, and pass."""
        shown = self.secrets.hide(url)
        try:
            yield
        except DeadlineError as error:
            raise DeadlineError(f"{shown} took longer than {self.limits.deadline:g} s", self.hint()) from error
        except (requests.exceptions.SSLError, urllib3.exceptions.SSLError) as error:
            raise NetworkError(f"cannot trust {shown}: {self.secrets.hide(reason(error))}", self.hint()) from error
        except (requests.exceptions.InvalidURL, UnicodeError) as error:
            message = f"cannot ask for {shown}: {self.secrets.hide(reason(error))}"
            raise NetworkError(message, "mend the address") from error
        except (requests.exceptions.InvalidHeader, urllib3.exceptions.InvalidHeader) as error:
            raise ContentError(f"{shown} contradicts itself about its length", "tell the host's owner") from error
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            if isinstance(innermost(error), ContradictionError):
                raise ContentError(f"{shown} contradicts itself about its length", "tell the host's owner") from error
            by_proxy = isinstance(error, requests.exceptions.ProxyError)
            via = " through the proxy that the environment names" if by_proxy else ""
            message = f"cannot fetch {shown}{via}: {self.secrets.hide(reason(error))}"
            raise UnreachableError(message, self.hint()) from error


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: what a validator or a login belongs to. Raises NetworkError for what is no address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NetworkError(f"{url[:200]!r} is no address: {error}", "write it as https://host/path") from error
    return parts.scheme, parts.hostname or "", port or (443 if parts.scheme == "https" else 80)


def host_of(url: str) -> str:
    """Host and port as an address has them: what a pace is kept for. No login."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _login_apart(url: str) -> tuple[str, dict[str, str]]:
    """``https://user:word@host/`` -> the address without, and the header that says the same."""
    parts = urlsplit(url)
    userinfo, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, {}
    token = base64.b64encode(unquote(userinfo).encode()).decode()
    return urlunsplit(parts._replace(netloc=host)), {"Authorization": f"Basic {token}"}
