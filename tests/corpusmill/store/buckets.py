"""Buckets that behave: one in memory, and shims in front of it that do what servers and networks do."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from corpusmill.errors import StoreError
from corpusmill.store.ids import sha256
from corpusmill.store.objects import Entry, Objects, PassingError, whole


class Memory:
    """A bucket as it should be, in memory."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.written: dict[str, datetime] = {}
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.asked: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __str__(self) -> str:
        return "s3://memory"

    def get(self, key: str) -> bytes:
        self.asked["get"] += 1
        try:
            return self.held[key]
        except KeyError as error:
            raise FileNotFoundError(key) from error

    def pieces(self, key: str) -> Iterator[bytes]:
        body = self.get(key)
        return (body[start : start + 1000] for start in range(0, len(body), 1000))

    def part(self, key: str, start: int, end: int) -> bytes:
        return self.get(key)[start:end]

    def put(self, key: str, body: bytes | Path) -> None:
        self.asked["put"] += 1
        self.held[key], self.written[key] = whole(body), self.clock()

    def create(self, key: str, body: bytes | Path) -> bool:
        self.asked["create"] += 1
        with self._lock:
            self.written.setdefault(key, self.clock())
            return self.held.setdefault(key, made := bytes(bytearray(whole(body)))) is made

    def size(self, key: str) -> int | None:
        self.asked["size"] += 1
        return len(self.held[key]) if key in self.held else None

    def list(self, prefix: str) -> Iterator[Entry]:
        self.asked["list"] += 1
        assert prefix == "" or prefix.endswith("/"), "folders only"
        found = sorted((key, body) for key, body in list(self.held.items()) if key.startswith(prefix))
        return iter([Entry(key, len(body), sha256(body), self.written.get(key, self.clock())) for key, body in found])

    def copy(self, source: str, target: str) -> None:
        self.asked["copy"] += 1
        self.held[target], self.written[target] = self.get(source), self.clock()

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.held.pop(key, None)
            self.written.pop(key, None)


class Shim:
    """A bucket in front of which something happens: `before` and `after` are given the verb and the key."""

    def __init__(
        self,
        inner: Objects,
        before: Callable[[str, str], None] = lambda verb, key: None,
        after: Callable[[str, str], None] = lambda verb, key: None,
    ) -> None:
        self.inner, self._before, self._after = inner, before, after

    def __str__(self) -> str:
        return str(self.inner)

    def __getattr__(self, verb: str):
        def do(key: str, *more: object) -> object:
            named = key if isinstance(key, str) else next(iter(key), "")
            self._before(verb, named)
            found = getattr(self.inner, verb)(key, *more)
            self._after(verb, named)
            return found

        return do


class Deaf(Shim):
    """A server that does not know conditions: it creates whatever is there."""

    def create(self, key: str, body: bytes | Path) -> bool:
        self.inner.put(key, body)
        return True


class DeadError(Exception):
    """The process that would have gone on is gone."""


def busy(every: int) -> Callable[[str, str], None]:
    """Answer each request whose number is not one of `every` with 503 SlowDown; nothing is carried out."""
    asked = Counter()

    def before(verb: str, key: str) -> None:
        asked["all"] += 1
        if asked["all"] % every:
            raise PassingError("503 SlowDown", "later")

    return before


def losing(verbs: tuple[str, ...], times: int = 1) -> Callable[[str, str], None]:
    """Lose the answers to these requests, which were carried out: of each verb and key, so many."""
    lost: Counter[tuple[str, str]] = Counter()

    def after(verb: str, key: str) -> None:
        lost[verb, key] += 1
        if verb in verbs and lost[verb, key] <= times:
            raise PassingError("timed out", "later")

    return after


def dying(at: int) -> Callable[[str, str], None]:
    """Let nothing through from the request of this number on."""
    asked = Counter()

    def before(verb: str, key: str) -> None:
        if asked["all"] >= at:
            raise DeadError(f"{verb} {key}")
        asked["all"] += 1

    return before


class Untouchable:
    """A bucket that nobody may ask."""

    def __getattr__(self, verb: str):
        raise AssertionError(f"{verb} was asked of the bucket")


def refusing(verb: str, key: str) -> None:
    """403 to everything."""
    raise StoreError("403", "check the keys")
