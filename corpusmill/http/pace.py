"""When a host may be asked again: a token bucket for each, slower when the host is, silent when it asks for a pause.

    pace.wait("host", decision.crawl_delay)   # before every request
    pace.note("host", latency, status)        # after its headers came
    pace.park("host", until)                  # Retry-After asks for longer than we wait
    pace.rest("host", seconds)                # it failed: a pause before it is asked once more

It knows hosts and seconds, neither addresses nor why a host is slow. The delay between requests follows Scrapy's
AutoThrottle (scrapy/extensions/throttle.py): half way to what the host took, at once if it took longer, and never less
after an error, which is often quicker to make than a page. Who shares a host with others passes a `gate` as well, when
the own wait is over.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NoReturn

from corpusmill.errors import DeferredError
from corpusmill.http.clock import Clock
from corpusmill.http.gate import ALONE, Gate

PATIENCE = 120  # seconds: a host that asks for more is left alone until then
_GOOD = (200, 304)
_TELL = 1.0  # seconds between two words about the same wait
_END = datetime(9999, 12, 31, tzinfo=UTC).timestamp()  # the last day that a date can name
_LONGEST = 1e10  # seconds, three centuries: a longer Retry-After means the same, never
# One value of Retry-After among several joined by commas; only the names of days are followed by a comma of their own.
_VALUE = re.compile(r"(?:\s*(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,)?[^,]*", re.IGNORECASE)


def _nobody(_host: str, _seconds: float) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class _Bucket:
    """What a host may still be asked at once: `tokens` at the moment `since`, one more every `delay` seconds."""

    delay: float
    tokens: float
    since: float
    crawl_delay: float = 0.0  # what robots.txt said last


class Pace:
    """Spaces the requests to each host."""

    def __init__(
        self,
        clock: Clock = Clock(),
        *,
        start: float = 1.0,
        least: float = 0.25,
        most: float = 60.0,
        concurrency: float = 1.0,
        burst: int = 1,
        waiting: Callable[[str, float], None] = _nobody,
        gate: Gate = ALONE,
    ) -> None:
        """Seconds: `start` between the first requests, then from `least` to `most`.

        `concurrency` is how many requests a host should have at a time on average, `burst` how many may go at once
        after a rest; `waiting` is told host and seconds left before each sleep, about every second. `parked` holds
        host -> unix seconds, and may be filled from what an earlier run kept.
        """
        self.parked: dict[str, float] = {}
        self.waiting = waiting
        self._gate = gate
        self._clock, self._start, self._least, self._most = clock, start, least, most
        self._concurrency, self._burst = concurrency, burst
        self._buckets: dict[str, _Bucket] = {}

    def wait(self, host: str, crawl_delay: float = 0.0) -> float:
        """Sleep until `host` may be asked, by all who share it; returns the seconds slept.

        A crawl delay is a floor under the delay, whatever the host's speed, and allows no burst. Raises DeferredError
        while the host is parked, by us or by others.
        """
        self._refuse_parked(host)
        bucket = self._bucket(host)
        bucket.crawl_delay = crawl_delay
        bucket.delay = self._within(bucket.delay, bucket)
        capacity = 1.0 if crawl_delay > 0 else float(self._burst)
        bucket.tokens = min(bucket.tokens, capacity)
        slept = self._sleep(host, bucket.since + (1.0 - bucket.tokens) * bucket.delay)
        slept += self._take_turn(host, bucket.delay)
        now = self._clock.monotonic()
        gained = (now - bucket.since) / bucket.delay if bucket.delay else capacity
        bucket.tokens = max(0.0, min(capacity, bucket.tokens + gained) - 1.0)
        bucket.since = now
        return slept

    def note(self, host: str, latency: float, status: int) -> None:
        """Learn from an answer: the seconds until its headers came, and its status."""
        bucket = self._bucket(host)
        target = latency / self._concurrency
        delay = self._within(max(target, (bucket.delay + target) / 2), bucket)
        if status in _GOOD or delay > bucket.delay:
            bucket.delay = delay

    def park(self, host: str, until: float) -> None:
        """Leave `host` alone until then, in unix seconds; of two such dates the later counts."""
        self.parked[host] = until = min(max(until, self.parked.get(host, 0.0)), _END)
        self._gate.rest(host, until - self._clock.time())

    def rest(self, host: str, seconds: float) -> float:
        """Sleep before `host` is asked once more, while nobody else asks it either; returns the seconds."""
        self._gate.rest(host, seconds)
        self.waiting(host, seconds)
        self._clock.sleep(seconds)
        return seconds

    def _refuse_parked(self, host: str) -> None:
        until = self.parked.get(host, 0.0)
        if until > self._clock.time():
            self._defer(host, until)
        self.parked.pop(host, None)

    def _defer(self, host: str, until: float) -> NoReturn:
        when = datetime.fromtimestamp(min(until, _END), UTC).isoformat(timespec="seconds")
        message = f"{host} asked to be left alone until {when}"
        raise DeferredError(message, "what came is kept; repeat the command after then")

    def _take_turn(self, host: str, delay: float) -> float:
        """Sleep until the others let us ask, too; returns the seconds slept."""
        slept = 0.0
        while left := self._gate.turn(host, delay):
            if left > max(PATIENCE, delay):
                self._defer(host, self._clock.time() + left)
            slept += self._sleep(host, self._clock.monotonic() + left)
        return slept

    def _bucket(self, host: str) -> _Bucket:
        if host not in self._buckets:
            start = min(max(self._start, self._least), self._most)
            self._buckets[host] = _Bucket(start, float(self._burst), self._clock.monotonic())
        return self._buckets[host]

    def _within(self, delay: float, bucket: _Bucket) -> float:
        """The delay between its bounds; where they contradict each other, the longer wait is right."""
        return max(self._least, bucket.crawl_delay, min(delay, self._most))

    def _sleep(self, host: str, free: float) -> float:
        """Sleep until the moment `free` in pieces, each announced. A sleep is trusted to last as long as it should."""
        left = slept = max(0.0, free - self._clock.monotonic())
        while left > 0:
            self.waiting(host, left)
            piece = min(left, _TELL)
            self._clock.sleep(piece)
            left -= piece
        return slept


def retry_after(values: Sequence[str], now: float) -> float | None:
    """Seconds from `now` (unix) that the Retry-After headers ask for (RFC 9110, 10.2.3): the longest of several.

    None when there is none that can be understood; 0.0 for a date that is past.
    """
    asked = [_seconds(part.strip(), now) for value in values for part in _VALUE.findall(value)]
    return max((seconds for seconds in asked if seconds is not None), default=None)


def _seconds(value: str, now: float) -> float | None:
    """One delay in seconds, digits only, or one HTTP date of any of the three forms."""
    if re.fullmatch("[0-9]+", value):
        return min(float(value), _LONGEST)
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return max(0.0, date.replace(tzinfo=date.tzinfo or UTC).timestamp() - now)
