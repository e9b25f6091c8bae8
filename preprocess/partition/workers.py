"""Units -> partitions, in this process or in several: the keys are the same, and in the order of the units.

A process of our own is started with ``-m preprocess.partition.worker`` rather than forked or spawned: a fork copies
locks that threads hold (Prefect has many), and `multiprocessing` would run the caller's main program again. Each has
a thread here that feeds it; units wait in a short queue, so that memory is bounded however fast the reader is.
"""

import fcntl
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from operator import itemgetter
from pathlib import Path
from typing import IO, Protocol

from corpusmill.errors import BuildError
from corpusmill.store import Store
from corpusmill.types import Corpus
from preprocess.parse import path_of
from preprocess.partition.mill import Mill, folder_of
from preprocess.partition.units import Unit
from preprocess.partition.worker import PIPE_BYTES, receive, send, send_unit

FEW_BYTES = 8 << 20  # of raw material that is new: below, a process takes longer to start than to be of use
_WAITING = 1  # units ready for each worker
_TURN = 0.2  # seconds between two looks at whether a worker has failed

Keyed = tuple[Unit, str]
"""A unit without what it held, and the key of its partition."""
Made = dict[int, list[Keyed]]
"""By the number of a unit; one that was closed has several."""
_Queue = queue.Queue[tuple[int, Unit] | None]


class Hands(Protocol):
    """Who makes partitions of units: processes of this machine, or a cluster's."""

    def give(self, number: int, unit: Unit) -> None:
        """Hand over a unit; waits while there is enough to do. Raises what went wrong with another."""

    def finish(self) -> Made:
        """Wait for all that was given. Raises what went wrong."""


def run(units: Iterable[Unit], corpus: Corpus, root: Path, workers: int) -> list[Keyed]:
    """The origin and the key of each unit's partition, in the order of the units.

    Processes are started, `workers` of them, once there is enough to do that is not done already; 0 means never.
    Raises what `Mill.run` raises, and BuildError when a worker dies.
    """
    mill, made = Mill(corpus, root), Made()
    few: list[tuple[int, Unit]] = []
    with ExitStack() as stack:
        pool: Hands | None = None
        for number, unit in enumerate(units):
            if key := mill.found(unit.parts):
                made[number] = [(light(unit), key)]
            elif pool:
                pool.give(number, unit)
            elif not workers:
                made[number] = [(light(unit), mill.run(unit.parts))]
            else:
                few.append((number, unit))
                if sum(each.size for _, each in few) > FEW_BYTES:
                    pool = stack.enter_context(_Pool(corpus, root, workers).running())
                    for waiting in few:
                        pool.give(*waiting)
        if pool:
            made |= pool.finish()
        else:
            made |= {number: [(light(unit), mill.run(unit.parts))] for number, unit in few}
    return in_order(made)


def in_order(made: Made) -> list[Keyed]:
    """What was made, in the order of the units."""
    return [keyed for _, some in sorted(made.items(), key=itemgetter(0)) for keyed in some]


def light(unit: Unit) -> Unit:
    """A unit without what it held."""
    return Unit((), unit.origin)


class _Pool:
    """Hands that are worker processes, and the threads that feed them."""

    def __init__(self, corpus: Corpus, root: Path, workers: int) -> None:
        self._corpus, self._root, self._workers = corpus, root, workers
        self._queue: _Queue = queue.Queue(workers * _WAITING)
        self._made = Made()
        self._failed: list[BaseException] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        self._threads: list[threading.Thread] = []

    @contextmanager
    def running(self) -> Iterator["_Pool"]:
        """Start the workers; end them, whatever happens."""
        try:
            for _ in range(self._workers):
                process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "preprocess.partition.worker"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    bufsize=PIPE_BYTES,
                    env=_environment(),
                )
                _widen(process.stdin)
                self._processes.append(process)
                thread = threading.Thread(target=self._feed, args=(process,), daemon=True)
                self._threads.append(thread)
                thread.start()
            yield self
        finally:
            for process in self._processes:
                process.kill()
            self._wake()
            for thread in self._threads:
                thread.join()
            for process in self._processes:
                process.wait()
                for stream in (process.stdin, process.stdout):
                    _close(stream)
            for half in folder_of(Store(self._root), self._corpus.name).glob("*.tmp"):
                half.unlink(missing_ok=True)

    def give(self, number: int, unit: Unit | None) -> None:
        """Queue a unit; waits while the workers have enough to do. Raises what a worker raised."""
        while True:
            if self._failed:
                raise self._failed[0]
            try:
                self._queue.put(None if unit is None else (number, unit), timeout=_TURN)
            except queue.Full:
                continue
            return

    def finish(self) -> Made:
        """Wait for all that was given."""
        for _ in self._threads:
            self.give(0, None)
        for thread in self._threads:
            thread.join()
        if self._failed:
            raise self._failed[0]
        return self._made

    def _wake(self) -> None:
        """End the threads that wait for a unit."""
        with suppress(queue.Empty):
            while True:
                self._queue.get_nowait()
        for _ in self._threads:
            self._queue.put_nowait(None)

    def _feed(self, process: "subprocess.Popen[bytes]") -> None:
        """Hand one process unit after unit."""
        assert process.stdin
        assert process.stdout
        doing = "starting"
        try:
            send(process.stdin, (self._corpus, str(self._root)))
            while (given := self._queue.get()) is not None:
                number, unit = given
                doing = f"parsing {path_of(unit.parts[0].file.url)} and {len(unit.parts) - 1:,} files after it"
                send_unit(process.stdin, unit)
                answer = receive(process.stdout)
                if isinstance(answer, BaseException):
                    self._failed.append(answer)
                    return
                self._made[number] = [(light(unit), answer)]
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing may be published without this unit
            hint = "if memory ran out, give it fewer workers (CORPUSMILL_WORKERS=1); else please report it"
            failure = BuildError(f"a worker process ended while {doing} (status {process.poll()})", hint)
            failure.__cause__ = error
            self._failed.append(failure)


def _environment() -> dict[str, str]:
    """The environment as it is here, with our packages on the path wherever they lie."""
    home = str(Path(__file__).parents[2])
    path = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{home}{os.pathsep}{path}" if path else home, "OPENBLAS_NUM_THREADS": "1"}


def _widen(stream: "IO[bytes] | None") -> None:
    """Let a pipe hold more than the 64 KiB that Linux gives it, so that a unit is handed over in fewer turns."""
    if stream and hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):
            fcntl.fcntl(stream, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _close(stream: "IO[bytes] | None") -> None:
    """Close a pipe whose other end may be gone with bytes unsent."""
    try:
        if stream:
            stream.close()
    except OSError:
        return
