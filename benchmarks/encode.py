"""How fast text becomes ids: characters, bytes and words, beside a numpy lookup and a loop over a dict.

    python -m benchmarks encode [--characters 16000000] [--rounds 5]

Two texts: sentences in ASCII, and the same with Cyrillic, Greek and dashes. Rates are MB of UTF-8 per second of the
processor, one thread; all kinds take turns and medians are told. The numpy lookup is the usual one: UTF-32, then a
table; the loop looks each character up in a dict, on a 50th of the text.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable

import numpy as np

from preprocess.vocab import Bytes, Vocabulary, Words

LETTERS = {"ASCII": "abcdefghijklmnopqrstuvwxyz", "Unicode": "abcdefghijklmабвгдежзиклмαβγδεζηθικλμ"}
MARKS = {"ASCII": " \n.,;'", "Unicode": " \n.,;—"}
PART = 50  # of which one is enough for the loop


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks encode", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--characters", type=int, default=16_000_000, help="of each text")
    parser.add_argument("--rounds", type=int, default=5, help="of which the medians are told")
    asked = parser.parse_args(arguments)
    for name in LETTERS:
        _measure(name, prose(name, asked.characters), asked.rounds)


def prose(kind: str, characters: int) -> str:
    """Words of a few thousand different ones, with marks between, the same each time."""
    draw = random.Random(1)
    words = ["".join(draw.choices(LETTERS[kind], k=draw.randint(1, 9))) for _ in range(3000)]
    some = "".join(draw.choice(words) + draw.choice(MARKS[kind]) for _ in range(20_000))
    return (some * (characters // len(some) + 1))[:characters]


def _measure(name: str, text: str, rounds: int) -> None:
    characters, words = Vocabulary.build(text), Words.build(text)
    kinds: dict[str, tuple[str, Callable[[str], object]]] = {
        "dict loop": (text[: len(text) // PART], _loop(characters)),
        "numpy lookup": (text, _lookup(characters)),
        "characters": (text, characters.encode),
        "bytes": (text, Bytes().encode),
        "words": (text[: len(text) // 4], words.encode),
    }
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for kind, (part, encode) in kinds.items():
            started = time.process_time()
            encode(part)
            taken[kind].append(max(time.process_time() - started, 1e-9) / len(part.encode()))
    base = statistics.median(taken["dict loop"])
    print(f"{name}, {len(text):,} characters, {len(text.encode()):,} bytes; MB per CPU second, medians of {rounds}")
    for kind, seconds in taken.items():
        median = statistics.median(seconds)
        print(f"  {kind:<13} {1e-6 / median:>8,.0f} {base / median:>8.1f} x")


def _loop(vocabulary: Vocabulary) -> Callable[[str], object]:
    known = {character: place for place, character in enumerate(vocabulary.characters, 1)}
    return lambda text: np.array([known.get(character, 0) for character in text], np.uint8)


def _lookup(vocabulary: Vocabulary) -> Callable[[str], object]:
    points = np.frombuffer(vocabulary.characters.encode("utf-32-le"), "<u4")
    table = np.zeros(int(points[-1]) + 1, np.uint8)
    table[points] = np.arange(1, len(points) + 1)
    return lambda text: table[np.frombuffer(text.encode("utf-32-le"), "<u4")]
