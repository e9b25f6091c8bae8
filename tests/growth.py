"""How much longer a piece of work takes on a larger input: the one judge of every test that a time grows as it should.

Time is the processor's. What seems too slow is measured again before it counts, since another process may have had the
cache: the most that the smaller took stands against the least that the larger did. Below a few milliseconds the clock
and the caches are what is measured, so a smaller time counts as that.
"""

import time
from collections.abc import Callable

DOUBLED = 2.6  # times as long, at most, for twice the input: a square would take four
_FAST = 0.04
_TRIES = 5

Work = Callable[[], object]


def cost(work: Work) -> float:
    """Processor seconds of one call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def growth(smaller: Work, larger: Work, most: float = DOUBLED, before: float | None = None) -> tuple[float, float]:
    """Seconds of both (of the smaller, `before` if it was measured already); fails if the larger takes `most` times."""
    before = max(cost(smaller) if before is None else before, _FAST)
    now = cost(larger)
    for _ in range(_TRIES):
        if now <= before * most:
            break
        before, now = max(before, cost(smaller)), min(now, cost(larger))
    assert now <= before * most, f"{now:.2f} s, and {before:.2f} s for the smaller: more than {most} times"
    return before, now
