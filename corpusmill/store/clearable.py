"""Where things lie that may be cleared away, how old and how large they are, and how they go: in a folder, in a bucket.

    place = place_of(store)
    if place.is_old(path, before): place.remove(path)

A path is always that in the folder, or in the working copy. Ages are those of the disk or of the server.
"""

import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from corpusmill.store import Store, commit
from corpusmill.store.commit import MANIFEST
from corpusmill.store.objects import Entry, Objects


class Place(Protocol):
    """Where things lie."""

    def is_old(self, path: Path, before: datetime) -> bool:
        """Whether all of it was written before a moment."""

    def published(self, folder: Path) -> datetime:
        """When the manifest in a folder was written."""

    def bodies(self) -> Iterable[Path]:
        """All raw bodies."""

    def freed(self, path: Path) -> int:
        """How many bytes are free once it is gone too, and all that were asked about before."""

    def remove(self, path: Path) -> None:
        """Remove a file, or a folder of which readers see all or nothing."""


def place_of(store: Store) -> Place:
    """Where the things of a store lie."""
    return Bucket(store.root, store.bucket) if store.bucket else Folder(store.root)


class Folder:
    """A store in a folder, or a working copy."""

    def __init__(self, root: Path) -> None:
        """Nothing is read yet."""
        self._root = root
        self._links: Counter[tuple[int, int]] = Counter()  # names that went, by file

    def is_old(self, path: Path, before: datetime) -> bool:
        """See Place."""
        return all(_changed(each) < before for each in (path, *files(path)))

    def published(self, folder: Path) -> datetime:
        """See Place."""
        return _changed(folder / MANIFEST)

    def bodies(self) -> Iterable[Path]:
        """See Place."""
        return (path for path in files(self._root / "blobs") if not path.name.startswith("."))

    def freed(self, path: Path) -> int:
        """See Place. A file with several names counts when its last one goes."""
        return sum(map(self._freed, (path, *files(path))))

    def remove(self, path: Path) -> None:
        """See Place."""
        if not path.is_dir() or path.is_symlink():
            path.unlink(missing_ok=True)
            return
        with ExitStack() as moved:
            if not path.name.startswith("."):  # readers see all of it or nothing
                work = moved.enter_context(commit.work_folder(path))
                path = path.rename(work / path.name)
            shutil.rmtree(path)

    def _freed(self, path: Path) -> int:
        if path.is_dir():
            return 0
        said = path.lstat()
        self._links[said.st_dev, said.st_ino] += 1
        return said.st_size if self._links[said.st_dev, said.st_ino] == said.st_nlink else 0


class Bucket:
    """A store in a bucket; what goes there goes from the working copy too."""

    def __init__(self, root: Path, bucket: Objects) -> None:
        """Nothing is asked yet."""
        self._root, self._bucket, self._here = root, bucket, Folder(root)
        self._bodies: dict[str, Entry] = {}

    def is_old(self, path: Path, before: datetime) -> bool:
        """See Place. What is not there is not old: somebody may be about to write it."""
        found = self._entries(path)
        return bool(found) and all(entry.changed < before for entry in found)

    def published(self, folder: Path) -> datetime:
        """See Place."""
        key = self._key(folder / MANIFEST)
        return next((entry.changed for entry in self._entries(folder) if entry.key == key), datetime.now(UTC))

    def bodies(self) -> Iterable[Path]:
        """See Place."""
        self._bodies = {entry.key: entry for entry in self._bucket.list("blobs/")}
        return [self._root / key for key in self._bodies]

    def freed(self, path: Path) -> int:
        """See Place."""
        return sum(entry.size for entry in self._entries(path))

    def remove(self, path: Path) -> None:
        """See Place. The manifest goes first."""
        keys, manifest = [entry.key for entry in self._entries(path)], self._key(path / MANIFEST)
        if manifest in keys:
            self._bucket.delete([manifest])
        self._bucket.delete([key for key in keys if key != manifest])
        if path.exists():
            self._here.remove(path)

    def _entries(self, path: Path) -> list[Entry]:
        key = self._key(path)
        return [self._bodies[key]] if key in self._bodies else list(self._bucket.list(f"{key}/"))

    def _key(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()


def files(folder: Path) -> Iterator[Path]:
    """Every file below a folder; of a file none."""
    return (Path(inside, name) for inside, _, names in os.walk(folder) for name in names)


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(path.lstat().st_mtime, UTC)
