"""A corpus and a training small enough for tests."""

import random

from corpusmill.types import Corpus

WORDS = "the a of and to in sea wind ship sail rope tide gull salt deck mast — être"
SMALL = {
    "hidden": 16,
    "embedding": 8,
    "batch": 4,
    "length": 16,
    "steps": 24,
    "evaluations": 3,
    "threads": 1,
    "samples": {"length": 30, "temperatures": [0.0, 1.0]},
}


def prose(words: int, seed: int = 0) -> str:
    """Sentences of a few words, some of them beyond ASCII."""
    draw, those = random.Random(seed), WORDS.split()
    return " ".join(draw.choice(those) + draw.choice(["", "", ",", ".\n"]) for _ in range(words))


def texts() -> dict[str, list[str]]:
    return {"train": [prose(300), prose(100, 1)], "validation": [prose(150, 2)]}


def corpus(**train) -> Corpus:
    """A corpus whose training is small, unless it says otherwise."""
    return declared({**SMALL, **train})


def declared(train: dict) -> Corpus:
    """A corpus with this ``[train]`` section."""
    return Corpus(
        name="sea",
        title="The sea",
        licence="CC0-1.0",
        source={},
        parse={},
        train=train,
        declared_in="sea.toml",
    )
