"""Connections to addresses that may be asked: none of a private network (`private`), unless that is allowed.

A name is judged by what it resolves to, when the connection is opened, and the connection goes to that very address:
a second look-up could be answered otherwise (DNS rebinding). A connection that is kept open was judged when it was
opened, so a request costs nothing more. What a proxy connects to is the proxy's affair: then only hosts that spell an
address are judged.
"""

import functools
import re
import socket
import stringprep
import sys
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import SplitResult, unquote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import allowed_gai_family

from corpusmill.errors import ForbiddenError
from corpusmill.http.chunks import WholeResponse
from corpusmill.http.private import forbidden
from corpusmill.http.watchdog import Watchdog

Resolve = Callable[..., Sequence[tuple[Any, ...]]]
"""`socket.getaddrinfo`, or what stands in for it."""

PORTS = {"http": 80, "https": 443}
_HINT = "only public hosts are asked, unless private ones are allowed"

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NO_HOST = re.compile(r"[\s\\\x00-\x1f\x7f-\x9f]")  # a backslash is "/" to some and a letter to others


def parts_of(url: str) -> SplitResult:
    """The parts of an address of a form that may be asked: http or https, a host, no login, no control characters.

    Raises ForbiddenError. It names the host alone, since the rest may hold secrets.
    """
    try:
        parts = urlsplit(url)
        where, _ = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", parts.port
    except ValueError:
        raise ForbiddenError("an address cannot be read", "mend its host or port") from None  # it quotes the login
    if parts.scheme not in PORTS:
        raise ForbiddenError(f"an address is of the scheme {parts.scheme!r}", "only http and https are asked")
    if CONTROL.search(url):
        raise ForbiddenError(f"an address at {where!r} holds control characters", "mend the address")
    if not parts.hostname or _NO_HOST.search(unquote(parts.netloc)):
        raise ForbiddenError(f"an address names no possible host: {where!r}", "mend the address")
    if "@" in parts.netloc:
        raise ForbiddenError(f"an address at {where!r} holds a login", "send it as a header instead")
    return parts


