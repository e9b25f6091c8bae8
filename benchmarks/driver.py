"""What a build's driver needs per document: its memory, its seconds, and what the store keeps.

    python -m benchmarks driver [--documents N N …]

Each build is a process of its own, with two workers beside it; the documents are short lines, so that what is counted
is the price of a document and not of its text.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from corpusmill.types import silent
from flows.pipeline import PLAIN, refresh
from flows.stages import Job

WORKERS = 2


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks driver", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--documents", type=int, nargs="+", default=[50_000, 200_000, 400_000], help="(default 50000 200000 400000)"
    )
    asked = parser.parse_args(arguments)
    found = [of(count) for count in sorted(asked.documents)]
    for count, told in zip(sorted(asked.documents), found, strict=True):
        print(
            f"{count:>9,} documents: {told['seconds']:6.1f} s, {told['cpu']:6.1f} CPU s,"
            f" driver at most {told['memory'] / 1e6:,.0f} MB, stored {told['stored'] / count:,.0f} bytes a document"
        )
    for (few, less), (many, more) in pairwise(zip(sorted(asked.documents), found, strict=True)):
        each = (more["memory"] - less["memory"]) / (many - few)
        print(f"from {few:,} to {many:,}: {each:,.0f} bytes of the driver's memory a document")


def of(documents: int) -> dict[str, float]:
    """What one build takes, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.driver", str(documents)]
    told: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return told


def build(documents: int) -> dict[str, float]:
    """Collect and build so many lines in this process."""
    with tempfile.TemporaryDirectory() as folder:
        text, store = Path(folder, "lines.txt"), Path(folder, "store")
        with text.open("w", encoding="utf-8") as lines:
            lines.writelines(f"Line {n}: the mill turns {n * 7919 % 1000003} times.\n" for n in range(documents))
        overrides = ("parse.kind=lines", "parse.unit=line")
        job = Job(str(text), str(store), workers=WORKERS, overrides=overrides)
        began = time.perf_counter()
        refresh(job, PLAIN, silent)
        took = time.perf_counter() - began
        stored = sum(path.stat().st_size for path in (store / "lines" / "versions").rglob("*") if path.is_file())
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = sum(each.ru_utime + each.ru_stime for each in (own, children))
    return {"seconds": took, "cpu": cpu, "memory": own.ru_maxrss * 1024, "stored": stored}


if __name__ == "__main__":
    print(json.dumps(build(int(sys.argv[1]))))
