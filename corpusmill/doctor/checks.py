"""The table of checks, and how they are made one after another.

    for finding in examine(store, CHECKS): ...
    for finding in examine(store, promises()): ...       # the crash test: `corpusmill doctor --crash-test`

A check is a function from a store to findings; a new one is a function and a row in a table.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from corpusmill.doctor import crash, disk, machine, races
from corpusmill.doctor.finding import WRONG, Finding
from corpusmill.errors import CorpusmillError
from corpusmill.store import Store
from corpusmill.store.commit import disk_errors
from corpusmill.types import Progress, silent

Check = Callable[[Store], Iterable[Finding]]
KILLS = 100  # of a crash test, where nobody asks for more


def examine(store: Store, checks: Mapping[str, Check], progress: Progress = silent) -> Iterator[Finding]:
    """What each check finds; one that cannot be made is a finding too."""
    for number, (name, check) in enumerate(checks.items()):
        progress("doctor", number, len(checks), name)
        try:
            with disk_errors(store.root):
                yield from check(store)
        except CorpusmillError as error:
            yield Finding(name, WRONG, error.message, error.hint)
    progress("doctor", len(checks), len(checks), "done")


def promises(kills: int = KILLS, progress: Progress = silent) -> Mapping[str, Check]:
    """The checks of a crash test that kills a writer so many times."""
    return {
        "kills": partial(crash.kills, count=kills, progress=progress),
        "rename": races.renames,
        "first": races.first,
        "bucket": races.bucket,
        "fsync": disk.syncs,
    }


CHECKS: Mapping[str, Check] = {
    "python": machine.python,
    "processors": machine.processors,
    "open files": machine.open_files,
    "store": disk.writable,
    "space": disk.space,
    "links": disk.links,
    "locks": disk.locks,
    "clock": disk.clock,
    "leftovers": disk.leftovers,
    "bucket": disk.bucket,
}
