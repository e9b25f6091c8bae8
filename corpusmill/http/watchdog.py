"""Deadlines for whole answers. It knows sockets and time, not HTTP.

`requests` limits only the wait for the next piece, so a host that sends a byte a second holds a program for ever. Here
a thread sleeps until a deadline passes and then shuts the socket down, which ends whatever waits on it:

    with watchdog.within(30):
        body = session.get(url).content      # the session's connections call `watchdog.watch`

The one wait it cannot end is that for the system's resolver, which has its own limit (resolv.conf(5)).
"""

import contextlib
import math
import os
import socket
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from corpusmill.errors import DeadlineError

LOOK = 10.0  # seconds between two looks at least: a thread that finds nothing to watch ends


@dataclass(slots=True, eq=False)
class _Block:
    """One ``with`` block: when it must be done, and the socket it waits on."""

    ends: float
    socket: weakref.ref[Any] | None

    @property
    def left(self) -> float:
        return self.ends - time.monotonic()


class _Here(threading.local):
    """What one thread is at: its innermost block, and the socket it used last, be it before the block."""

    block: _Block | None = None
    socket: weakref.ref[Any] | None = None


class Watchdog:
    """Ends the connection in use when a deadline passes. Threads may share it; each has its own deadlines.

    A block inside another has only its own deadline; the outer one's counts again when the inner one is done.
    """

    _thread: threading.Thread | None
    _blocks: set[_Block]

    def __init__(self, look: float = LOOK) -> None:
        """No thread runs before the first block."""
        self._look = look
        self._renew()
        _every.add(self)

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Give the block `seconds` in all. Raises DeadlineError from whatever the block came to when they pass.

        KeyboardInterrupt and its like pass as they are.
        """
        block, outer = _Block(time.monotonic() + seconds, self._here.socket), self._here.block
        try:
            self._begin(block)
            yield
        except Exception as error:
            if block.left <= 0:
                raise _late(seconds) from error
            raise
        finally:
            self._here.block = outer
            with self._condition:
                self._blocks.discard(block)
        if block.left <= 0:
            raise _late(seconds)

    def watch(self, connection: Any) -> None:
        """Make `connection`, a socket of any kind, the one to end. Raises DeadlineError when it is too late already."""
        self._here.socket = weakref.ref(connection)
        if block := self._here.block:
            block.socket = self._here.socket  # before the look at the time, so that one of both threads sees the other
            if block.left <= 0:
                raise DeadlineError("the time is up", "try again later")

    def left(self) -> float:
        """Seconds left to this thread, infinite outside of a block."""
        block = self._here.block
        return block.left if block else math.inf

    def _begin(self, block: _Block) -> None:
        self._here.block = block
        with self._condition:
            self._blocks.add(block)
            if not self._thread:
                thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
                thread.start()
                self._thread = thread
            elif block.ends < self._wakes:
                self._condition.notify()

    def _run(self) -> None:
        with self._condition:
            while self._blocks:
                now = time.monotonic()
                for block in [block for block in self._blocks if block.ends <= now]:
                    self._blocks.discard(block)
                    _cut(block)
                self._wakes = min((block.ends for block in self._blocks), default=now + self._look)
                self._wakes = min(self._wakes, now + self._look)
                self._condition.wait(self._wakes - now)
            self._thread = None

    def _renew(self) -> None:
        """Begin, or begin anew in a forked process: it has no thread, and leaves its parent's sockets alone."""
        self._here = _Here()
        self._condition = threading.Condition()
        self._blocks = set()
        self._thread = None
        self._wakes = 0.0


def _late(seconds: float) -> DeadlineError:
    return DeadlineError(f"the answer took longer than {seconds:g} s", "try again later, or allow more time")


def _cut(block: _Block) -> None:
    """Wake whoever waits on the block's socket; a TLS socket is cut below TLS, which would wait for the other side."""
    connection = block.socket() if block.socket else None
    if connection is not None:
        with contextlib.suppress(OSError):  # closed in the meantime
            socket.socket.shutdown(getattr(connection, "socket", connection), socket.SHUT_RDWR)


_every: weakref.WeakSet[Watchdog] = weakref.WeakSet()


def _renew_every() -> None:
    for watchdog in _every:
        watchdog._renew()  # noqa: SLF001 - the module's own


os.register_at_fork(after_in_child=_renew_every)
