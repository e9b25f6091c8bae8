"""The most memory that this process has held. Child processes that measure themselves import it."""

import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak() -> int:
    """Bytes. Linux counts what a process inherits from the one that started it in ru_maxrss, so not that there."""
    if _STATUS.is_file():
        line = next(line for line in _STATUS.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
