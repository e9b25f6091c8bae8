"""What machines hand to one another: rows until they are published, and what is known of them, in the store itself.

    CORPUS/.parsed/BUNDLE.rows        documents of several partitions (`bundle`)
    CORPUS/.parsed/BUNDLE.indexes     the index of each of these partitions, by its key

Readers of a store never look there, and it may be removed at any time. In a folder it is where partitions lie anyway.
"""

import os
import shutil
import uuid
from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from corpusmill.store import Store
from corpusmill.store.objects import Objects
from preprocess.partition.mill import folder_of


class Depot(Protocol):
    """Files by name, whole or absent."""

    def put(self, name: str, body: bytes | Path) -> None:
        """Keep a file, in the place of one of that name."""

    def get(self, name: str) -> bytes:
        """A whole file. Raises FileNotFoundError."""

    def part(self, name: str, start: int, end: int) -> bytes:
        """Bytes of a file. Raises FileNotFoundError."""

    def names(self) -> set[str]:
        """Every file."""

    def remove(self, names: Collection[str]) -> None:
        """Remove files; one that is not there is no error."""


def depot_of(store: Store, corpus: str) -> Depot:
    """The one that a corpus has in a store."""
    folder = folder_of(store, corpus)
    if store.bucket:
        return InBucket(store.bucket, f"{folder.relative_to(store.root).as_posix()}/")
    return InFolder(folder)


class InFolder:
    """A folder that all machines share."""

    def __init__(self, folder: Path) -> None:
        """Nothing is made yet."""
        self._folder = folder

    def put(self, name: str, body: bytes | Path) -> None:
        """See Depot."""
        self._folder.mkdir(parents=True, exist_ok=True)
        half = self._folder / f".{name}.{uuid.uuid4().hex}.tmp"  # a process's number says little where machines share
        try:
            if isinstance(body, Path):
                shutil.copyfile(body, half)
            else:
                half.write_bytes(body)
            half.rename(self._folder / name)
        finally:
            half.unlink(missing_ok=True)

    def get(self, name: str) -> bytes:
        """See Depot."""
        return (self._folder / name).read_bytes()

    def part(self, name: str, start: int, end: int) -> bytes:
        """See Depot."""
        descriptor = os.open(self._folder / name, os.O_RDONLY)
        try:
            return os.pread(descriptor, end - start, start)
        finally:
            os.close(descriptor)

    def names(self) -> set[str]:
        """See Depot."""
        return {path.name for path in self._folder.iterdir()} if self._folder.is_dir() else set()

    def remove(self, names: Collection[str]) -> None:
        """See Depot."""
        for name in names:
            (self._folder / name).unlink(missing_ok=True)


class InBucket:
    """A folder of a bucket."""

    def __init__(self, bucket: Objects, prefix: str) -> None:
        """`prefix` ends with a slash."""
        self._bucket, self._prefix = bucket, prefix

    def put(self, name: str, body: bytes | Path) -> None:
        """See Depot."""
        self._bucket.put(self._prefix + name, body)

    def get(self, name: str) -> bytes:
        """See Depot."""
        return self._bucket.get(self._prefix + name)

    def part(self, name: str, start: int, end: int) -> bytes:
        """See Depot."""
        return self._bucket.part(self._prefix + name, start, end)

    def names(self) -> set[str]:
        """See Depot."""
        return {entry.key.removeprefix(self._prefix) for entry in self._bucket.list(self._prefix)}

    def remove(self, names: Collection[str]) -> None:
        """See Depot."""
        if names:
            self._bucket.delete([self._prefix + name for name in names])
