"""The bytes of one body as they come: in memory while they are few, on disk once they are many.

What lies on disk outlives the process, so that a later one goes on with a long download: ``<digest of url>.part``, and
beside it a ``.json`` that says whose bytes they are and how many of them are known to have reached the disk. It knows
bytes and validators, not HTTP.
"""

import io
import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from corpusmill.store.commit import make_folder, write_file
from corpusmill.store.ids import sha256

SPILL = 1 << 20  # bytes that are held in memory at most
_STEP = 16 << 20  # bytes between two syncs: what a power cut may cost


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Whose bytes these are: what a resumed answer must agree with."""

    final_url: str
    validator: str  # for If-Range: a strong ETag, or a date that is strong enough; empty = cannot be gone on with
    total: int = -1  # bytes of the whole as sent; -1 = unknown
    encoding: str = "identity"
    media_type: str = ""
    etag: str = ""
    last_modified: str = ""


class _Saved(msgspec.Struct, frozen=True):
    origin: Origin
    synced: int


class Part:
    """The beginning of a body, perhaps from an earlier process."""

    def __init__(self, url: str, folder: Path | None = None, spill: int = SPILL) -> None:
        """Take up what `folder` keeps of `url`; without a folder everything stays in memory."""
        self._path = folder / f"{sha256(url.encode())[:32]}.part" if folder else None
        self._spill = spill
        self._file: BinaryIO = io.BytesIO()
        self._on_disk = False
        self._synced = 0
        self.origin: Origin | None = None
        self.size = 0
        self._take_up()

    @property
    def resumable(self) -> bool:
        """Whether the rest may be asked for without mixing two files."""
        return bool(self.size and self.origin and self.origin.validator)

    def begin(self, origin: Origin) -> None:
        """Forget what was there; what comes now is `origin`'s."""
        self.clear()
        self.origin = origin

    def write(self, piece: bytes) -> None:
        """Append."""
        if not self._on_disk and self._path and self.size + len(piece) > self._spill:
            self._to_disk(self._path)
        self._file.write(piece)
        self.size += len(piece)
        if self._on_disk and self.size - self._synced >= _STEP:
            self._sync()

    def pieces(self, most: int = 1 << 18) -> BinaryIO:
        """A reader of what is there, from the start."""
        self._file.flush()
        if self._on_disk:
            assert self._path
            return self._path.open("rb", buffering=most)
        return io.BytesIO(self._memory())

    def read(self) -> bytes:
        """All that is there."""
        with self.pieces() as pieces:
            return pieces.read()

    def keep(self) -> None:
        """Make what came durable, so that another process goes on with it; a short body is let go. Ends the part."""
        with suppress(OSError, ValueError):  # there is no more to do for a download that failed already
            if self._on_disk:
                self._sync()
        self._file.close()

    def clear(self) -> None:
        """Let everything go."""
        self._file.close()
        if self._path and self._on_disk:
            for path in (self._path, self._path.with_suffix(".json")):
                path.unlink(missing_ok=True)
        self._file, self._on_disk, self.size, self._synced, self.origin = io.BytesIO(), False, 0, 0, None

    def _memory(self) -> bytes:
        assert isinstance(self._file, io.BytesIO)
        return self._file.getvalue()

    def _to_disk(self, path: Path) -> None:
        make_folder(path.parent)
        file = path.open("w+b")
        file.write(self._memory())
        self._file.close()
        self._file, self._on_disk = file, True
        self._sync()

    def _sync(self) -> None:
        """Only what is known to be on disk is gone on with: after a power cut a file may be long and full of zeros."""
        assert self._path
        assert self.origin
        self._file.flush()
        os.fsync(self._file.fileno())
        self._synced = self.size
        write_file(self._path.with_suffix(".json"), msgspec.json.encode(_Saved(self.origin, self._synced)))

    def _take_up(self) -> None:
        if not self._path or not self._path.is_file():
            return
        try:
            saved = msgspec.json.decode(self._path.with_suffix(".json").read_bytes(), type=_Saved)
            whole = 0 < saved.synced <= self._path.stat().st_size
        except (OSError, msgspec.DecodeError):
            whole = False
        if not whole:
            self._on_disk = True
            self.clear()
            return
        self._file = self._path.open("r+b")
        self._file.truncate(saved.synced)
        self._file.seek(saved.synced)
        self._on_disk, self.size, self._synced, self.origin = True, saved.synced, saved.synced, saved.origin
