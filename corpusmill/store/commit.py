"""Whole or absent: how files and folders reach the store.

Write under a temporary name in the same folder, fsync the file, rename, fsync the folder. A folder is filled under a
name that readers skip (a leading dot), its manifest written last, then renamed to its final name; `rename` refuses a
folder that exists and is not empty, so of two writers exactly one wins.
"""

import errno
import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import filelock

from corpusmill.errors import BusyError, StoreError

MANIFEST = "manifest.json"


def fsync(path: Path) -> None:
    """Make a file's bytes, or a folder's entries, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    """Create a folder and the missing ones above it, each durable in its parent."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    fsync(path.parent)


def write_file(path: Path, body: bytes, *, named: bool = True) -> None:
    """Replace a file atomically and durably; its name is durable, unless `named`, with the next in its folder."""
    with replacing(path, named=named) as file:
        file.write(body)


@contextmanager
def replacing(path: Path, *, named: bool = True) -> Iterator[BinaryIO]:
    """A file to write that replaces `path` as `write_file` does at the end; an error leaves `path` as it was."""
    make_folder(path.parent)
    temporary = _temporary(path)
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)
    if named:
        fsync(path.parent)


def publish(work: Path, final: Path, manifest: bytes) -> bool:
    """Make a filled work folder visible under its final name, manifest last.

    Returns False, leaving the store as it was, when another writer published `final` first.
    """
    for folder, folders, files in os.walk(work):
        for name in (*folders, *files):
            fsync(Path(folder, name))
    write_file(work / MANIFEST, manifest)
    try:
        work.rename(final)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    fsync(final.parent)
    return True


@contextmanager
def work_folder(beside: Path) -> Iterator[Path]:
    """A fresh folder, invisible to readers, in the folder `beside` is published to; swept when not published."""
    make_folder(beside.parent)
    work = _temporary(beside)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def exclusive(path: Path, doing: str) -> Iterator[None]:
    """Hold a lock while doing something only one process may do; the system frees it if the process dies.

    Raises BusyError at once when another process holds it.
    """
    make_folder(path.parent)
    lock = filelock.FileLock(path)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise BusyError(f"another corpusmill is {doing}", "wait for it to end, then repeat the command") from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def disk_errors(where: Path) -> Iterator[None]:
    """Turn what the operating system says of the store into a StoreError that names place and remedy."""
    try:
        yield
    except OSError as error:
        remedies = {
            errno.ENOSPC: "free some space or name another place with --store; nothing half-written is kept",
            errno.EDQUOT: "free some of your quota or name another place with --store",
            errno.EROFS: "name a writable place with --store",
            errno.EIO: "the disk fails: look after it before more is written; nothing half-written is kept",
            errno.EMFILE: "raise the limit of open files (ulimit -n), then repeat the command",
            errno.ENFILE: "too many files are open on this machine: end something, then repeat the command",
            errno.EACCES: "make it writable or name another place with --store",
        }
        remedy = remedies.get(error.errno or 0, "check the disk, then repeat the command")
        raise StoreError(f"{error.filename or where}: {error.strerror or error}", remedy) from error


def sweep(folder: Path) -> None:
    """Remove what dead writers left: temporary names whose process is gone."""
    for path in folder.glob(".*.tmp"):
        if is_dead(path):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def is_dead(path: Path) -> bool:
    """Whether this is a temporary name whose process is gone."""
    found = re.search(r"\.(\d+)\.tmp$", path.name)
    return found is not None and not _alive(int(found[1]))


def _temporary(path: Path) -> Path:
    """A name beside `path` that no other thread or process uses; `sweep` reads the process in it."""
    return path.with_name(f".{path.name}.{threading.get_native_id()}.{os.getpid()}.tmp")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
