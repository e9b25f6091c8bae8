"""The only way to the network: a client that fetches whole bodies, politely, or says why not.

    client = Client(Network(mirror="http://127.0.0.1:8000"))
    fetched = client.get("https://host/path", known=record_of_last_time)

It knows addresses, not corpora. One request at a time: robots.txt is asked first (`robots`), a host is given time
(`pace`) by all who share it (`gate`), private addresses are refused when the connection is opened (`guard`), redirects
are followed hop by hop (`redirect`), a body is whole or refused (`body`), a cut one is gone on with (`part`), what it
costs is counted (`tally`). With a mirror set, ``https://host/path`` is asked of ``MIRROR/host/path`` and recorded under
its true address, so a snapshot taken from a mirror is the same as one taken from the source.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from urllib3 import Retry

from corpusmill.errors import (
    CollectError,
    ContentError,
    DeferredError,
    ForbiddenError,
    NetworkError,
    RobotsError,
    TruncatedError,
)
from corpusmill.http.attempt import Attempt, attempts
from corpusmill.http.body import opened
from corpusmill.http.clock import Clock
from corpusmill.http.gate import ALONE, Gate
from corpusmill.http.network import Network
from corpusmill.http.pace import PATIENCE, Pace
from corpusmill.http.part import SPILL, Part
from corpusmill.http.record import now
from corpusmill.http.robots import LARGEST, Robots
from corpusmill.http.tally import Limits, Tally
from corpusmill.http.wire import Allowance, Send, Wire, origin
from corpusmill.secrets import Secrets
from corpusmill.types import RawFile

__all__ = [
    "ALONE",
    "RETRIES",
    "Client",
    "Clock",
    "Fetched",
    "Gate",
    "Limits",
    "Network",
    "Pace",
    "Send",
    "Tally",
    "now",
]

RETRIES = Retry(
    total=4,
    backoff_factor=0.5,
    backoff_jitter=0.5,
    status_forcelist=(408, 425, 429, 500, 502, 503, 504),
    allowed_methods=("GET",),
    retry_after_max=PATIENCE,
    raise_on_status=False,
)
NOTHING: Mapping[str, str] = MappingProxyType({})
_ROBOTS_HOPS = 5  # RFC 9309, 2.3.1.2
_ROBOTS_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """One answer. `unchanged`: the host says that the record given as known still holds, and sent no body."""

    record: RawFile
    unchanged: bool = False
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # of the answer, names in lower case
    opener: Callable[[], BinaryIO] | None = field(default=None, repr=False)
    closer: Callable[[], None] | None = field(default=None, repr=False)

    def open(self) -> BinaryIO:
        """A reader of the body, decoded. Raises ContentError where there is none: 304."""
        if self.opener is None:
            raise ContentError(f"{self.record.url} was not sent again", "read it from the store")
        return self.opener()

    def read(self) -> bytes:
        """The body, decoded."""
        with self.open() as body:
            return body.read()

    def close(self) -> None:
        """Let the body go: it is kept elsewhere now, or not wanted."""
        if self.closer:
            self.closer()


class Client:
    """Fetches over HTTP, one body after another. Not for several threads at once."""

    def __init__(
        self,
        network: Network = Network(),
        *,
        limits: Limits = Limits(),
        parts: Path | None = None,
        secrets: Secrets = Secrets({}),
        send: Send | None = None,
        retries: Retry = RETRIES,
        clock: Clock = Clock(),
        pace: Pace | None = None,
        gate: Gate = ALONE,
        spill: int = SPILL,
    ) -> None:
        """`parts` is for long bodies that were cut; others pass `gate`, too; `send` is a test's network."""
        self.network, self.limits, self.parts, self.secrets = network, limits, parts, secrets
        self.tally = Tally()
        self.told: Callable[[str, int, int], None] = lambda _url, _received, _total: None
        self._retries, self._clock, self._spill, self._sender = retries, clock, spill, send
        self._gate = gate
        shared = ALONE if network.near else gate  # nobody is spared by waiting for a mirror on this machine
        self.pace = pace or Pace(clock, start=max(limits.delay, 1.0), least=limits.delay, gate=shared)
        self._wire = Wire(network, secrets, limits, self.tally, self.pace, clock, send)
        self._robots = Robots(self._ask_robots, clock)
        self._stopped: dict[tuple[str, str, int], CollectError] = {}

    def get(self, url: str, known: RawFile | None = None, headers: Mapping[str, str] = NOTHING) -> Fetched:
        """Fetch `url` whole; `known` is what the host gave last time, sent again only when it has changed.

        A 404 or 410 is returned, with an empty body; every other error status is raised. ``${NAME}`` in the address
        and in `headers` stands for a secret. Raises NetworkError, ContentError, RobotsError, ForbiddenError,
        DeferredError, with their kinds.
        """
        part = Part(url, self.parts, self._spill)
        attempt = Attempt(url=url, known=known, headers=headers, part=part, told=self.told, allow=self.allow)
        try:
            answer = attempts(self._wire, attempt, self._retries)
        except BaseException as error:
            if isinstance(error, ContentError) and not isinstance(error, TruncatedError):
                part.clear()  # more of the same would be no better
            part.keep()
            raise
        opener = None if answer.unchanged else partial(opened, part)
        return Fetched(answer.record, answer.unchanged, answer.headers, opener, part.clear)

    def close(self) -> None:
        """Let go of the connections that are kept alive."""
        self._wire.close()

    def bounded(self, limits: Limits, parts: Path) -> "Client":
        """Another client that asks in the same way, with limits and a folder for long bodies of its own."""
        return Client(
            self.network,
            limits=limits,
            parts=parts,
            secrets=self.secrets,
            send=self._sender,
            retries=self._retries,
            clock=self._clock,
            gate=self._gate,
            spill=self._spill,
        )

    def allow(self, url: str) -> tuple[str, float]:
        """What robots.txt says of an address: the words for its record, and the seconds between requests.

        Raises RobotsError.
        """
        shown = self.secrets.hide(url)
        decision = self._robots.decide(shown)
        if stopped := self._stopped.get(origin(url)):  # nobody answered, or could be asked, which forbids all for now
            raise stopped
        if not decision.allowed:
            raise RobotsError(f"{shown} may not be fetched, {decision.why}", "leave it out of the corpus")
        return decision.why, decision.crawl_delay

    def _ask_robots(self, url: str) -> tuple[int, bytes]:
        """A robots.txt, or the beginning of a long one, however it is framed."""
        allowance = Allowance(min(self.limits.deadline, _ROBOTS_SECONDS))
        self._stopped.pop(origin(url), None)
        seen: list[str] = []
        try:
            answer = self._wire.follow(url, hops=_ROBOTS_HOPS, allowance=allowance, seen=seen)
        except (DeferredError, ForbiddenError, NetworkError) as error:
            if not seen:  # where else robots.txt was looked for says nothing of the host itself
                self._stopped[origin(url)] = error
            raise
        body = bytearray()
        with answer.response as response, self._wire.within(url, allowance):
            while len(body) < LARGEST and (piece := response.raw.read1(1 << 16, decode_content=True)):
                body += piece
        self.tally.received += len(body)
        return response.status_code, bytes(body[:LARGEST])
