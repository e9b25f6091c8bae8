"""Whether we are asked to end: signals as a flag, so that what is started is never half started when we do."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from corpusmill.errors import Interrupted

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PAUSE = 0.2


@dataclass(slots=True)
class Asked:
    """The number of the first signal that asked, or None."""

    signum: int | None = None

    def heed(self) -> None:
        """Raise Interrupted if we are asked to end."""
        if self.signum is not None:
            raise Interrupted(self.signum)

    def sleep(self, seconds: float) -> None:
        """Sleep, but not on when we are asked to end. A signal's handler wakes nobody by itself (PEP 475)."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.heed()
            time.sleep(min(left, _PAUSE))
        self.heed()

    def until(self, answer: Callable[[], object], seconds: float) -> bool:
        """Wait for a truthy answer; whether it came within so many seconds."""
        deadline = time.monotonic() + seconds
        while not answer():
            if time.monotonic() > deadline:
                return False
            self.sleep(_PAUSE)
        return True


@contextmanager
def on_signals() -> Iterator[Asked]:
    """Within the block signals are noted, the second as well: ending takes its bounded time."""
    asked = Asked()

    def note(signum: int, _frame: FrameType | None) -> None:
        asked.signum = asked.signum or signum

    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, note)
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
