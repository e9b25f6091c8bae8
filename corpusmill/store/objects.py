"""What the store needs of a bucket, and how it asks again: eight verbs on keys, of which one is the commit.

`create` is what makes a bucket a store: of all who create one key, one is told True. `Steady` stands in front of any
`Objects` and asks again where a server is busy or does not answer. An answer that is lost is not a refusal: what was
created without our hearing of it is read back, and known by its bytes. Neither knows what the keys mean.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from corpusmill.errors import StoreError

DEADLINE = 120.0  # seconds for one request and its repetitions
FIRST, LONGEST = 0.1, 10.0  # seconds between two of them: doubled each time, a random part of it left out
Answer = TypeVar("Answer")


class PassingError(StoreError):
    """A request failed for a reason that may pass; whether it was carried out is not known."""


class RefusedError(StoreError):
    """Whoever asks may not do this here: of a bucket that may only be read, write."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An object as it is listed."""

    key: str
    size: int
    tag: str  # another one for other bytes; it may change for the same
    changed: datetime  # when it was written, by the server's clock


class Objects(Protocol):
    """A bucket, or a part of one. Keys are paths with slashes; errors are StoreError and FileNotFoundError."""

    def get(self, key: str) -> bytes:
        """The whole body. Raises FileNotFoundError."""

    def pieces(self, key: str) -> Iterator[bytes]:
        """The same in pieces of some megabytes. Raises FileNotFoundError."""

    def part(self, key: str, start: int, end: int) -> bytes:
        """Some of the body: what there is of it from `start` to before `end`. Raises FileNotFoundError."""

    def put(self, key: str, body: bytes | Path) -> None:
        """Write or replace an object; a path means what is in that file."""

    def create(self, key: str, body: bytes | Path) -> bool:
        """Write an object only where there is none; False where there is one."""

    def size(self, key: str) -> int | None:
        """How many bytes an object has; None where there is none."""

    def list(self, prefix: str) -> Iterator[Entry]:
        """What is below a folder, which ends with a slash or is empty; as new as the last write."""

    def copy(self, source: str, target: str) -> None:
        """Copy on the server. Raises FileNotFoundError."""

    def delete(self, keys: Iterable[str]) -> None:
        """Remove these; one that is not there is no error."""


class Steady:
    """The same objects, asked for as often as it takes, within a time."""

    def __init__(
        self,
        objects: Objects,
        deadline: float = DEADLINE,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`deadline` in seconds; `sleep` and `now` are the clock."""
        self._objects, self._deadline, self._sleep, self._now = objects, deadline, sleep, now

    def __str__(self) -> str:
        """As the objects behind it are called."""
        return str(self._objects)

    def get(self, key: str) -> bytes:
        """See Objects."""
        return self._repeated(lambda: self._objects.get(key))

    def pieces(self, key: str) -> Iterator[bytes]:
        """See Objects. What fails on the way is not gone on with: whoever reads begins again."""
        return self._repeated(lambda: self._objects.pieces(key))

    def part(self, key: str, start: int, end: int) -> bytes:
        """See Objects."""
        return self._repeated(lambda: self._objects.part(key, start, end))

    def put(self, key: str, body: bytes | Path) -> None:
        """See Objects."""
        self._repeated(lambda: self._objects.put(key, body))

    def create(self, key: str, body: bytes | Path) -> bool:
        """See Objects. Where an answer was lost, the object with our bytes is ours."""
        unsure = False

        def ask() -> bool:
            nonlocal unsure
            try:
                if self._objects.create(key, body):
                    return True
            except PassingError:
                unsure = True
                raise
            try:
                found = self.get(key)
            except FileNotFoundError as error:  # refused because another's is under way, which may yet fail
                raise PassingError(f"{self}: {key} is refused, and is not there", "repeat the command") from error
            return unsure and found == whole(body)

        return self._repeated(ask)

    def size(self, key: str) -> int | None:
        """See Objects."""
        return self._repeated(lambda: self._objects.size(key))

    def list(self, prefix: str) -> Iterator[Entry]:
        """See Objects."""
        return iter(self._repeated(lambda: [*self._objects.list(prefix)]))

    def copy(self, source: str, target: str) -> None:
        """See Objects."""
        self._repeated(lambda: self._objects.copy(source, target))

    def delete(self, keys: Iterable[str]) -> None:
        """See Objects."""
        listed = list(keys)
        self._repeated(lambda: self._objects.delete(listed))

    def _repeated(self, ask: Callable[[], Answer]) -> Answer:
        end, wait = self._now() + self._deadline, FIRST
        while True:
            try:
                return ask()
            except PassingError as error:
                if self._now() + wait > end:
                    tried = f"{error.message}; it was asked for {self._deadline:,.0f} s"
                    raise StoreError(tried, "repeat the command later; what was finished is kept") from error
            self._sleep(wait * random.uniform(0.5, 1))
            wait = min(2 * wait, LONGEST)


def whole(body: bytes | Path) -> bytes:
    """A body's bytes."""
    return body.read_bytes() if isinstance(body, Path) else body
