"""Pins: who reads a version, run or snapshot holds it, and nobody removes or rewrites it meanwhile.

    with pins.held(store, version):
        ...                             # its files stay as they are

    with pins.alone(store, version) as free:
        if free: ...                    # nobody reads it, and nobody begins to

A pin is a lock of the operating system on a file below ``STORE/locks/pins``, shared by all readers and held alone by
who removes; a process that dies frees it, however it dies, so no pin is ever stale and no clock is asked. It holds
among processes of one machine, and of several where the store's file system has locks that they share (NFS 4 has).
In a bucket it holds among all machines, by a lease beside it (`leases`).
"""

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from corpusmill.errors import StoreError
from corpusmill.store import Store, commit
from corpusmill.types import Run, Snapshot, Version

Pinned = Version | Run | Snapshot
BLOBS = "blobs"  # what is pinned while raw bodies may be put there that no snapshot names yet
_TURN = 0.05  # seconds between two tries
_NO_LOCKS = (errno.EROFS, errno.EACCES, errno.EPERM)  # a store that may only be read: nobody here removes anything


@contextmanager
def held(store: Store, thing: Pinned) -> Iterator[None]:
    """Keep a thing as it is while it is read.

    Waits while somebody removes or rewrites it. Raises UnknownNameError when it is gone then, StoreError when it is not
    what it was.
    """
    with _shared(store, f"{thing.corpus}.{_name(thing)}"):
        _refuse_changed(store, thing)
        yield


@contextmanager
def alone(store: Store, thing: Pinned, patience: float = 0.0) -> Iterator[bool]:
    """Keep readers of a thing away; False where somebody reads it, and still does after some seconds of `patience`."""
    with _alone(store, f"{thing.corpus}.{_name(thing)}", patience) as free:
        yield free


@contextmanager
def putting(store: Store) -> Iterator[None]:
    """Keep raw bodies from being removed while some are put, or found to be there, that no snapshot names yet."""
    with _shared(store, BLOBS):
        yield


@contextmanager
def nobody_puts(store: Store) -> Iterator[bool]:
    """Keep others from putting raw bodies; False where somebody is at it."""
    with _alone(store, BLOBS, 0.0) as free:
        yield free


@contextmanager
def _shared(store: Store, name: str) -> Iterator[None]:
    with _locked(_path(store, name), fcntl.LOCK_SH), store.lease(name):
        yield


@contextmanager
def _alone(store: Store, name: str, patience: float) -> Iterator[bool]:
    until = time.monotonic() + patience
    while True:
        try:
            with _locked(_path(store, name), fcntl.LOCK_EX | fcntl.LOCK_NB):
                with store.lease_alone(name, until - time.monotonic()) as free:
                    yield free
                return
        except BlockingIOError:
            if time.monotonic() >= until:
                break
            time.sleep(_TURN)
    yield False


@contextmanager
def _locked(path: Path, how: int) -> Iterator[None]:
    """Hold a lock; of a store that may only be read, none."""
    try:
        commit.make_folder(path.parent)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        if error.errno not in _NO_LOCKS or how != fcntl.LOCK_SH:
            raise
        yield
        return
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


def _refuse_changed(store: Store, thing: Pinned) -> None:
    """Raise where a thing is gone, or where what a version holds is not what it was when its manifest was read."""
    if isinstance(thing, Snapshot):
        store.snapshot(thing.corpus, thing.id)
    elif isinstance(thing, Run):
        store.run(thing.corpus, thing.id)
    elif store.version(thing.corpus, thing.name).content != thing.content:
        raise StoreError(f"{thing.ref} was changed meanwhile: something of it is forgotten", "repeat the command")


def _path(store: Store, name: str) -> Path:
    return store.root / "locks" / "pins" / f"{name}.lock"


def _name(thing: Pinned) -> str:
    return thing.name if isinstance(thing, Version) else thing.id
