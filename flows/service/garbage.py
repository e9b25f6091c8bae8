"""Garbage collection in a thread of its own, for a process that is Prefect's server.

On the main thread it may free a cursor of SQLite whose connection another thread is just waiting with for the write
lock. To reset the cursor takes that connection's mutex: the event loop then stands for the whole busy timeout, which
Prefect sets to 60 s, and with it whoever has the lock. That was seen as stalls of a minute each with four and more
flow runs at once. In a thread of its own only the collection waits.
"""

import gc
import threading
import time

PAUSE = 1.0  # seconds between two collections of what is young
WHOLE = 20  # so many of these, and one of everything


def collect_aside() -> None:
    """Turn the automatic collection off, and collect in a daemon thread instead."""
    gc.disable()
    threading.Thread(target=_collect, name="garbage", daemon=True).start()


def _collect() -> None:
    turn = 0
    while True:
        time.sleep(PAUSE)
        turn += 1
        gc.collect(1 if turn % WHOLE else 2)