def check_url(url: str, *, allow_private: bool, exempt: str = "") -> None:
    """Refuse an address that may not be asked whatever its host resolves to. Raises ForbiddenError.

    `exempt` is the one ``host:port`` that may be anywhere. A name is not looked up here: `GuardedAdapter` judges it.
    """
    parts = parts_of(url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    if allow_private or _is(exempt, host, port):
        return
    spelled = _spelled(host, bracketed=parts.netloc.startswith("["))
    if spelled and (why := forbidden(spelled)):
        told = host if host == spelled else f"{host}, which spells {spelled},"
        raise ForbiddenError(f"{told} is {why}", _HINT)


@functools.lru_cache(1024)  # asked of every request, mostly of one host
def _spelled(host: str, *, bracketed: bool) -> str:
    """The address a host spells in any way that a resolver reads, or empty: ``0x7f.1``, ``2130706433``, ``①②⑦.1``."""
    if bracketed:
        return host
    name = unicodedata.normalize("NFKC", unquote(host)).lower().replace("。", ".").rstrip(".")
    name = "".join(letter for letter in name if not stringprep.in_table_b1(letter))  # RFC 3454: mapped to nothing
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761, 6.3
        return "127.0.0.1"
    try:
        return socket.inet_ntoa(socket.inet_aton(name))
    except (OSError, ValueError):
        return ""


def _is(exempt: str, host: str, port: int | None) -> bool:
    return re.sub(r"[\[\]]", "", f"{host}:{port}").lower() == re.sub(r"[\[\]]", "", exempt).lower()


@dataclass(slots=True)
class _Guard:
    """What the connections of one adapter go by, and how many there have been."""

    allow_private: bool
    exempt: str
    resolve: Resolve
    watchdog: Watchdog
    opened: int = 0

    def addresses(self, connection: HTTPConnection) -> Sequence[tuple[Any, ...]]:
        """What a connection's host resolves to. Raises ForbiddenError when any of it may not be reached."""
        host, port = connection._dns_host.strip("[]"), connection.port  # noqa: SLF001 - `host` has lost its last dot
        found = self.resolve(host, port, allowed_gai_family(), socket.SOCK_STREAM)
        # A proxy was named by whoever runs this; it is no host that a page can name.
        if self.allow_private or connection.proxy or _is(self.exempt, connection.host, port):
            return found
        for *_, place in found:
            if why := forbidden(str(place[0])):
                raise ForbiddenError(f"{connection.host} is at {place[0]}, {why}", _HINT)
        return found


class _Guarded(HTTPConnection):
    """A connection to an address that was judged, ended by the watchdog when its time is up."""

    guard: ClassVar[_Guard]
    response_class = WholeResponse

    def _new_conn(self) -> socket.socket:
        """As urllib3 does it, with our own look-up; the errors are those that urllib3 expects."""
        self.guard.opened += 1
        try:
            opened = self._connected(self.guard.addresses(self))
        except (socket.gaierror, UnicodeError) as error:
            failed = error if isinstance(error, socket.gaierror) else socket.gaierror(str(error))
            raise NameResolutionError(self.host, self, failed) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, f"{self.host} did not answer in time") from error
        except OSError as error:
            raise NewConnectionError(self, f"cannot connect to {self.host}: {error}") from error
        sys.audit("http.client.connect", self, self.host, self.port)
        return opened

    def _connected(self, addresses: Sequence[tuple[Any, ...]]) -> socket.socket:
        """A socket to the first address that answers."""
        failed = OSError(f"{self.host} has no address")
        for family, kind, protocol, _, place in addresses:
            opened = socket.socket(family, kind, protocol)
            try:
                self._connect(opened, place)
            except OSError as error:
                opened.close()
                failed = error
            except BaseException:
                opened.close()
                raise
            else:
                return opened
        raise failed

    def _connect(self, opened: socket.socket, place: Any) -> None:
        for option in self.socket_options or ():
            opened.setsockopt(*option)
        if self.source_address:
            opened.bind(self.source_address)
        self.guard.watchdog.watch(opened)
        self._limit(opened)
        opened.connect(place)
        self._limit(opened)  # for the TLS handshake, which takes the socket away from the watchdog

    def _limit(self, opened: socket.socket) -> None:
        """Let a step take no longer than is left of the whole."""
        seconds = [s for s in (self.timeout, self.guard.watchdog.left()) if s is not None and s < float("inf")]
        opened.settimeout(max(min(seconds), 0.001) if seconds else None)

    def _tunnel(self) -> None:
        """A proxy's answer that was cut looks like one that is whole: ask before TLS begins."""
        super()._tunnel()
        self.guard.watchdog.watch(self.sock)
        self._limit(self.sock)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # urllib3 does the same
        """Watched from here on, until the body is read, though the connection may be let go before."""
        self.guard.watchdog.watch(self.sock)
        return super().getresponse()


def _pools(guard: _Guard) -> dict[str, type[HTTPConnectionPool]]:
    """The pools that urllib3 makes for each scheme, with connections that go by `guard`."""
    plain = type("Plain", (_Guarded,), {"guard": guard})
    secure = type("Secure", (_Guarded, HTTPSConnection), {"guard": guard})
    return {
        "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }


class GuardedAdapter(HTTPAdapter):
    """What a `requests.Session` is mounted with, so that it reaches no private address.

    ForbiddenError and DeadlineError come out of ``Session.send`` as they are.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        exempt: str = "",
        resolve: Resolve = socket.getaddrinfo,
        watchdog: Watchdog | None = None,
        **settings: Any,
    ) -> None:
        """`exempt` is a ``host:port`` that may be reached wherever it is; `settings` are those of HTTPAdapter."""
        self._guard = _Guard(allow_private, exempt, resolve, watchdog or Watchdog())
        self._pools = _pools(self._guard)
        super().__init__(**settings)

    @property
    def opened(self) -> int:
        """How many connections have been made, or tried: a request that adds none went over one that was kept."""
        return self._guard.opened

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Have the connections made by us."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Likewise with a proxy, so that they are watched."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Through a proxy, only what the address itself says can be judged. Raises ForbiddenError."""
        if kwargs.get("proxies"):
            guard = self._guard
            check_url(request.url or "", allow_private=guard.allow_private, exempt=guard.exempt)
        return super().send(request, *args, **kwargs)
