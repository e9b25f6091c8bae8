"""Workers that ask the same hosts keep together the pace of one: a gate made of Prefect's global concurrency limits.

    with shared() as gate:
        client = Client(network, gate=gate)

The client's own pace stays below it, and is all there is when no server answers. Each host has a limit of its own,
``corpusmill-host-<host>``, made by whoever asks it first: Prefect lets everybody pass a limit that is missing.

A request takes all of the limit's 100 slots, and they come free one by one during the host's delay. So the server alone
decides whose turn it is, a worker that ends has nothing to give back, and whoever has to wait can read, without looking
at a clock, how much of the delay is left. A host that asks for a rest (Retry-After) is as if it had been asked as often
as takes so long: what is left then is the rest. It stands in the row that is read anyway, and is gone when it is over.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

import httpx
import msgspec

from corpusmill.http import ALONE, Gate
from flows import api

Route = Literal["/v2/concurrency_limits/", "/v2/concurrency_limits/{id_or_name}", "/v2/concurrency_limits/increment"]

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

PREFIX = "corpusmill-host-"
SLOTS = 100  # that a request takes: the rest of a delay can be read to a hundredth
_SECONDS = 5.0  # that the server may take to answer
_AWAY = 60.0  # seconds that a server is not asked again which did not answer
_LEAST, _USUAL = 0.01, 1.0  # seconds between requests: less is none; where only a rest is asked for
_SAME = 1.1  # delays whose ratio is less are the same
_STEADY = 5  # requests in a row for which a host was quicker than agreed before the others are told
_OLD = 3600.0  # seconds after which what was agreed says nothing about the host of today
_SPREAD = 0.05  # of a delay: not all who wait come back at the same moment
_MOST = 2**31 - 1  # slots that the database can hold
_ALONE = "the other workers' requests are not known, since Prefect's server does not answer: each keeps its own pace"
_LOCKED, _BUSY, _CONFLICT, _MISSING = 423, 503, 409, 404
_TRIES, _PAUSE = 6, (0.02, 0.1)  # of a server that is busy, and seconds between two


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit as the server shows it: `active_slots` are those that have not come free yet."""

    limit: int
    active_slots: int
    slot_decay_per_second: float
    updated: datetime

    @property
    def is_ours(self) -> bool:
        """Whether it can hold a pace; one made by hand may not."""
        return self.limit == SLOTS and self.slot_decay_per_second > 0

    @property
    def delay(self) -> float:
        """Seconds between two requests."""
        return SLOTS / self.slot_decay_per_second

    @property
    def left(self) -> float:
        """Seconds until the next one."""
        return self.active_slots / self.slot_decay_per_second

    @property
    def is_old(self) -> bool:
        """Whether nobody has asked the host for a long time."""
        return (datetime.now(UTC) - self.updated).total_seconds() > _OLD


@contextmanager
def shared() -> Iterator[Gate]:
    """The gate of a flow run's collect: among all workers of the configured server; alone on a server of one's own."""
    from prefect import get_run_logger
    from prefect.client.orchestration import get_client
    from prefect.settings import get_current_settings

    if api.is_own() or not get_current_settings().api.url:
        yield ALONE
        return
    with get_client(sync_client=True, httpx_settings={"timeout": _SECONDS}) as client:
        yield Limits(client, get_run_logger().warning)


