"""A writer of versions, for the benchmark of many at once: ``python -m benchmarks.store_writer ROOT NAME COMMITS``.

It says that it is ready, waits for its standard input to end, and commits.
"""

import sys
from pathlib import Path

from benchmarks import material
from corpusmill.store import Store, commit, shards
from corpusmill.store.ids import document_id
from corpusmill.types import Document, Version
from preprocess.publish.version import commit_next

ROWS = 1000


def row_texts(name: str, number: int) -> list[str]:
    """What one commit adds."""
    return [f"{name}.{number}.{row}: the mills grind slowly, and {row * row} stones turn. " * 8 for row in range(ROWS)]


def main(root: str, name: str, commits: int) -> None:
    """Commit so many versions, each with a shard of its own."""
    store = Store(Path(root))
    print("ready", flush=True)
    sys.stdin.read()
    for number in range(commits):
        _add(store, name, number)


def _add(store: Store, name: str, number: int) -> None:
    rows = [
        Document(id=document_id(f"{name}.{number}", row), text=text, source=name, raw_sha256="")
        for row, text in enumerate(row_texts(name, number))
    ]
    with commit.work_folder(store.corpus("mill") / "versions" / "next") as work:
        (work / "data").mkdir()
        written = shards.write(work, "data/train.parquet", "train", sorted(rows, key=lambda row: row.id))

        def numbered(parent: Version | None) -> Version:
            return material.described("mill", parent.number + 1 if parent else 1, (written,), parent)

        commit_next(store, work, "mill", numbered)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
