"""Programs kept running: one that ends is started again, after a pause that grows while it does not last."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flows.service.processes import Process, process

PAUSE = 1.0  # between two looks
LONGEST = 60.0  # between two starts
LASTS = 60.0  # what has run so long had started well

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Program:
    """What is kept running. Its output goes to a log; its arguments hold no secret, `ps` shows them."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    folder: Path

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return self.folder / f"{self.name}.log"


class Kept:
    """A program that runs, or waits to be started again."""

    def __init__(self, program: Program, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing runs yet."""
        self.program, self._clock = program, clock
        self.process: Process | None = None
        self._running: subprocess.Popen[bytes] | None = None
        self._failures, self._began = 0, 0.0

    def start(self) -> None:
        """In a session of its own: Ctrl-C at the terminal reaches us alone, and we end it in order."""
        with self.program.log.open("ab") as log:
            self._running = subprocess.Popen(  # noqa: S603 - this interpreter
                [sys.executable, "-P", *self.program.arguments],
                cwd=self.program.folder,
                env=dict(self.program.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.process, self._began = process(self._running.pid), self._clock()

    def ended(self) -> int | None:
        """The exit status of one that has ended by itself."""
        return self._running.poll() if self._running else None

    def look(self, say: Say) -> bool:
        """Start it again if it has ended and its pause is over; whether anything changed."""
        now = self._clock()
        if self._running:
            status = self._running.poll()
            if status is None:
                return False
            self._failures = 1 if now - self._began > LASTS else self._failures + 1
            say(
                f"{self.program.name} ended with status {status}; again in {self._wait():.0f} s. See {self.program.log}"
            )
            self._running, self.process, self._began = None, None, now
            return True
        if now - self._began < self._wait():
            return False
        self.start()
        say(f"{self.program.name} started again")
        return True

    def _wait(self) -> float:
        return min(LONGEST, 2.0 ** (self._failures - 1)) if self._failures else 0.0


def watch(kept: Mapping[str, Kept], tend: Callable[[bool], None], say: Say, sleep: Callable[[float], None]) -> None:
    """Look after them until `sleep` raises; after each look `tend` is told whether one ended or began."""
    while True:
        sleep(PAUSE)
        looked = [each.look(say) for each in kept.values()]
        tend(any(looked))
