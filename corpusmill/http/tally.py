"""What a collect has cost so far, and how much it may cost.

Budgets are for a run as a whole: a crawl into a calendar that never ends, or a source that has grown a hundredfold,
stops in good order and says so.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

import msgspec

from corpusmill.errors import DeferredError

_Positive = msgspec.Meta(gt=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Keys of ``[source.limits]``: totals of one run, and bounds of one body."""

    requests: Annotated[int, _Positive] = 100_000
    bytes: Annotated[int, _Positive] = 200 << 30  # received in all
    seconds: Annotated[float, _Positive] = 86_400.0  # of a run
    largest: Annotated[int, _Positive] = 4 << 30  # bytes of one body, decoded
    deadline: Annotated[float, _Positive] = 3_600.0  # seconds of one body in all, waits for politeness aside
    delay: Annotated[float, msgspec.Meta(ge=0)] = 0.25  # the least seconds between two requests to a host


@dataclass(slots=True)
class Tally:
    """Counts of one client."""

    requests: int = 0  # sent, robots.txt, redirects and retries included
    fetched: int = 0  # bodies that came whole
    unchanged: int = 0  # 304: not sent again
    gone: int = 0  # 404 and 410
    retried: int = 0
    resumed: int = 0  # bodies gone on with where they were cut
    received: int = 0  # bytes of bodies, as sent
    saved: int = 0  # bytes that a 304 or a resumed body spared
    waited: float = 0.0  # seconds for politeness
    began: float = field(default=-1.0, repr=False)  # of the clock that `spend` is given

    def spend(self, limits: Limits, now: Callable[[], float]) -> None:
        """Count one request. Raises DeferredError when that would be one too many, or too late."""
        self.began = now() if self.began < 0 else self.began
        spent = {
            "requests": (self.requests, limits.requests),
            "bytes": (self.received, limits.bytes),
            "seconds": (now() - self.began, limits.seconds),
        }
        for name, (used, limit) in spent.items():
            if used >= limit:
                message = f"the budget of {limit:,} {name} for one run is spent"
                raise DeferredError(message, f"what came is kept: repeat the command, or raise source.limits.{name}")
        self.requests += 1

    @property
    def economics(self) -> dict[str, Any]:
        """The counts for people and ``--json``; `not_modified` is the share of answers that were 304."""
        counts = {name: value for name, value in asdict(self).items() if name != "began"}
        answers = self.fetched + self.unchanged + self.gone
        share = round(self.unchanged / answers, 4) if answers else 0.0
        return {**counts, "waited": round(self.waited, 2), "not_modified": share}
