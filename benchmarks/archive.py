"""How long it takes to read an archive whole, as a collect does, against unpacking it with xz into nothing.

    python -m benchmarks archive [--file linux-source-6.1.tar.xz] [--rounds 3]

The archive is a blob of a store, so its digest is checked too, as after a fetch. Both are taken in turn, each in a
process of its own; the goal is 1.4 times the time of xz. CPU seconds tell what other work on the machine hides.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from corpusmill import archive
from corpusmill.errors import UsageError
from corpusmill.store import blobs
from corpusmill.store.ids import file_sha256

LINUX = Path("/usr/src/linux-source-*.tar.xz")
GOAL = 1.4
Seconds = tuple[float, float]  # of the clock, of the processor


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks archive", description=__doc__.partition("\n")[0])
    parser.add_argument("--file", type=Path, help=f"a .tar.xz (default {LINUX})")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is timed (default 3)")
    asked = parser.parse_args(arguments)
    file = asked.file or linux()
    with tempfile.TemporaryDirectory() as folder, file.open("rb") as body:
        digest = file_sha256(file)
        blobs.put_stream(Path(folder), body, digest, file.stat().st_size)
        compare(file, Path(folder), digest, asked.rounds)


def compare(file: Path, root: Path, digest: str, rounds: int) -> None:
    """Print the medians of both and their ratios."""
    taken: dict[str, list[Seconds]] = {"corpusmill": [], "xz -dc": []}
    for _ in range(rounds):
        told = subprocess.run(
            [sys.executable, "-m", "benchmarks.archive", str(root), digest], check=True, capture_output=True
        )
        found = json.loads(told.stdout)
        taken["corpusmill"].append((found["seconds"], found["cpu"]))
        taken["xz -dc"].append(_xz(file))
    entries = ", ".join(f"{count:,} {what}s" for what, count in found["entries"].items())
    print(f"{file.name}, {file.stat().st_size / 1e6:,.1f} MB: {entries}; median of {rounds}")
    medians = {name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in taken.items()}
    for name, (seconds, cpu) in medians.items():
        ratios = f"{seconds / medians['xz -dc'][0]:>6.2f} x {cpu / medians['xz -dc'][1]:>6.2f} x"
        print(f"{name:10} {seconds:>8.2f} s {cpu:>8.2f} CPU s {ratios}")
    print(f"the goal is {GOAL} x; corpusmill's peak of memory {found['memory'] / 1e6:,.1f} MB")


def read_whole(root: Path, digest: str) -> None:
    """What a collect does with an archive that has come; prints what it took."""
    started, cpu = time.perf_counter(), time.process_time()
    with blobs.open_blob(root, digest) as body:
        entries = archive.check(body)
    took = {"seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps(took | {"entries": dict(sorted(entries.items())), "memory": peak}))


def _xz(file: Path) -> Seconds:
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(["xz", "-dc", str(file)], check=True, stdout=subprocess.DEVNULL)
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def linux() -> Path:
    """Debian's archive of the kernel's source. Raises UsageError where it is not installed."""
    found = sorted(LINUX.parent.glob(LINUX.name))
    if not found:
        raise UsageError(f"there is no {LINUX}", "apt-get install linux-source-6.1 (Debian 12), or give another --file")
    return found[-1]


if __name__ == "__main__":
    read_whole(Path(sys.argv[1]), sys.argv[2])
