"""Bytes that come in pieces of any length, taken in the lengths they are needed in."""

import io
from collections.abc import Iterator

from corpusmill.archive.walk import HINT
from corpusmill.errors import TooLargeError


class Pieces:
    """A reader over an iterator, that counts what goes through it. Taking or skipping less than asked means the end."""

    def __init__(self, pieces: Iterator[bytes], limit: int) -> None:
        """Raises TooLargeError, when read, once more than `limit` bytes came."""
        self._pieces, self._limit = pieces, limit
        self._piece, self._at, self._came = b"", 0, 0

    def __iter__(self) -> Iterator[bytes]:
        """What is left."""
        yield self._piece[self._at :]
        self._at = len(self._piece)
        while self._more():
            yield self._piece
            self._at = len(self._piece)

    def peek(self, size: int) -> bytes:
        """The next bytes, which stay."""
        while len(self._piece) - self._at < size:
            left = self._piece[self._at :]
            if not self._more():
                self._piece, self._at = left, 0
                return left
            self._piece = left + self._piece
        return self._piece[self._at : self._at + size]

    def take(self, size: int) -> bytes:
        """The next bytes."""
        end = self._at + size
        if end <= len(self._piece):
            taken = self._piece[self._at : end]
            self._at = end
            return taken
        whole = io.BytesIO()
        for start, end in self._spans(size):
            whole.write(memoryview(self._piece)[start:end])
        return whole.getvalue()

    def skip(self, size: int) -> int:
        """How many bytes were passed over."""
        end = self._at + size
        if end <= len(self._piece):
            self._at = end
            return size
        return sum(end - start for start, end in self._spans(size))

    def _spans(self, size: int) -> Iterator[tuple[int, int]]:
        """Places in one piece after another that together have `size` bytes, or all that are left."""
        while size > 0 and (self._at < len(self._piece) or self._more()):
            start = self._at
            self._at = min(len(self._piece), start + size)
            size -= self._at - start
            yield start, self._at

    def _more(self) -> bool:
        """Go on to the next piece; False at the end."""
        self._piece, self._at = next(self._pieces, b""), 0
        self._came += len(self._piece)
        if self._came > self._limit:
            raise TooLargeError(f"too large: more than {self._limit:,} bytes in the archive, unpacked", HINT)
        return bool(self._piece)
