"""Where OpenLineage events go: lines of JSON in the store, and an HTTP receiver such as Marquez where one is set.

``Line(store).tell(event)`` appends to STORE/lineage/openlineage-….jsonl; ``Receiver(address).send(event)`` is
OpenLineage's own client.
"""

import os
import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from corpusmill.store import Store, commit

_BORN = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
_ALONE = threading.Lock()


@dataclass(frozen=True, slots=True)
class Line:
    """Where events go: a file of this process in the store, so that no two writers meet."""

    store: Store

    def tell(self, told: dict[str, Any]) -> None:
        """Append an event as one whole line. Raises StoreError."""
        path = self.store.root / "lineage" / f"openlineage-{_BORN}-{os.getpid()}.jsonl"
        with commit.disk_errors(path):
            commit.make_folder(path.parent)
            self.store.take(path)  # another machine may have had to forget something that it names
            _append(path, msgspec.json.encode(told) + b"\n")
            self.store.keep(path)


def _append(path: Path, line: bytes) -> None:
    """All of it or nothing: what a full disk cut short is taken back."""
    with _ALONE, path.open("ab", buffering=0) as file:
        start, rest = file.seek(0, os.SEEK_END), memoryview(line)
        try:
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        except OSError:
            file.truncate(start)
            raise
    if not start:
        commit.fsync(path.parent)  # a file that was not there before


@dataclass(slots=True)
class Receiver:
    """An HTTP receiver such as Marquez, by OpenLineage's own client; after a failure nothing more is sent to it."""

    url: str
    key: str = field(default="", repr=False)
    endpoint: str = ""
    failed: str = ""  # why
    _transport: Any = None

    def send(self, told: dict[str, Any]) -> None:
        """Send an event, if all went well so far; `failed` says why not."""
        if self.failed:
            return
        try:
            self._transport = self._transport or self._opened()
            self._transport.emit(told)
        except ImportError:
            self.failed = "openlineage-python is not installed: install corpusmill[openlineage]"
        except (OSError, ValueError, RuntimeError) as error:
            # requests' errors are OSErrors; what they say may hold the address, and that a password
            self.failed = f"the receiver did not take it ({type(error).__name__})"

    def close(self) -> None:
        """Close the connection."""
        if self._transport:
            self._transport.close()

    def _opened(self) -> Any:
        from openlineage.client.transport.http import HttpConfig, HttpTransport

        given: dict[str, Any] = {"url": self.url, "timeout": 5.0, "retry": {"total": 0}}
        if self.endpoint:
            given["endpoint"] = self.endpoint
        if self.key:
            given["auth"] = {"type": "api_key", "apiKey": self.key}
        return HttpTransport(HttpConfig.from_dict(given))
