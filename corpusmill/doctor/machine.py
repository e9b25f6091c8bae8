"""What a machine gives to whatever runs on it."""

import platform
import resource
import sys
from collections.abc import Iterator

from corpusmill import processors as available
from corpusmill.doctor.finding import MIND, WELL, WRONG, Finding
from corpusmill.store import Store

FLOOR, CEILING = (3, 11), (3, 14)  # from the first, and below the second
FILES = 256  # open at once: a build of many partitions holds some of each worker


def python(_store: Store) -> Iterator[Finding]:
    """The interpreter is one that the tests run on."""
    known = FLOOR <= sys.version_info[:2] < CEILING
    hint = "" if known else "use Python 3.11, 3.12 or 3.13"
    yield Finding(
        "python", WELL if known else WRONG, f"Python {platform.python_version()} on {platform.system()}", hint
    )


def processors(_store: Store) -> Iterator[Finding]:
    """How many processes build at once."""
    count = available.available()
    yield Finding("processors", WELL, f"{count} at work at once; CORPUSMILL_WORKERS changes it")


def open_files(_store: Store) -> Iterator[Finding]:
    """How many files a process may have open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    few = soft != resource.RLIM_INFINITY and soft < FILES
    hint = f"raise it: ulimit -n {4 * FILES}" if few else ""
    yield Finding("open files", MIND if few else WELL, f"{soft:,} at once", hint)
