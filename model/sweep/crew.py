"""Tasks -> trained, several processes side by side, each telling how far it is.

    train(tasks, 2, progress, ended)

A process of our own is started with ``-m model.sweep.worker`` rather than forked, since torch's threads do not outlive
a fork, or spawned by `multiprocessing`, which would run the caller's main program again. It takes one task after the
other, so torch is loaded once. Each has a thread here that feeds it; a process that dies fails its task alone.
"""

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from corpusmill.errors import StoreError
from corpusmill.types import Progress
from model.sweep.worker import DIED, Said, Task

PATIENCE = 30.0  # seconds that processes have to save and end: torch saves between two steps
_STORE = ("Store",)  # kinds of errors that every other task would meet as well: a full disk

_Events = queue.Queue[tuple[int, Said]]
Ended = Callable[[int, Said], None]
"""Called with the number of a task and how it ended, in the thread of the caller."""
Begun = Callable[[int], None]
"""Called with the number of a task that somebody is at, likewise, once and before it ends."""


def train(
    tasks: Sequence[Task], jobs: int, progress: Progress, ended: Ended, begun: Begun = lambda _number: None
) -> None:
    """Train all, at most `jobs` at once; what fails is told like what succeeds.

    Raises StoreError when the store refuses; a signal's exception after the processes have saved and ended.
    """
    events: _Events = queue.Queue()
    waiting: queue.Queue[int] = queue.Queue()
    for number in range(len(tasks)):
        waiting.put(number)
    at_work: dict[int, Said] = {}
    over = 0
    with _crew([_Hand(tasks, waiting, events) for _ in range(min(jobs, len(tasks)))]):
        while over < len(tasks):
            progress("sweep", over + sum(map(_share, at_work.values())), len(tasks), _note(over, len(tasks), at_work))
            number, said = events.get()
            if number not in at_work:
                begun(number)
            at_work[number] = said
            if said.is_last:
                del at_work[number]
                over += 1
                if said.kind in _STORE:
                    raise StoreError(said.error, said.hint)
                ended(number, said)
    progress("sweep", over, len(tasks), _note(over, len(tasks), {}))


def _share(said: Said) -> float:
    return said.done / said.total if said.total else 0.0


def _note(over: int, of: int, at_work: dict[int, Said]) -> str:
    """``3 of 9 trained; 4: 41 %, 12,204 characters/s · validation 2.31 bits per byte``, of the one that is furthest."""
    text = f"{over:,} of {of:,} trained"
    if not at_work:
        return text
    number, said = max(at_work.items(), key=lambda pair: _share(pair[1]))
    return f"{text}; {number + 1}: {100 * _share(said):.0f} %, {said.note}"


class _Hand:
    """One process, started when there is something to do, and the thread that feeds it."""

    def __init__(self, tasks: Sequence[Task], waiting: "queue.Queue[int]", events: "_Events") -> None:
        self._tasks, self._waiting, self._events = tasks, waiting, events
        self._over = threading.Event()
        self._guard = threading.Lock()  # between starting a process and ending all
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._feed, daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def tell_to_end(self) -> None:
        """Have the process save what it is at, and end; a second one is never started."""
        with self._guard:
            self._over.set()
            if self._process:
                self._process.terminate()

    def see_it_end(self, patience: float) -> None:
        """Wait for it; after that, end it."""
        process = self._process
        if process:
            with suppress(subprocess.TimeoutExpired):
                process.wait(patience)

    def end(self) -> None:
        """See that nothing is left of it."""
        if self._process:
            self._process.kill()
            self._process.wait()
        self._thread.join()
        if self._process:
            _close(self._process)

    def _feed(self) -> None:
        while not self._over.is_set():
            try:
                number = self._waiting.get_nowait()
            except queue.Empty:
                return
            for said in self._answers(self._tasks[number]):
                self._events.put((number, said))

    def _answers(self, task: Task) -> Iterator[Said]:
        """What the process says of a task; if it dies, that."""
        process = self._started()
        if not process:
            return
        assert process.stdin
        assert process.stdout
        with suppress(BrokenPipeError):
            process.stdin.write(msgspec.json.encode(task) + b"\n")
            process.stdin.flush()
        for line in process.stdout:
            said = msgspec.json.decode(line, type=Said)
            yield said
            if said.is_last:
                return
        status = process.wait()
        if not self._over.is_set():
            hint = "if memory ran out, give --jobs 1; else please report it"
            yield Said(error=f"its process ended (status {status})", kind=DIED, hint=hint)

    def _started(self) -> "subprocess.Popen[bytes] | None":
        with self._guard:
            if self._over.is_set():
                return None
            if self._process and self._process.poll() is not None:
                _close(self._process)
                self._process = None
            if not self._process:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "model.sweep.worker"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env=_environment(),
                )
            return self._process


def _close(process: "subprocess.Popen[bytes]") -> None:
    """Close both pipes of a process that is gone, perhaps with bytes unsent."""
    for stream in (process.stdin, process.stdout):
        with suppress(OSError):
            assert stream
            stream.close()


@contextmanager
def _crew(hands: Sequence[_Hand]) -> Iterator[None]:
    """Begin, and whatever happens see that all have ended: told to, waited for, and then ended."""
    try:
        for hand in hands:
            hand.begin()
        yield
    finally:
        try:
            for hand in hands:
                hand.tell_to_end()
            for hand in hands:
                hand.see_it_end(PATIENCE)
        finally:
            for hand in hands:
                hand.end()


def _environment() -> dict[str, str]:
    """The environment as it is here, our packages on the path, threads that do not spin while they wait."""
    home = str(Path(__file__).parents[2])
    path = os.environ.get("PYTHONPATH")
    ours = {"PYTHONPATH": f"{home}{os.pathsep}{path}" if path else home}
    return {"GOMP_SPINCOUNT": "1000", "OPENBLAS_NUM_THREADS": "1", **os.environ, **ours}
