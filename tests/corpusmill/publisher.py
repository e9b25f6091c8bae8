"""A writer to be killed, and to be raced against others: ``python -m tests.corpusmill.publisher FOLDER``.

It replaces a file and publishes a folder under FOLDER, waiting for a line on standard input in between. Its exit status
is 1 when the folder that is published is its own.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from corpusmill.store import commit

OLD, NEW = b"old" * 2000, b"new" * 3000
LATEST = "refs/deep/latest"
FOLDER = {"versions/v2/data/a": b"A" * 5000, "versions/v2/b": b"B" * 5000, "versions/v2/manifest.json": b"{}"}


def fresh(root: Path) -> Path:
    """A store in which the file has an old state and the folder none."""
    (root / LATEST).parent.mkdir(parents=True)
    (root / LATEST).write_bytes(OLD)
    return root


def publish_all(root: Path, wait: Callable[[], object] = lambda: None) -> bool:
    """Replace the file, then publish the folder, its files written before `wait` and its manifest after."""
    commit.write_file(root / LATEST, NEW)
    final = root / "versions" / "v2"
    with commit.work_folder(final) as work:
        for name, body in FOLDER.items():
            path = work / Path(name).relative_to("versions/v2")
            if path.name != commit.MANIFEST:
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(body)
        wait()
        return commit.publish(work, final, FOLDER["versions/v2/manifest.json"])


if __name__ == "__main__":
    os._exit(publish_all(Path(sys.argv[1]), sys.stdin.readline))
