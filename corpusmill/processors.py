"""How many processes may work at once on this machine, and which other machines build for it."""

import os
from collections.abc import Mapping

from corpusmill.errors import UsageError

VARIABLE = "CORPUSMILL_WORKERS"
CLUSTER = "CORPUSMILL_ON"
_MOST = 1024
_DIGITS = 4  # of it


def asked(environ: Mapping[str, str]) -> int | None:
    """What CORPUSMILL_WORKERS says; 0: none but the command's own, None: nothing is said. Raises UsageError."""
    said = environ.get(VARIABLE, "").strip()
    if not said:
        return None
    if not said.isdecimal() or len(said) > _DIGITS or int(said) > _MOST:
        raise UsageError(f"{VARIABLE}={said} is no number of processes", f"set it to 0 to {_MOST:,}, or unset it")
    return int(said)


def cluster(environ: Mapping[str, str]) -> str:
    """The address of the cluster that builds, ``ray://HOST:PORT`` or ``dask://HOST:PORT``; empty: this machine does."""
    return environ.get(CLUSTER, "").strip()


def available() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
