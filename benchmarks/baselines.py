"""What the baselines reach on a text and what they cost: n-grams of several orders, Goldberg's model, compressors.

    python -m benchmarks baselines [--text FILE|URL] [--orders 3 5 7 10 20] [--megabytes 17]

On Shakespeare, its first 90 % learnt from and the rest scored (the split legacy:nanogpt), and on so much of Python's
standard library as it is on this machine, the last million characters scored. Seconds are the processor's; the peak of
memory is this process's, texts included.
"""

import argparse
import math
import os
import resource
import sysconfig
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from corpusmill.http import Client, Network
from model.baselines import kneser_ney, unsmoothed
from model.baselines.backwards import Sorted
from model.baselines.compressors import COMPRESSORS
from preprocess.vocab import Vocabulary

Value = TypeVar("Value")
# Not from benchmarks.train, which loads torch: that would count as memory here.
SHAKESPEARE = "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"
HELD_OUT = 1_000_000  # characters of the second text


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks baselines", description=__doc__.partition("\n")[0])
    parser.add_argument("--text", default=SHAKESPEARE, help="a UTF-8 file, or an address (CORPUSMILL_MIRROR is heeded)")
    parser.add_argument("--orders", type=int, nargs="+", default=[3, 5, 7, 10, 20], help="of the n-grams")
    parser.add_argument("--megabytes", type=float, default=17, help="of Python's library (default 17; 0 = without it)")
    asked = parser.parse_args(arguments)
    text = _read(asked.text)
    compare(asked.text.rpartition("/")[2], text, int(len(text) * 0.9), asked.orders)
    if asked.megabytes:
        text = _library(int(asked.megabytes * 1e6))
        compare("Python's library", text, max(len(text) - HELD_OUT, len(text) // 2), asked.orders)


def compare(name: str, text: str, cut: int, orders: Sequence[int]) -> None:
    """Print what each baseline reaches on the characters from `cut` on, having learnt from those before."""
    train, held_out = text[:cut], text[cut:]
    print(f"{name}: {cut:,} characters learnt from, {len(held_out):,} scored")
    print(f"  {'':<26} {'bits per byte':>13} {'nats/character':>14} {'CPU s':>7}")
    vocabulary, deepest = Vocabulary.build(train), max(*orders, *unsmoothed.ORDERS) + 1
    ids = vocabulary.encode(train), vocabulary.encode(held_out)
    spelt = float(vocabulary.unknown_bytes(held_out).sum()) * 8
    both, seconds = _timed(lambda: Sorted.of(*ids, deepest))
    print(f"  {'sorted':<26} {'':>13} {'':>14} {seconds:>7.2f}")
    for order in orders:
        nats, seconds = _timed(lambda n=order: kneser_ney.nats(both, len(vocabulary), n))  # type: ignore[misc]
        _row(f"Kneser-Ney, order {order}", float(nats.sum(dtype=np.float64)) / math.log(2) + spelt, held_out, seconds)
    foreseen, seconds = _timed(lambda: unsmoothed.scores(both))
    shares = ", ".join(f"{one.order}: {100 * np.isfinite(one.nats).mean():.1f} %" for one in foreseen)
    print(f"  {'unsmoothed':<26} foresees {shares}  {seconds:.2f}")
    raw = train.encode(), held_out.encode()
    for compressor, size in COMPRESSORS.items():
        bits, seconds = _timed(lambda f=size: 8 * (f(b"".join(raw)) - f(raw[0])))  # type: ignore[misc]
        _row(compressor, bits, held_out, seconds)
    print(f"  peak of memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:,.0f} MB", flush=True)


def _row(name: str, bits: float, text: str, seconds: float) -> None:
    nats = bits * math.log(2) / len(text)
    print(f"  {name:<26} {bits / len(text.encode()):>13.4f} {nats:>14.4f} {seconds:>7.2f}", flush=True)


def _timed(work: Callable[[], Value]) -> tuple[Value, float]:
    started = time.process_time()
    done = work()
    return done, time.process_time() - started


def _read(where: str) -> str:
    body = Client(Network.of(os.environ)).get(where).read() if "://" in where else Path(where).read_bytes()
    return body.decode()


def _library(size: int) -> str:
    """So many characters of Python's source, or all there are."""
    parts: list[str] = []
    for path in sorted(Path(sysconfig.get_path("stdlib")).rglob("*.py")):
        if size > 0 and "site-packages" not in path.parts:
            parts.append(path.read_text(encoding="utf-8", errors="replace")[:size])
            size -= len(parts[-1])
    return "".join(parts)
