"""Time, passed in: whoever waits or measures takes a Clock, so that a test neither waits nor depends on the hour."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, sleep, time


@dataclass(frozen=True, slots=True)
class Clock:
    """Time as the client sees it; a test passes one that does not wait."""

    time: Callable[[], float] = time  # seconds since 1970, for dates from headers
    monotonic: Callable[[], float] = monotonic  # for durations
    sleep: Callable[[float], None] = sleep
