"""What tracing a text costs: sorting the training text once, its size on disk, and a trace of 2,000 characters.

    python -m benchmarks trace [--file aclImdb_v1.tar.gz] [--megabytes 30] [--rounds 5]

On the text files of an archive, by default on Python's standard library as it is on this machine, and on as much
made-up text. The text traced is put together of held-out text and of stretches of training text. Seconds are of the
clock and, behind them, of the processor: in a process that has it all open, in one that opens it, and of the whole
command, with the files in the system's cache and, where it can be asked to, with them dropped from it.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.material import version as published
from corpusmill import archive
from corpusmill.store import Store, commit, encode
from corpusmill.store.ids import sha256
from corpusmill.trace import Finder, trace
from corpusmill.trace.index import folders
from corpusmill.types import RawFile, Snapshot, Version

LENGTH = 2000  # characters of the text traced
RECITED = 4  # stretches of training text in it
WORDS = 60_000  # of the made-up language


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks trace", description=__doc__.partition("\n")[0])
    parser.add_argument("--file", type=Path, help="an archive of .txt files (default: Python's standard library)")
    parser.add_argument("--megabytes", type=float, default=30, help="of text, at most (default 30)")
    parser.add_argument("--rounds", type=int, default=5, help="traces timed, of which the median is told (default 5)")
    asked = parser.parse_args(arguments)
    size = int(asked.megabytes * 1e6)
    real = _members(asked.file) if asked.file else _library()
    for name, texts in ((asked.file.name if asked.file else "Python's library", real), ("made up", _made_up(size))):
        _measure(name, _until(texts, size), asked.rounds)


def _measure(name: str, texts: Sequence[str], rounds: int) -> None:
    characters = sum(map(len, texts))
    print(f"{name}: {len(texts):,} documents, {characters:,} characters")
    with TemporaryDirectory() as folder:
        store = Store(Path(folder))
        held, train = texts[: max(1, len(texts) // 20)], texts[max(1, len(texts) // 20) :]
        version = _published(store, train)
        asked = _asked(held, train)
        built, cpu = _seconds(lambda: Finder.open(store, version))
        size = sum(path.stat().st_size for path in folders(version, store)[0].iterdir()) / sum(map(len, train))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        print(f"  sorted in {built:.1f} s ({cpu:.1f} of the processor), peak of this process {memory:,.0f} MB")
        print(f"  {size:.2f} bytes a character on disk")
        _traces(store, version, asked, rounds)


def _traces(store: Store, version: Version, asked: str, rounds: int) -> None:
    finder, found = Finder.open(store, version), trace(store, version, asked)
    rows: list[tuple[str, Callable[[], object], bool]] = [
        ("searched, all open", lambda: finder.find(asked), False),
        ("opened and traced", lambda: trace(store, version, asked), False),
        ("the command", lambda: _command(store, asked), False),
        ("the command, not cached", lambda: _command(store, asked), True),
    ]
    print(f"  {len(asked):,} characters: {found.matches_in_all} matches, {found.covered:,} characters in them")
    for name, work, cold in rows:
        taken = zip(*(_seconds(work, store.root if cold else None) for _ in range(rounds)), strict=True)
        clock, processor = map(statistics.median, taken)
        print(f"  {name:<25} {clock:>6.3f} s {processor:>6.3f} s")


def _command(store: Store, asked: str) -> None:
    command = [sys.executable, "-m", "corpusmill", "trace", "bench", "-", "--json", "--store", str(store.root)]
    subprocess.run(command, input=asked.encode(), check=True, stdout=subprocess.DEVNULL)


def _seconds(work: Callable[[], object], drop: Path | None = None) -> tuple[float, float]:
    """Seconds of the clock and of the processor, the files of `drop` out of the system's cache before."""
    for path in drop.rglob("*") if drop else ():
        if path.is_file() and hasattr(os, "posix_fadvise"):
            with path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    started, processor = time.perf_counter(), _processor()
    work()
    return time.perf_counter() - started, _processor() - processor


def _processor() -> float:
    """Seconds of this process and of those that it waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _published(store: Store, texts: Sequence[str]) -> Version:
    """A version of these texts, each fetched on its own."""
    version = published(store, "bench", {"train": texts})
    bodies = [text.encode() for text in texts]
    urls = [f"memory:{place}" for place in range(len(bodies))]
    files = [
        RawFile(url=url, final_url=url, status=200, sha256=sha256(body), bytes=len(body), robots="unchecked")
        for url, body in zip(urls, bodies, strict=True)
    ]
    snapshot = Snapshot(corpus="bench", id=version.snapshot, origin="memory", files=tuple(files), collected_at="")
    commit.write_file(store.snapshot_folder("bench", snapshot.id) / commit.MANIFEST, encode(snapshot))
    return version


def _asked(held: Sequence[str], train: Sequence[str]) -> str:
    """Held-out text with some stretches of training text in it."""
    size = LENGTH // (2 * RECITED)
    plain = "".join(held)[: LENGTH - size * RECITED].ljust(LENGTH - size * RECITED)
    places = np.random.default_rng(1).integers(0, len(train), RECITED)
    return "".join(train[place][:size] + plain[size * n : size * (n + 1)] for n, place in enumerate(places))


def _until(texts: Iterator[str], size: int) -> list[str]:
    """As many texts as have `size` bytes together."""
    taken: list[str] = []
    left = size
    for text in texts:
        left -= len(text.encode())
        if left < 0:
            break
        taken.append(text)
    return taken


def _members(file: Path) -> Iterator[str]:
    with file.open("rb") as stream:
        for _, body in archive.members(stream, wanted=lambda name: name.endswith(".txt") and name.count("/") > 1):
            yield body.decode("utf-8", "replace")


def _library() -> Iterator[str]:
    for path in sorted(Path(sysconfig.get_path("stdlib")).rglob("*.py")):
        if "site-packages" not in path.parts:
            yield path.read_text(encoding="utf-8", errors="replace")


def _made_up(size: int) -> Iterator[str]:
    """Texts of made-up words, as often as the words of a language are (Zipf)."""
    random = np.random.default_rng(1)
    lengths = random.integers(2, 11, WORDS)
    letters = "".join(map(chr, random.integers(97, 123, int(lengths.sum()))))
    words = [letters[end - length : end] for end, length in zip(accumulate(lengths), lengths, strict=True)]
    for _ in range(size // 1000):
        drawn = np.minimum(random.zipf(1.2, 180), WORDS) - 1
        yield " ".join(words[place] for place in drawn)
