"""SIGINT and SIGTERM as a flag, so that work stops between two steps instead of in the middle of one.

Only the main thread may set handlers; elsewhere the flag stays down and signals act as they did. A second signal acts
as if this module were not there, so nobody has to wait for a step that hangs. A signal that was being ignored (as under
nohup) stays ignored.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from corpusmill.errors import Interrupted

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(slots=True)
class Stop:
    """Whether to stop: the number of the signal that asked, or None."""

    signum: int | None = None

    def heed(self, *_: object) -> None:
        """Raise Interrupted if a signal asked to stop; long work calls it between two of its parts."""
        if self.signum is not None:
            raise Interrupted(self.signum)


@contextmanager
def on_signals() -> Iterator[Stop]:
    """Within the block the first SIGINT or SIGTERM is noted; the handlers from before are back after it."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def note(signum: int, _frame: FrameType | None) -> None:
        stop.signum = signum
        restore()

    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, note)
    try:
        yield stop
    finally:
        restore()
