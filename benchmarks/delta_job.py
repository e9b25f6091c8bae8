"""The same writer for a Delta table, in an environment that has deltalake: ``delta_job.py TABLE NAME COMMITS``."""

import sys

import pyarrow as pa
from deltalake import write_deltalake

ROWS = 1000


def main(table: str, name: str, commits: int) -> None:
    """Append so many times; deltalake repeats by itself what another writer was faster with."""
    print("ready", flush=True)
    sys.stdin.read()
    for number in range(commits):
        words = "the mills grind slowly, and"
        texts = [f"{name}.{number}.{row}: {words} {row * row} stones turn. " * 8 for row in range(ROWS)]
        ids = [f"{name}.{number}.{row}" for row in range(ROWS)]
        write_deltalake(table, pa.table({"id": ids, "text": texts, "source": [name] * ROWS}), mode="append")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
