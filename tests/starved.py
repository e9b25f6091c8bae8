"""A disk that refuses: the operation of one number fails, as the system says it, and all others are carried out.

Who tries each number in turn until nothing fails has seen every step fail.
"""

import builtins
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CALLS = ("open", "fsync", "rename", "mkdir", "link", "unlink", "rmdir")


@dataclass
class Refusing:
    """Below `root`, the call of number `nth` fails with `code`."""

    root: Path
    nth: int
    code: int
    calls: int = 0
    failed: str = ""

    @contextmanager
    def watched(self, monkeypatch) -> Iterator[None]:
        """The system's calls, counted; reading is not."""
        with monkeypatch.context() as patch:
            for name in CALLS:
                patch.setattr(os, name, self._counted(name, getattr(os, name)))
            for module in (io, builtins):
                patch.setattr(module, "open", self._opened(open))
            yield

    def _counted(self, name, call):
        def called(first, *rest, **named):
            if name != "open" or (rest and rest[0] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
                self._count(name, first)
            return call(first, *rest, **named)

        return called

    def _opened(self, call):
        def called(file, mode="r", *rest, **named):
            if set(mode) & set("wax+"):
                self._count("open", file)
            opened = call(file, mode, *rest, **named)
            return _Writes(opened, self) if set(mode) & set("wax+") and self._ours(file) else opened

        return called

    def _ours(self, place) -> bool:
        if isinstance(place, int):
            try:
                place = Path(f"/proc/self/fd/{place}").readlink()
            except OSError:
                return False
        return str(place).startswith(str(self.root)) and "/locks/" not in str(place)

    def _count(self, name: str, place) -> None:
        if not self._ours(place):
            return
        self.calls += 1
        if self.calls - 1 == self.nth:
            self.failed = f"{name} {place}"
            raise OSError(self.code, os.strerror(self.code), None if isinstance(place, int) else str(place))


class _Writes:
    """A file whose writes are counted."""

    def __init__(self, file, refusing: Refusing) -> None:
        self._file, self._refusing = file, refusing

    def write(self, data):
        self._refusing._count("write", self._file.fileno())
        return self._file.write(data)

    def __getattr__(self, name):
        return getattr(self._file, name)

    def __enter__(self):
        self._file.__enter__()
        return self

    def __exit__(self, *how):
        return self._file.__exit__(*how)

    def __iter__(self):
        return iter(self._file)
