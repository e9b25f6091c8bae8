"""The place of a store: room, links, locks, its clock, and whether its disk is asked to keep what is written."""

import fcntl
import os
import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from corpusmill.doctor.finding import MIND, WELL, WRONG, Finding
from corpusmill.store import Store, commit
from corpusmill.store.unnamed import strays

LITTLE, TOO_LITTLE = 2 << 30, 64 << 20  # free bytes: a build of a large corpus fills it; nothing fits
ENTRIES = 1000  # free names of files, where the disk counts them
SKEW = 2.0  # seconds that the disk's clock may be off ours
AHEAD = timedelta(hours=1)  # that a clock may be behind what it said before
SOON = 20e-6  # seconds: no disk keeps a block that fast
_REMOTE = {"nfs", "nfs4", "cifs", "smb3", "9p", "fuse", "fuseblk", "fuse.sshfs", "fuse.s3fs", "fuse.gcsfuse"}
_MEMORY = {"tmpfs", "ramfs"}
_SYNCS = 30


@contextmanager
def workbench(store: Store) -> Iterator[Path]:
    """A folder on the store's own disk that readers do not see; gone afterwards, or swept by the next."""
    commit.make_folder(store.root)
    commit.sweep(store.root)
    with commit.work_folder(store.root / "doctor") as folder:
        yield folder


def writable(store: Store) -> Iterator[Finding]:
    """A file can be written, replaced and read back; and what kind of disk that is."""
    with workbench(store) as folder:
        for body in (b"old", b"new"):
            commit.write_file(folder / "file", body)
        if (folder / "file").read_bytes() != b"new":
            yield Finding("store", WRONG, f"{store.root} gives back other bytes than were written", "use another disk")
            return
    kind = kind_of(store.root)
    if kind in _MEMORY:
        yield Finding("store", MIND, f"{store.root} is in memory ({kind})", "it is gone when the machine stops")
    elif kind in _REMOTE:
        hint = "see that --crash-test finds all well, from every machine that writes there"
        yield Finding("store", MIND, f"{store.root} is on another machine or behind a driver ({kind})", hint)
    else:
        yield Finding("store", WELL, f"{store.root} can be written ({kind or 'some file system'})")


def space(store: Store) -> Iterator[Finding]:
    """How much room there is."""
    with workbench(store) as folder:
        free, names = shutil.disk_usage(folder).free, os.statvfs(folder)
    state = WRONG if free < TOO_LITTLE else MIND if free < LITTLE else WELL
    hint = "" if state == WELL else "free some, or name another place with --store"
    yield Finding("space", state, f"{free / 1e9:,.1f} GB free", hint)
    if names.f_files and names.f_favail < ENTRIES:
        yield Finding("space", MIND, f"{names.f_favail:,} more files fit", "remove some: the disk has no names left")


def links(store: Store) -> Iterator[Finding]:
    """Versions share what they have in common by hard links; without, they are copies."""
    with workbench(store) as folder:
        (folder / "one").write_bytes(b"")
        try:
            os.link(folder / "one", folder / "two")
        except OSError as error:
            hint = "versions are stored whole, each with its own copy"
            yield Finding("links", MIND, f"no hard links here ({error.strerror})", hint)
            return
    yield Finding("links", WELL, "versions share what they have in common")


def locks(store: Store) -> Iterator[Finding]:
    """Of two who lock a file, one has it."""
    with workbench(store) as folder, (folder / "lock").open("wb") as one, (folder / "lock").open("wb") as two:
        fcntl.flock(one, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            fcntl.flock(two, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield Finding("locks", WELL, "of two who want one, one gets it")
            return
    hint = "never let two commands work on one corpus at once here, or use another disk"
    yield Finding("locks", WRONG, "two got the same lock", hint)


def clock(store: Store) -> Iterator[Finding]:
    """Our clock, the disk's, and what was written before agree."""
    with workbench(store) as folder:
        before = time.time()
        (folder / "file").write_bytes(b"")
        off = (folder / "file").stat().st_mtime - before
    latest = [snapshot.collected_at for corpus in store.corpora() for snapshot in store.snapshots(corpus)[-1:]]
    now = datetime.now(UTC)
    late = [moment for moment in latest if datetime.fromisoformat(moment) > now + AHEAD]
    if abs(off) > SKEW:
        hint = "set both by NTP: what is old is told by the disk's clock"
        yield Finding("clock", MIND, f"the disk's clock is {off:+,.1f} s off this machine's", hint)
    if late:
        yield Finding("clock", MIND, f"a snapshot is from {max(late)}, which is yet to come", "set the clock by NTP")
    elif abs(off) <= SKEW:
        yield Finding("clock", WELL, f"{now:%Y-%m-%d %H:%M} UTC, and the disk says so too")


def leftovers(store: Store) -> Iterator[Finding]:
    """What killed writers left."""
    snapshots = [snapshot for corpus in store.corpora() for snapshot in store.snapshots(corpus)]
    found = list(strays(store, snapshots))
    for path, what, hint in found:
        yield Finding("leftovers", MIND, f"{path} {what}", hint)
    if not found:
        yield Finding("leftovers", WELL, "nothing lies about")


def bucket(store: Store) -> Iterator[Finding]:
    """A bucket refuses to create what is there: without, two writers could both win."""
    if store.bucket is None:
        return
    from corpusmill.store.bucket import probe

    began = time.monotonic()
    probe(store.bucket)
    seconds = time.monotonic() - began
    yield Finding("bucket", WELL, f"{store.bucket} creates a key once only; four requests took {seconds:.2f} s")


def syncs(store: Store) -> Iterator[Finding]:
    """How long the disk takes to keep a block: one that takes no time was not asked."""
    with workbench(store) as folder, (folder / "file").open("wb", buffering=0) as file:
        seconds = statistics.median(_synced(file.fileno()) for _ in range(_SYNCS))
    told = f"the disk says after {1e3 * seconds:,.2f} ms that a block is kept"
    kind = kind_of(store.root)
    if kind in _MEMORY or seconds < SOON:
        why = (
            f"{kind} is memory" if kind in _MEMORY else "a library such as eatmydata, or a driver, answers in its place"
        )
        yield Finding("fsync", WRONG, f"{told}, too soon to be true", f"{why}: nothing here survives a power cut")
        return
    hint = "that it tells the truth, only a power cut can show, which this test does not make"
    yield Finding("fsync", WELL, told, hint)


def _synced(descriptor: int) -> float:
    os.write(descriptor, bytes(4096))
    began = time.perf_counter()
    os.fsync(descriptor)
    return time.perf_counter() - began


def kind_of(path: Path) -> str:
    """The name of the file system that a path is on, or "" where the system does not say."""
    try:
        lines = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    mounts = {line.split()[1].replace("\\040", " "): line.split()[2] for line in lines}
    return next((mounts[str(place)] for place in (path, *path.parents) if str(place) in mounts), "")
