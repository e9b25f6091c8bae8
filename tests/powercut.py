"""What would be left on the disk if the power failed: a shim over `os.fsync`, `os.rename` and nothing of ours.

A disk keeps what was synced; of the rest it may keep anything. `Disk` remembers the bytes each file and the names each
folder had when it was last synced, and rebuilds the two worst disks that could be found afterwards, and by chance any
of those in between. Killing a process shows none of this, for its writes live on in the page cache.
"""

import os
import random
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
    places: list[str] = field(default_factory=list)  # of each sync, below the root
    idle: set[int] = field(default_factory=set)  # those that found all kept already
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
            self.places.append(os.path.relpath(Path(f"/proc/self/fd/{descriptor}").readlink(), self.root))
            if self.syncs - 1 != self.skip:
                fsync(descriptor)
                if not self._sync_inode(os.fstat(descriptor).st_ino):
                    self.idle.add(self.syncs - 1)
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

    def some(self, chance: random.Random) -> Left:
        """By chance, of each file and each name what was synced or what was done since, or half of a write."""
        live = {path.stat().st_ino: path for path in (self.root, *self.root.rglob("*"))}
        return dict(self._some(self.root.stat().st_ino, "", live, chance))

    def _some(
        self, inode: int, below: str, live: dict[int, Path], chance: random.Random
    ) -> Iterator[tuple[str, bytes]]:
        path = live.get(inode)
        if inode in self._files or (path and path.is_file()):
            synced = self._files.get(inode, b"")
            now = path.read_bytes() if path else synced
            yield below, synced if now == synced else chance.choice([synced, now, now[: len(now) // 2], b""])
            return
        synced, now = self._folders.get(inode, {}), {p.name: p.stat().st_ino for p in path.iterdir()} if path else {}
        for name, kept in _between(synced, now, chance).items():
            yield from self._some(kept, f"{below}/{name}".lstrip("/"), live, chance)

    def _look(self) -> None:
        self.check(self.strict())
        self.check(self.eager())

    def _sync_inode(self, inode: int) -> bool:
        """Whether there was anything to keep."""
        before = (self._files.get(inode), self._folders.get(inode))
        for path in (self.root, *self.root.rglob("*")):
            if path.stat().st_ino == inode:
                self._sync(path)
        return before != (self._files.get(inode), self._folders.get(inode))

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


def _between(synced: dict[str, int], now: dict[str, int], chance: random.Random) -> dict[str, int]:
    """The names of a folder when by chance some of what was done to it since is kept; a rename is kept whole or not."""
    kept, before = dict(synced), {inode: name for name, inode in synced.items()}
    for name, inode in now.items():
        if synced.get(name) != inode and chance.random() < 0.5:
            kept.pop(before.get(inode, ""), None)
            kept[name] = inode
    for name, inode in synced.items():
        if name not in now and inode not in now.values() and chance.random() < 0.5:
            kept.pop(name, None)
    return kept
