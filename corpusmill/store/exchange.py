"""Two folders change places in one step, where the system can: readers see one or the other, never none.

Linux and macOS have a call for it that Python has no name for. Where the file system lacks it (NFS), there are two
renames with a moment between them in which the name is absent; `mended` undoes a death in that moment.
"""

import ctypes
import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

from corpusmill.store import commit

_AT_FDCWD = -100  # paths are relative to the working directory (Linux, fcntl.h)
_EXCHANGE = 2  # RENAME_EXCHANGE (Linux, renameat2(2)) and RENAME_SWAP (macOS, renamex_np(2)) alike
_LACKING = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM)
_AWAY = ".{}.away"


def exchange(one: Path, other: Path) -> None:
    """Let two folders on one file system change places, durably. Raises OSError."""
    call = _call()
    if call is None or not _exchanged(call, one, other):
        away = other.with_name(_AWAY.format(other.name))
        other.rename(away)
        one.rename(other)
        away.rename(one)
    for folder in {one.parent, other.parent}:
        commit.fsync(folder)


def take_place(work: Path, folder: Path, manifest: bytes) -> None:
    """Put a filled work folder in the place of another, all of it durable; what was there is then the work folder."""
    for inside, folders, files in os.walk(work):
        for name in (*folders, *files):
            commit.fsync(Path(inside, name))
    commit.write_file(work / commit.MANIFEST, manifest)
    exchange(work, folder)


def mended(parent: Path) -> None:
    """Bring back a folder whose exchange was cut off; what was to take its place is swept as any temporary name is."""
    for away in parent.glob(_AWAY.format("*")):
        final = away.with_name(away.name.removeprefix(".").removesuffix(".away"))
        away.rename(away.with_name(f".{final.name}.0.{os.getpid()}.tmp") if final.exists() else final)


def _exchanged(call: Callable[[bytes, bytes], int], one: Path, other: Path) -> bool:
    if call(os.fsencode(one), os.fsencode(other)) == 0:
        return True
    number = ctypes.get_errno()
    if number in _LACKING:
        return False
    raise OSError(number, os.strerror(number), str(other))


def _call() -> Callable[[bytes, bytes], int] | None:
    """The system's call, if its library has it."""
    library = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "darwin":
        swap = getattr(library, "renamex_np", None)
        return swap and (lambda one, other: int(swap(one, other, _EXCHANGE)))
    rename = getattr(library, "renameat2", None)  # glibc 2.28
    return rename and (lambda one, other: int(rename(_AT_FDCWD, one, _AT_FDCWD, other, _EXCHANGE)))
