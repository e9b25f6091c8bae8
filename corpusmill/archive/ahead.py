"""An iterator taken by a thread of its own, a few items ahead: unpacking waits for nobody, and nobody for it."""

import queue
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")
_WAITING = 8  # items ready
_TURN = 0.2  # seconds between two looks at whether anyone still wants them


class _End(Generic[T]):
    """What comes after the last item, with the error that ended them, if any."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items in the same order; what taking them raises is raised here. The thread ends with this iterator."""
    ready: queue.Queue[T | _End[T]] = queue.Queue(_WAITING)
    left = threading.Event()

    def put(item: T | _End[T]) -> None:
        while not left.is_set():
            with suppress(queue.Full):
                ready.put(item, timeout=_TURN)
                return

    def take() -> None:
        try:
            for item in items:
                put(item)
                if left.is_set():
                    return
        except BaseException as error:  # noqa: BLE001 - raised by whoever takes the items
            put(_End(error))
        else:
            put(_End(None))

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    try:
        while not isinstance(item := ready.get(), _End):
            yield item
        if item.error:
            raise item.error
    finally:
        left.set()
        thread.join()
