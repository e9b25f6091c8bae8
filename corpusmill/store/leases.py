"""Leases: who reads or writes in a bucket says so with an object, which keeps others from removing it.

    with shared(bucket, "bible.v000001", machine): ...
    with alone(bucket, "bible.v000001", machine) as free: ...

    locks/pins/<what>/<machine>.<nonce>.shared or .alone

Each puts its own object and then looks for others, so of two that exclude each other at most one goes on: who wants to
be alone gives way, who shares waits. An object that was not renewed for an hour is of somebody who died. Its age is
the difference of two moments of the server, so no clock of ours is asked.

Whoever calls holds the system's lock that keeps out other processes of this machine (`pins`, `Store.lock`). So what it
finds of its own machine, and would exclude it, is of a dead process and in nobody's way.
"""

import random
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from corpusmill.errors import BusyError, StoreError
from corpusmill.store.objects import Entry, Objects, RefusedError

PLACE = "locks/pins/"
LIFE = timedelta(hours=1)
RENEWED = 300.0  # seconds after which it is written anew
_TURN = (0.2, 1.0)  # seconds between two looks
_SHARED, _ALONE = "shared", "alone"


@contextmanager
def shared(bucket: Objects, what: str, machine: str, *, wait: bool = True) -> Iterator[None]:
    """Keep others from having something alone. Waits while one has it, or raises BusyError.

    Where nothing may be written it keeps nobody: who may only read removes nothing, and cannot say that it reads.
    """
    try:
        mine = _put(bucket, what, machine, _SHARED)
    except RefusedError:
        yield
        return
    with _renewed(bucket, mine):
        while _others(bucket, mine, (_ALONE,)):
            if not wait:
                raise BusyError(f"another machine clears or forgets something of {what}", "wait for it to end")
            time.sleep(random.uniform(*_TURN))
        yield


@contextmanager
def alone(bucket: Objects, what: str, machine: str, patience: float = 0.0) -> Iterator[bool]:
    """Have something alone; False where somebody has it, and still does after some seconds of `patience`."""
    until = time.monotonic() + patience
    while True:
        mine = _put(bucket, what, machine, _ALONE)
        with _renewed(bucket, mine):
            if not _others(bucket, mine, (_SHARED, _ALONE)):
                yield True
                return
        if time.monotonic() >= until:
            break
        time.sleep(random.uniform(*_TURN))
    yield False


def ended(entries: Iterable[Entry]) -> set[str]:
    """The keys of leases of the dead; among these entries has to be one that is as new as can be."""
    told = list(entries)
    newest = max((entry.changed for entry in told), default=None)
    return {entry.key for entry in told if newest and entry.changed < newest - LIFE}


def _put(bucket: Objects, what: str, machine: str, kind: str) -> str:
    key = f"{PLACE}{what}/{machine}.{uuid.uuid4().hex}.{kind}"
    bucket.put(key, b"")
    return key


def _others(bucket: Objects, mine: str, kinds: tuple[str, ...]) -> bool:
    """Whether somebody has a lease of these kinds; those of the dead are removed."""
    folder, name = mine.rsplit("/", 1)
    found = [entry for entry in bucket.list(f"{folder}/") if entry.key.endswith(kinds) or entry.key == mine]
    ours = f"{folder}/{name.partition('.')[0]}."
    dead = ended(found) | {entry.key for entry in found if entry.key.startswith(ours) and entry.key != mine}
    if dead:
        bucket.delete(dead)
    return bool({entry.key for entry in found} - dead - {mine})


@contextmanager
def _renewed(bucket: Objects, mine: str) -> Iterator[None]:
    """Write it anew from time to time; at the end it goes, and where that fails it ends by its age."""
    over = threading.Event()

    def renew() -> None:
        while not over.wait(RENEWED):
            with suppress(StoreError):
                bucket.put(mine, b"")

    renewing = threading.Thread(target=renew, name="lease", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        over.set()
        renewing.join()
        with suppress(StoreError):
            bucket.delete([mine])
