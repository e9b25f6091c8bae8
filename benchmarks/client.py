"""How fast the client fetches small files from a mirror on this machine, next to a bare `requests.Session`.

    python -m benchmarks client [--files N] [--bytes N] [--rounds N] [--profile]

One server process; both fetch every file, over one connection each, taking turns. The goal is at most 1.5 times the
time of the session, which asks no robots.txt, checks no address, has no deadline and digests nothing.
"""

import argparse
import cProfile
import json
import pstats
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import requests

from corpusmill.http import Client, Network

GOAL = 1.5
HOST = "example.org"
SLICE = 250
Fetch = Callable[[str], bytes]


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks client", description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=5000, help="how many (default 5000)")
    parser.add_argument("--bytes", type=int, default=1000, help="of each (default 1000)")
    parser.add_argument("--rounds", type=int, default=5, help="of each, after one that is not counted (default 5)")
    parser.add_argument("--profile", action="store_true", help="print where the client spends its time, instead")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        paths = write(Path(folder, HOST), asked.files, asked.bytes)
        with mirror(Path(folder)) as address:
            if asked.profile:
                profile(address, paths)
            else:
                compare(address, paths, asked.rounds)


def compare(address: str, paths: Sequence[str], rounds: int) -> None:
    """Print median times of a round and their ratio."""
    with requests.Session() as session:
        session.trust_env = False  # as the client, which reaches a mirror directly whatever the environment says
        ways: dict[str, Fetch] = {
            "requests.Session": partial(by_session, session, address),
            "corpusmill": by_client(address),
        }
        taken = [one_round(ways, paths) for _ in range(rounds + 1)][1:]
    print(f"{len(paths):,} files, median of {rounds} rounds, in slices of {SLICE} taken in turn")
    medians = {name: [statistics.median(times[name][kind] for times in taken) for kind in (0, 1)] for name in ways}
    plain = medians["requests.Session"]
    for name, (wall, cpu) in medians.items():
        ratios = f"{wall:>7.2f} s {wall / plain[0]:>5.2f} x   {cpu:>7.2f} CPU s {cpu / plain[1]:>5.2f} x"
        print(f"{name:16} {len(paths) / wall:>7,.0f} a second {ratios}")
    print(f"goal: at most {GOAL} x by the clock; the CPU seconds are the asker's own, without the server's")


def one_round(ways: Mapping[str, Fetch], paths: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Seconds by the clock and of the CPU that each way takes for all files; the ways take turns slice by slice."""
    spent = dict.fromkeys(ways, (0.0, 0.0))
    for start in range(0, len(paths), SLICE):
        sizes = set()
        for name, fetch in ways.items():
            wall, cpu = time.perf_counter(), time.process_time()
            sizes.add(sum(len(fetch(path)) for path in paths[start : start + SLICE]))
            before = spent[name]
            spent[name] = before[0] + time.perf_counter() - wall, before[1] + time.process_time() - cpu
        assert len(sizes) == 1, "both fetched the same"
    return spent


def by_session(session: requests.Session, address: str, path: str) -> bytes:
    """A body as a bare session fetches it."""
    return session.get(f"{address}/{HOST}{path}").content


def by_client(address: str) -> Fetch:
    """Fetches by our client, read as a transport reads them."""
    client = Client(Network(mirror=address))
    return lambda path: client.get(f"https://{HOST}{path}").read()


def profile(address: str, paths: Sequence[str]) -> None:
    """Print the functions that take most of the client's time."""
    profiler = cProfile.Profile()
    fetch = by_client(address)
    with profiler:
        for path in paths:
            fetch(path)
    pstats.Stats(profiler).sort_stats("cumulative").print_stats(60)


def write(folder: Path, files: int, size: int) -> list[str]:
    """Files of random letters; returns their paths on the host."""
    folder.mkdir()
    letters = random.Random(0)
    names = [f"{number:06}.txt" for number in range(files)]
    for name in names:
        (folder / name).write_bytes(bytes(letters.choices(b"abcdefgh \n", k=size)))
    return [f"/{name}" for name in names]


@contextmanager
def mirror(folder: Path) -> Iterator[str]:
    """The address of a mirror of `folder`, in a process of its own."""
    command = [sys.executable, "-m", "corpusmill", "mirror", str(folder), "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield str(json.loads(process.stdout.readline())["mirror"])
        finally:
            process.terminate()