class Limits:
    """A gate for every host. Where the server fails, the client's own pace is what is left, and `say` is told once."""

    def __init__(self, client: "SyncPrefectClient", say: Callable[[str], object]) -> None:
        """`client` is asked at once or not at all: nothing is tried again here."""
        from prefect.context import get_settings_context
        from prefect.settings import temporary_settings

        self._client, self._say = client, say
        with temporary_settings({"client.max_retries": 0}):  # making it takes longer than a request
            self._impatient = get_settings_context()
        self._away = 0.0  # of time.monotonic
        self._told = False
        self._quicker: dict[str, int] = {}  # requests in a row, by limit

    def turn(self, host: str, delay: float) -> float:
        """0.0 where the turn is taken, or there is no server to ask; else the seconds until one may be free."""
        return self._reached(lambda: self._turn(_name(host), max(delay, _LEAST)))

    def rest(self, host: str, seconds: float) -> None:
        """Take as many slots as come free in so many seconds; of two rests the one that ends later counts."""
        self._reached(lambda: self._rest(_name(host), seconds))

    def _reached(self, asking: Callable[[], float]) -> float:
        """What the server says; 0.0 where it does not, and then it is left alone for a minute."""
        if time.monotonic() < self._away:
            return 0.0
        try:
            return asking()
        except (httpx.HTTPError, msgspec.DecodeError) as error:
            self._away = time.monotonic() + _AWAY
            if not self._told:
                self._say(f"{_ALONE} ({' '.join(str(error).split()) or type(error).__name__})")
            self._told = True
            return 0.0

    def _rest(self, name: str, seconds: float) -> float:
        limit = self._read(name, _USUAL)
        if seconds > limit.left:
            self._set(name, active_slots=min(int(seconds * limit.slot_decay_per_second) + 1, _MOST))
        return seconds

    def _turn(self, name: str, delay: float) -> float:
        limit = self._read(name, delay)
        if limit.left:
            return limit.left + random.uniform(0, _SPREAD * limit.delay)
        if not self._taken(name):  # somebody was quicker
            return limit.delay
        self._agree(name, limit, delay)
        return 0.0

    def _read(self, name: str, delay: float) -> Limit:
        """The limit, made or mended where it has to be. Two who make it at once make one."""
        answer = self._ask("GET", "/v2/concurrency_limits/{id_or_name}", name, accept=_MISSING)
        if answer.status_code == _MISSING:
            made = {"name": name, "limit": SLOTS, "slot_decay_per_second": SLOTS / delay}
            self._ask("POST", "/v2/concurrency_limits/", name, made, accept=_CONFLICT)
            answer = self._ask("GET", "/v2/concurrency_limits/{id_or_name}", name)
        limit = msgspec.json.decode(answer.content, type=Limit)
        if limit.is_ours:
            return limit
        self._set(name, limit=SLOTS, slot_decay_per_second=SLOTS / delay)
        return replace(limit, limit=SLOTS, slot_decay_per_second=SLOTS / delay)

    def _taken(self, name: str) -> bool:
        """Whether all slots were free. An answer that names no limit means that somebody has deleted it."""
        wanted = {"names": [name], "slots": SLOTS, "mode": "rate_limit"}
        answer = self._ask("POST", "/v2/concurrency_limits/increment", name, wanted, accept=_LOCKED)
        return answer.status_code != _LOCKED and bool(answer.json())

    def _agree(self, name: str, limit: Limit, delay: float) -> None:
        """Tell the others of a host that is slower at once, of a quicker one when it has been so for a while.

        The turn is taken and the host waits to be asked, so a server that is busy is not told now but the next time.
        """
        quicker = self._quicker[name] = self._quicker.get(name, 0) + 1 if delay * _SAME < limit.delay else 0
        if delay > limit.delay * _SAME or (limit.is_old and quicker):
            self._set(name, at_once=True, slot_decay_per_second=SLOTS / delay)
        elif quicker >= _STEADY and self._set(
            name, at_once=True, slot_decay_per_second=SLOTS / max(delay, limit.delay / 2)
        ):
            self._quicker[name] = 0

    def _set(self, name: str, *, at_once: bool = False, **values: float) -> bool:
        """Whether the server knows it now; `at_once`, one that is busy is not asked again and does not."""
        answer = self._ask("PATCH", "/v2/concurrency_limits/{id_or_name}", name, values, accept=_BUSY if at_once else 0)
        return answer.status_code != _BUSY

    def _ask(
        self, method: Literal["GET", "POST", "PATCH"], route: Route, name: str, body: Any = None, accept: int = 0
    ) -> httpx.Response:
        """Raises httpx.HTTPError, unless the status is the one to `accept`.

        A server on SQLite says 503 to one of two who write at the same moment.
        """
        for again in reversed(range(_TRIES)):
            try:
                with self._impatient:
                    return self._client.request(method, route, path_params={"id_or_name": quote(name)}, json=body)
            except httpx.HTTPStatusError as error:
                if error.response.status_code == accept:
                    return error.response
                if error.response.status_code != _BUSY or not again:
                    raise
            time.sleep(random.uniform(*_PAUSE))
        raise AssertionError("the last try returns or raises")


def _name(host: str) -> str:
    """Prefect allows no ``/ % & > <`` in a name."""
    return PREFIX + "".join("_" if c in "/%&<>" else c for c in host.lower())
