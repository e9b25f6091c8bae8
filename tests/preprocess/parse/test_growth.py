"""Twice the input takes at most 2.6 times as long, for every parser and every shape of input it is known to fear.

From 64 KiB to 8 MiB for the usual shape of each kind, which is its first; a hostile one until it takes a quarter of a
second, where a square would show. CORPUSMILL_GROWTH=all takes every shape to 8 MiB, in half an hour.

Time is the processor's, the least of several; a doubling that is too slow is measured again before it counts, since
another process may have had the cache. What takes under a few milliseconds says nothing and is passed over.
"""

import gc
import importlib
import os
import time

import pytest

from corpusmill.errors import ParseError
from preprocess import parse
from tests.preprocess.parse.cases import KINDS
from tests.preprocess.snapshots import raw_file

SMALLEST, LARGEST = 1 << 16, 1 << 23
MOST = 2.6
_FAST = 0.04  # seconds: below, the clock and the caches are what is measured
_ENOUGH = 0.25  # seconds after which a hostile shape is not made larger
_TRIES = 5
_ALL = os.environ.get("CORPUSMILL_GROWTH") == "all"


def cases(kind):
    return importlib.import_module(f"tests.preprocess.parse.cases.{kind}")


def shapes():
    """Each kind's shapes under each of its sets of options; the first of all goes to the end."""
    for kind in KINDS:
        for number in range(len(cases(kind).OPTIONS)):
            for place, name in enumerate(cases(kind).GROWING):
                whole = _ALL or (place == 0 and number == 0)
                if number == 0 or _ALL or place == 0:
                    yield pytest.param(kind, number, name, whole, id=f"{kind}-{number}-{name}")


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("kind", "number", "name", "whole"), list(shapes()))
def test_time_grows_as_the_input_does(kind, number, name, whole):
    gc.freeze()  # else what all tests before have left is gone through while the clock runs
    parser, make, options = parse.load(kind), cases(kind).GROWING[name], cases(kind).OPTIONS[number]
    size, before = SMALLEST, cost(parser, make(SMALLEST), options)
    while size < LARGEST and (whole or before < _ENOUGH):
        size *= 2
        body = make(size)
        now = cost(parser, body, options)
        for _ in range(_TRIES):
            if now <= max(before, _FAST) * MOST:
                break
            before = max(before, cost(parser, make(size // 2), options))
            now = min(now, cost(parser, body, options))
        assert now <= max(before, _FAST) * MOST, f"{size:,} bytes took {now:.2f} s, half of them {before:.2f} s"
        before = now


def cost(parser, body, options):
    """Processor seconds to read a body."""
    start = time.process_time()
    try:
        for _ in parser.parse(raw_file("https://mill.example/file"), body, options):
            pass
    except ParseError:
        pass
    return time.process_time() - start
