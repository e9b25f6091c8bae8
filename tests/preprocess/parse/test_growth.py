"""Twice the input takes at most 2.6 times as long, for every parser and every shape of input it is known to fear.

From 64 KiB to 8 MiB; the usual shape of each kind, which is its first, until it takes a second, and a hostile one until
it takes a seventh of one, where a square would show. CORPUSMILL_GROWTH=all takes every shape to 8 MiB, in half an hour.
"""

import contextlib
import functools
import gc
import importlib
import math
import os

import pytest

from corpusmill.errors import ParseError
from preprocess import parse
from tests.growth import cost, growth
from tests.preprocess.parse.cases import KINDS
from tests.preprocess.snapshots import raw_file

SMALLEST, LARGEST = 1 << 16, 1 << 23
_ENOUGH, _USUAL = 0.15, 1.0  # seconds after which a hostile shape, and the usual one, is not made larger
_ALL = os.environ.get("CORPUSMILL_GROWTH") == "all"


def cases(kind):
    return importlib.import_module(f"tests.preprocess.parse.cases.{kind}")


def shapes():
    """Each kind's shapes under each of its sets of options, and after how many seconds it is enough."""
    for kind in KINDS:
        for number in range(len(cases(kind).OPTIONS)):
            for place, name in enumerate(cases(kind).GROWING):
                usual = place == 0 and number == 0
                enough = math.inf if _ALL else _USUAL if usual else _ENOUGH
                if number == 0 or _ALL or place == 0:
                    yield pytest.param(kind, number, name, enough, id=f"{kind}-{number}-{name}")


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("kind", "number", "name", "enough"), list(shapes()))
def test_time_grows_as_the_input_does(kind, number, name, enough):
    gc.freeze()  # else what all tests before have left is gone through while the clock runs
    make = cases(kind).GROWING[name]

    def reading(size):
        return functools.partial(read, parse.load(kind), make(size), cases(kind).OPTIONS[number])

    size, before = SMALLEST, cost(reading(SMALLEST))
    while size < LARGEST and before < enough:
        _, before = growth(reading(size), reading(2 * size), before=before)
        size *= 2


def read(parser, body, options):
    """Take all that a parser gives of a body."""
    with contextlib.suppress(ParseError):
        for _ in parser.parse(raw_file("https://mill.example/file"), body, options):
            pass
