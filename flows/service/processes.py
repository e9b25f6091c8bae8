"""Processes that are the ones we started: a number alone may be somebody else's by now."""

import hashlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MARK = "CORPUSMILL_UP"  # in the environment of all that one `up` starts; its value stands for the folder of its state
_PROC = Path("/proc")
_HAS_PROC = (_PROC / "self" / "stat").is_file()
_PAUSE = 0.1


@dataclass(frozen=True, slots=True)
class Process:
    """One process: its number, and when it began, as the system says it."""

    pid: int
    began: str

    def lives(self) -> bool:
        """Whether it still runs; one that has ended and waits for its parent does not."""
        return bool(self.began) and began(self.pid) == self.began


def process(pid: int) -> Process:
    """The process that has this number now."""
    return Process(pid, began(pid))


def began(pid: int) -> str:
    """When a process began, or "" where none runs under this number."""
    if not _HAS_PROC:
        return _asked(pid)
    try:
        fields = _fields(pid)
    except OSError:
        return ""
    return "" if fields[0] == "Z" else f"{_boot()}/{fields[19]}"


def mark_of(folder: Path) -> str:
    """What stands for a folder where a blank would end it."""
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]


def marked(mark: str) -> list[Process]:
    """The living processes of ours that were started with a mark, those that they started among them.

    Prefect gives each flow run a session of its own, and one whose worker was killed has lost its parent.
    """
    pids = [pid for pid in _pids() if pid != os.getpid() and setting(pid, MARK) == mark]
    return [found for found in map(process, pids) if found.began]


def setting(pid: int, name: str) -> str:
    """What a process has under a name in its environment, or ""; of other people's there is no telling."""
    head = f"{name}="
    if not _HAS_PROC:
        words = _ps("-E", "-ww", "-o", "command=", "-p", str(pid)).split()
    else:
        try:
            words = (_PROC / str(pid) / "environ").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            return ""
    return next((word.removeprefix(head) for word in words if word.startswith(head)), "")


def tops(processes: Iterable[Process]) -> list[Process]:
    """Those that none of the others has started: told to end, they see to their own."""
    each = {one.pid: one for one in processes}
    return [one for one in each.values() if _parent(one.pid) not in each]


def tell(processes: Iterable[Process], signum: int) -> None:
    """Send a signal to those that live."""
    for each in processes:
        if each.lives():
            with suppress(ProcessLookupError):
                os.kill(each.pid, signum)


def gone(processes: Iterable[Process], seconds: float) -> bool:
    """Wait until none lives; whether that came within so many seconds."""
    left, deadline = list(processes), time.monotonic() + seconds
    while left := [each for each in left if each.lives()]:
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE)
    return True


def end(processes: Iterable[Process], seconds: float) -> None:
    """End processes politely; what stays after so many seconds is killed."""
    asked = list(processes)
    tell(asked, signal.SIGTERM)
    if not gone(asked, seconds):
        tell(asked, signal.SIGKILL)
        gone(asked, seconds)


def _fields(pid: int) -> list[str]:
    """proc(5): what follows the name, which is in parentheses and may hold anything."""
    return (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()


def _pids() -> list[int]:
    if _HAS_PROC:
        return [int(path.name) for path in _PROC.iterdir() if path.name.isdigit()]
    return [int(pid) for pid in _ps("-A", "-o", "pid=").split()]


def _parent(pid: int) -> int:
    if not _HAS_PROC:
        return int(_ps("-o", "ppid=", "-p", str(pid)).strip() or 0)
    try:
        return int(_fields(pid)[1])
    except OSError:
        return 0


def _boot() -> str:
    """Ticks are counted from the boot, so a number and its ticks may come again after one."""
    return (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _asked(pid: int) -> str:
    state, _, moment = _ps("-o", "state=,lstart=", "-p", str(pid)).strip().partition(" ")
    return "" if state.startswith("Z") else moment.strip()


def _ps(*arguments: str) -> str:
    return subprocess.run(["ps", *arguments], capture_output=True, text=True, check=False).stdout  # noqa: S603, S607
