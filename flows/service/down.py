"""`corpusmill down`: end what is up, in order, also where the one that started it was killed."""

import signal
from dataclasses import dataclass
from pathlib import Path

from corpusmill.errors import FlowError
from flows.service import auth, runs, state
from flows.service.ask import Api
from flows.service.processes import end, gone, mark_of, marked, tell, tops
from flows.service.state import Up

SECONDS = 120  # more than its own bounds for ending all programs together
RUN_GRACE = 30.0  # it keeps what it has, and reports that it crashed
WORKER_GRACE = 15.0
SERVER_GRACE = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What has ended."""

    ui: str = ""
    ended: tuple[str, ...] = ()  # programs, with their numbers
    running: int = 0  # flow runs that were under way
    killed: bool = False  # the one that had started all this was dead already


def down(folder: Path) -> Ended:
    """End what is up, and wait. Raises FlowError where it does not end."""
    up = state.read(folder)
    if up is None or not up.supervisor.lives():
        return clear(folder)
    ended = Ended(ui=up.ui, ended=_names(up), running=len(runs.under_way(mark_of(folder))))
    tell([up.supervisor], signal.SIGTERM)
    if not gone([up.supervisor], SECONDS):
        hint = f"kill it: kill -9 {up.supervisor.pid}, then corpusmill down again"
        raise FlowError(f"process {up.supervisor.pid} does not end", hint)
    return ended


def clear(folder: Path) -> Ended:
    """End what one that was killed has left, workers first, and remove what it said."""
    up = state.read(folder)
    if up is None:
        return Ended()
    ended = Ended(ui=up.ui, ended=_names(up), running=len(runs.under_way(mark_of(folder))), killed=True)
    end_all(folder, up, auth.kept(folder))
    auth.drop(folder)
    state.forget(folder)
    return ended


def end_all(folder: Path, up: Up, secret: str) -> None:
    """Flow runs, then workers, then the server: each still has somebody to report to.

    A worker that is told to end kills its flow runs on the spot, which then are Running for ever; and one whose flow
    runs end goes for the next. So it stands still until they have reported that they crashed.
    """
    workers, mark = list(up.workers.values()), mark_of(folder)
    tell(workers, signal.SIGSTOP)
    began = runs.under_way(mark)
    busy = [each for each in marked(mark) if each not in (*workers, up.server)]
    end(tops(busy), RUN_GRACE)
    end(busy, 0)
    tell(workers, signal.SIGTERM)
    tell(workers, signal.SIGCONT)
    gone(workers, WORKER_GRACE)
    end((each for each in marked(mark) if each != up.server), 0)
    if began:
        runs.put_back(Api(up.url, secret), began)
    end(marked(mark), SERVER_GRACE)


def _names(up: Up) -> tuple[str, ...]:
    """What lives, in the order in which it ends."""
    programs = {**up.workers, "reports": up.shelf, "server": up.server}
    return tuple(f"{name} ({each.pid})" for name, each in programs.items() if each and each.lives())
