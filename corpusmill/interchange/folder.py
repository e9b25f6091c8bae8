"""A folder for others to have: filled under another name, whole when it appears, and a copy.

Files are copies, checked against their digests on the way: what others do to them never reaches the store.
"""

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from corpusmill.errors import CorruptError, UsageError
from corpusmill.interchange import croissant
from corpusmill.store import Store, commit, encode
from corpusmill.store.commit import MANIFEST
from corpusmill.types import Progress, Shard, Version

_AT_ONCE = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: where, as what, and how much."""

    export: str  # path of the folder
    format: str
    version: str  # ref
    files: int
    bytes: int


@contextmanager
def filled(folder: Path) -> Iterator[Path]:
    """A work folder that becomes `folder` at the end of the block; after an error nothing is there.

    Raises UsageError where `folder` holds something already, StoreError where it cannot be written.
    """
    final = folder.expanduser().resolve()
    with commit.disk_errors(final):
        _refuse_unusable(final)
        with commit.work_folder(final) as work:
            yield work
            for place, folders, files in os.walk(work):
                for name in (*folders, *files):
                    commit.fsync(Path(place, name))
            commit.fsync(work)
            try:
                work.rename(final)
            except OSError as error:
                if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                    _refuse_unusable(final)
                raise
            commit.fsync(final.parent)


def written(folder: Path, form: str, version: Version) -> Exported:
    """What lies in a folder that was filled."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return Exported(str(folder), form, version.ref, len(sizes), sum(sizes))


def copy_shards(
    version: Version, store: Store, work: Path, progress: Progress, path: Callable[[Shard], str] = lambda s: s.path
) -> None:
    """Every shard to a path under `work`. Raises CorruptError naming the first that is not what was published."""
    source, total, done = store.version_folder(version), sum(shard.bytes for shard in version.shards), 0
    for shard in version.shards:
        progress("export", done, total, shard.path)
        if copy(source / shard.path, work / path(shard)) != shard.sha256:
            hint = f"say what else is wrong with: corpusmill verify {version.ref}"
            raise CorruptError(f"{source / shard.path} does not match the manifest", hint)
        done += shard.bytes
    progress("export", total, total, f"{len(version.shards):,} shards")


def copy_all(version: Version, store: Store, work: Path, progress: Progress) -> None:
    """A version as it is published: shards, drop ledger, card, Croissant, manifest."""
    copy_shards(version, store, work, progress)
    source, snapshot = store.version_folder(version), store.snapshot(version.corpus, version.snapshot)
    for name in ("README.md", "drops/drops.parquet"):
        copy(source / name, work / name)
    (work / croissant.FILE).write_bytes(croissant.encode(version, snapshot))
    (work / MANIFEST).write_bytes(encode(version))


def copy(source: Path, target: Path) -> str:
    """Copy one file; returns its SHA-256. Raises CorruptError where it is missing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    try:
        with source.open("rb") as reading, target.open("wb") as writing:
            while piece := reading.read(_AT_ONCE):
                digest.update(piece)
                writing.write(piece)
    except FileNotFoundError as error:
        raise CorruptError(f"{source} is missing", "restore it from a copy, or build the version again") from error
    return digest.hexdigest()


def _refuse_unusable(final: Path) -> None:
    if final == Path.cwd():
        raise UsageError(f"{final} is where you are", "name a folder of its own, which is made")
    if final.is_dir() and any(final.iterdir()):
        raise UsageError(f"{final} is not empty", "name another folder, which is made")
    if final.exists() and not final.is_dir():
        raise UsageError(f"{final} is a file", "name a folder, which is made")
