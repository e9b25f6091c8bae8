"""How fast near-duplicates are found, how many of them, and how that grows, on C files and made-up pairs.

    python -m benchmarks near [--file linux-source-6.1.tar.xz] [--every 20] [--pairs 500]

Signatures are made of every 20th .c and .h file of the kernel, or all with ``--every 1``; seconds are the processor's.
Pairs with a known Jaccard index show which are found (the S-curve); a bucket in which all rows agree in most bands and
none are near, how clustering grows at its worst.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmarks.archive import LINUX
from corpusmill import archive
from preprocess.decide.near import NearOptions, Signatures, clusters, shares_band, signatures

Made = TypeVar("Made")
SIMILARITIES = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
WORDS = 300  # of a made-up text
AGREE = 90  # first places in which all rows of the bucket agree, of 128


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks near", description=__doc__.partition("\n")[0])
    parser.add_argument("--file", type=Path, help=f"an archive of C files (default {LINUX}, left out if absent)")
    parser.add_argument("--every", type=int, default=20, help="take one file of so many (default 20)")
    parser.add_argument("--pairs", type=int, default=500, help="made-up pairs of each similarity (default 500)")
    parser.add_argument("--rows", type=int, default=10_000, help="rows of the bucket (default 10,000)")
    asked = parser.parse_args(arguments)
    file = asked.file or next(iter(sorted(LINUX.parent.glob(LINUX.name), reverse=True)), None)
    options = NearOptions()
    if file:
        rates(_texts(file, asked.every), file.name, options)
    curve(asked.pairs, options)
    growth(asked.rows, options)


def rates(texts: list[str], name: str, options: NearOptions) -> None:
    """Print what signatures and clusters cost."""
    characters = sum(map(len, texts)) / 1e6
    taken, sketches = _seconds(lambda: signatures(texts, options))
    print(f"{name}: {len(texts):,} texts, {characters:,.1f} M characters")
    print(f"signatures {taken:>8.2f} CPU s {characters / taken:>8.1f} M characters a second")
    taken, lowest = _seconds(lambda: clusters(sketches, options))
    print(f"clusters   {taken:>8.2f} CPU s {int((lowest != np.arange(len(lowest))).sum()):>8,} near-duplicates")


def curve(pairs: int, options: NearOptions) -> None:
    """Print the share of pairs found for each similarity, and the share that banding alone should find."""
    single = NearOptions(shingle=1)
    print(f"{pairs} pairs each, threshold {options.threshold}: Jaccard index, estimate, share a band, found")
    for similarity in SIMILARITIES:
        shared = round(2 * WORDS * similarity / (1 + similarity))
        texts = [_text(pair, side, shared) for pair in range(pairs) for side in "ab"]
        sketches = signatures(texts, single)
        estimate = float((sketches[0::2] == sketches[1::2]).mean())
        lowest = clusters(sketches, single)
        found = float((lowest[0::2] == lowest[1::2]).mean())
        exact = shared / (2 * WORDS - shared)
        print(f"{exact:.3f} {estimate:.3f} {shares_band(exact, single.band, single.permutations):.3f} {found:.3f}")


def growth(rows: int, options: NearOptions) -> None:
    """Print what one bucket of rows that are not near costs, and one of half as many."""
    whole, half = (_seconds(partial(clusters, _bucket(n), options))[0] for n in (rows, rows // 2))
    print(f"a bucket of {rows:,} rows: {whole:.2f} CPU s, {whole / half:.2f} x that of half as many")


def _texts(file: Path, every: int) -> list[str]:
    numbers = count()
    with file.open("rb") as stream:
        members = archive.members(stream, wanted=lambda n: n.endswith((".c", ".h")) and not next(numbers) % every)
        return [body.decode("utf-8", "replace") for _, body in members]


def _text(pair: int, side: str, shared: int) -> str:
    return " ".join([f"p{pair}w{n}" for n in range(shared)] + [f"p{pair}{side}{n}" for n in range(WORDS - shared)])


def _bucket(rows: int) -> Signatures:
    drawn = np.random.default_rng(1).integers(0, 1 << 32, (rows, NearOptions().permutations), np.uint64)
    drawn[:, :AGREE] = np.arange(AGREE)
    return drawn.astype(np.uint32)


def _seconds(work: Callable[[], Made], rounds: int = 3) -> tuple[float, Made]:
    taken = []
    for _ in range(rounds):
        started = time.process_time()
        made = work()
        taken.append(time.process_time() - started)
    return statistics.median(taken), made
