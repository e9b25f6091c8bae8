"""A process that trains, to be killed: for each line on its input, a store and settings, a child of its own.

    python -m tests.model.trainer       # answers with the child's number, and with its status once it has ended

It has trained before, so all that takes long to load is there, and there is one thread: a child begins at once.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.material import version as published
from corpusmill.errors import Interrupted
from corpusmill.store import Store
from model.train import fit
from tests.model.small import corpus, texts


def main() -> None:
    """Until the input ends."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        for kind in ({"engine": "torch"}, {"engine": "numba"}, {"engine": "numba", "cell": "gru"}):
            fit(corpus(**kind, steps=2, evaluations=1), published(store, "sea", texts()), store)
    for line in sys.stdin:
        root, settings = json.loads(line)
        child = os.fork()
        if not child:
            os._exit(trained(Path(root), settings))
        say(child)
        say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def say(number: int) -> None:
    """Answer with it."""
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def trained(root: Path, settings: dict) -> int:
    """What `corpusmill train` does; its status."""
    store = Store(root)
    try:
        fit(corpus(**settings), store.versions("sea")[-1], store)
    except Interrupted as stopped:
        return 128 + stopped.signum
    return 0


if __name__ == "__main__":
    main()
