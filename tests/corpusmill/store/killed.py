"""Processes that publish versions until they are killed: ``python -m tests.corpusmill.store.killed``.

It reads a folder and whether to wait from each line of its standard input and answers with the number of a process of
its own, forked from it so that nothing has to be imported again. That process publishes snapshot and version one after
another into the store in that folder, as `corpusmill collect` and `build` do, and appends to ``FOLDER/said`` what the
calls returned. With "wait" it begins only when ``FOLDER/go`` is there, publishes once and ends.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from corpusmill.store import Store
from tests.faults import NAME, built


def main() -> None:
    """Fork a publisher for each line, once all that it needs is loaded."""
    with tempfile.TemporaryDirectory() as folder:
        publish_once(Path(folder))
    for line in sys.stdin:
        folder, how = line.split()
        if child := os.fork():
            sys.stdout.write(f"{child}\n")
            sys.stdout.flush()
            os.waitpid(child, 0)
            sys.stdout.write("over\n")
            sys.stdout.flush()
        else:
            publish(Path(folder), once=how == "wait")
            os._exit(0)


def publish_once(folder: Path) -> None:
    """What is loaded when it is first needed."""
    store = Store(folder)
    built(store, 1)
    built(store, 2)


def publish(folder: Path, *, once: bool) -> None:
    """Publish version after version, saying each once it is there."""
    while once and not (folder / "go").exists():
        time.sleep(0.002)
    store = Store(folder / "store")
    versions = store.versions(NAME)
    number = versions[-1].number + 1 if versions else 1
    with (folder / "said").open("a", encoding="utf-8", buffering=1) as said:
        while True:
            version = built(store, number)
            said.write(f"{version.name} {version.id}\n")
            number += 1
            if once:
                return


if __name__ == "__main__":
    main()
