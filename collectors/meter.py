"""How far a collect is, for people: files, bytes, rate, and what it waits for."""

import time
from collections.abc import Iterable, Iterator

from corpusmill.http import Client
from corpusmill.types import Progress, RawFile

_OFTEN = 0.2  # seconds between two reports of one body


class Meter:
    """Tells a progress function what goes on."""

    def __init__(self, progress: Progress) -> None:
        """Nothing is told before something happens."""
        self._progress = progress
        self._files, self._total, self._bytes = 0, 0, 0
        self._began, self._last = time.monotonic(), 0.0

    def watch(self, client: Client) -> None:
        """Hear of long bodies and of waits."""
        client.told = self._body
        client.pace.waiting = self._waiting

    def counted(self, got: Iterable[tuple[RawFile, int]]) -> Iterator[RawFile]:
        """Pass records on, telling of each."""
        for record, total in got:
            self._files, self._total = self._files + 1, total
            self._bytes += record.bytes
            self._tell(self._files, self._bytes)
            yield record

    def _body(self, _url: str, received: int, total: int) -> None:
        if time.monotonic() - self._last < _OFTEN:
            return
        share = received / total if total > 0 else 0.0
        self._tell(self._files + min(share, 0.99), self._bytes + received)

    def _waiting(self, host: str, seconds: float) -> None:
        if seconds >= 1:
            self._tell(self._files, self._bytes, f", {seconds:.0f} s of politeness to {host}")

    def _tell(self, done: float, size: int, more: str = "") -> None:
        self._last = time.monotonic()
        rate = size / max(self._last - self._began, 1e-3)
        note = f"{int(done):,} files, {size / 1e6:,.1f} MB, {rate / 1e6:,.1f} MB/s{more}"
        self._progress("collect", done, max(self._total, 1 if not self._files else 0), note)
