"""What programs spend while something is timed, and which programs a session has."""

import itertools
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

LOOKED = 0.25  # seconds between two looks


class Spending(Thread):
    """CPU seconds of this process and of the programs of some sessions, by what they are (Linux).

    It looks now and then, since Ray ends its workers as soon as whoever asked has left.
    """

    def __init__(self, leaders: Iterable[int], programs: Mapping[str, str]) -> None:
        """Begin. `programs` are what they are by a part of their command lines, of which the first counts."""
        super().__init__(daemon=True)
        self._leaders, self._programs, self._over = tuple(leaders), programs, Event()
        self._seen: dict[int, tuple[str, float]] = {}
        self._look()
        self._before = dict(self._seen)
        self.start()

    def run(self) -> None:
        """Until it is asked for."""
        while not self._over.wait(LOOKED):
            self._look()

    def by_program(self) -> dict[str, float]:
        """What was spent from the beginning until now."""
        self._over.set()
        self.join()
        self._look()
        spent: dict[str, float] = defaultdict(float)
        for process, (name, now) in self._seen.items():
            spent[name] += now - self._before.get(process, (name, 0.0))[1]
        return spent

    def _look(self) -> None:
        for process in (os.getpid(), *itertools.chain.from_iterable(map(of_session, self._leaders))):
            with suppress(OSError):
                if words := Path(f"/proc/{process}/cmdline").read_text().replace("\0", " "):  # none once it has ended
                    name = next((name for part, name in self._programs.items() if part in words), "others")
                    self._seen[process] = name, seconds(process)


def seconds(process: int) -> float:
    """CPU seconds so far. Raises OSError where there is no such process."""
    user, system = fields(process)[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def fields(process: int) -> list[str]:
    """What the kernel says of a process, from its state on; see proc(5). Raises OSError where there is none."""
    return Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()


def of_session(leader: int) -> Iterator[int]:
    """All that a program has started, in whatever group it is."""
    for each in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int(fields(int(each.name))[3]) == leader:
                yield int(each.name)
