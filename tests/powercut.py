"""What would be left on the disk if the power failed: a shim over `os.fsync`, `os.rename` and nothing of ours.

A disk keeps what was synced; of the rest it may keep anything. `Disk` remembers the bytes each file and the names each
folder had when it was last synced, and rebuilds the two worst disks that could be found afterwards. Killing a process
shows none of this, for its writes live on in the page cache.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

Left = dict[str, bytes]
"""Path below the root -> what a reader finds in it."""


@dataclass
class Disk:
    """One folder, watched. `skip` leaves out the sync of that number, as if a line of code were missing."""

    root: Path
    skip: int | None = None
    check: Callable[[Left], None] = lambda _: None
    syncs: int = 0
    _files: dict[int, bytes] = field(default_factory=dict)  # inode -> bytes when last synced
    _folders: dict[int, dict[str, int]] = field(default_factory=dict)  # inode -> name -> inode, likewise
    _held: ExitStack = field(default_factory=ExitStack)  # open files, so that no inode is given out a second time

    def __post_init__(self) -> None:
        """What was there before is safe."""
        for path in (self.root, *self.root.rglob("*")):
            self._sync(path)

    @contextmanager
    def watched(self, monkeypatch) -> Iterator[None]:
        """Every sync and rename is seen, and `check` is given all that could be left after each."""
        fsync, rename = os.fsync, os.rename

        def seen_fsync(descriptor: int) -> None:
            self.syncs += 1
            if self.syncs - 1 != self.skip:
                fsync(descriptor)
                self._sync_inode(os.fstat(descriptor).st_ino)
            self._look()

        def seen_rename(source: Path, target: Path) -> None:
            rename(source, target)
            self._look()

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", seen_fsync)
            patch.setattr(os, "rename", seen_rename)
            with self._held:
                yield

    def strict(self) -> Left:
        """Only what was synced is left: names by their folders, bytes by their files."""
        return dict(self._rebuilt(self.root.stat().st_ino, ""))

    def eager(self) -> Left:
        """Every name is left, since a journal may write these first; but of bytes only what was synced."""
        files = (path for path in self.root.rglob("*") if path.is_file())
        return {str(p.relative_to(self.root)): self._files.get(p.stat().st_ino, b"") for p in files}

    def _look(self) -> None:
        self.check(self.strict())
        self.check(self.eager())

    def _sync_inode(self, inode: int) -> None:
        for path in (self.root, *self.root.rglob("*")):
            if path.stat().st_ino == inode:
                self._sync(path)

    def _sync(self, path: Path) -> None:
        inode = path.stat().st_ino
        if path.is_dir():
            self._folders[inode] = {below.name: below.stat().st_ino for below in path.iterdir()}
        else:
            self._files[inode] = self._held.enter_context(path.open("rb")).read()

    def _rebuilt(self, inode: int, below: str) -> Iterator[tuple[str, bytes]]:
        if inode in self._files:
            yield below, self._files[inode]
        for name, inner in self._folders.get(inode, {}).items():
            yield from self._rebuilt(inner, f"{below}/{name}".lstrip("/"))
