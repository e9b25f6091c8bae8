"""Every baseline for a version, on the same text as its runs; worked out once and kept beside it.

    found = measure(version, store, vocabulary, separator, split="validation", progress=progress)
    found.kneser_ney.bits_per_byte, found.compressors[-1].after_training

    STORE/<corpus>/baselines/<version>-<digest of vocabulary, settings, libraries and code>/manifest.json

It is a cache, safe to delete at any time; what is damaged is worked out anew. Large texts are bounded: models and
compressors know the first TRAINED characters of the train split, and what is scored are the first SCORED of the other.
Both numbers are part of the result.
"""

import math
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from corpusmill.errors import UnknownNameError, UsageError
from corpusmill.store import Store, commit, pins, shards
from corpusmill.store.ids import code_digest, content_id, pretty
from corpusmill.store.seal import broken, is_sealed, seal
from corpusmill.types import Progress, Split, Version, silent
from model.baselines import kneser_ney, unsmoothed
from model.baselines.backwards import DEEPEST, Sorted
from model.baselines.compressors import Compressed, compressed
from model.options import TrainOptions
from preprocess.vocab import Vocabulary

TRAINED = 16_000_000  # characters of the train split, at most
SCORED = 1_000_000  # characters of the split that is scored, at most
PACE = 200_000  # characters that all of it takes a second for (`python -m benchmarks baselines`), on a slow machine
FEWEST, MOST = 200_000, 4_000_000  # characters, and bytes, of the train split, after a training
_CODE = ("model.baselines", "preprocess.vocab")  # what decides the figures
_LIBRARIES = ("zstandard", "pyppmd")  # likewise
_MOST_ORDERS = 20  # that the best one is looked for among


@dataclass(frozen=True, slots=True, kw_only=True)
class KneserNey:
    """How well modified Kneser-Ney predicts the text."""

    order: int  # characters of its longest n-grams
    nats_per_char: float
    bits_per_byte: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsmoothed:
    """What Goldberg's model could predict: where the share is below 1, its score of the whole is infinite."""

    order: int  # characters that it looks back on
    foreseen: float  # share of the text's characters that it gives any chance
    nats_per_foreseen: float | None  # what these cost on average; None where there are none


@dataclass(frozen=True, slots=True, kw_only=True)
class Baselines:
    """What simpler models reach on a split, or on its beginning where it is long."""

    split: str
    reset: int  # every so many characters the n-gram models' context began anew; 0 = never
    characters: int  # scored
    characters_in_all: int  # of the split
    bytes: int  # scored
    trained: int  # characters of the train split that were learnt from
    trained_in_all: int
    kneser_ney: KneserNey
    best: KneserNey  # of the orders up to that one the best for this very text
    unsmoothed: tuple[Unsmoothed, ...]
    compressors: tuple[Compressed, ...]


def measure(
    version: Version,
    store: Store,
    vocabulary: Vocabulary,
    separator: str,
    *,
    split: Split = "validation",
    order: int = kneser_ney.ORDER,
    reset: int = 0,
    trained: int | None = None,
    scored: int | None = None,
    progress: Progress = silent,
) -> Baselines:
    """Ask every baseline, or read what was answered before; `trained` and `scored` bound the texts further.

    Raises UnknownNameError for a split that is not there, UsageError for an order or a text that will not do,
    CorruptError, StoreError.
    """
    if not 1 <= order <= DEEPEST:
        raise UsageError(f"n-grams of order {order} are not counted", f"give an order from 1 to {DEEPEST}")
    limits = (min(trained or TRAINED, TRAINED), min(scored or SCORED, SCORED))
    settings = {"separator": separator, "split": split, "order": order, "reset": reset, "limits": limits}
    path = _path(version, store, vocabulary, settings)
    if (kept := _read(path)) is not None:
        return kept
    with pins.held(store, version):
        train = beginning(version, store, "train", separator, limits[0])
        text = beginning(version, store, split, separator, limits[1])
    if not train or not text:
        raise UsageError(f"{version.ref} has no text to compare on", "give it longer documents")
    longest, best, foreseen = _modelled(train, text, vocabulary, order, reset, progress)
    found = Baselines(
        split=split,
        reset=reset,
        characters=len(text),
        characters_in_all=_length(version, split, separator),
        bytes=len(text.encode()),
        trained=len(train),
        trained_in_all=_length(version, "train", separator),
        kneser_ney=longest,
        best=best,
        unsmoothed=foreseen,
        compressors=tuple(compressed(train.encode(), text.encode(), progress)),
    )
    with commit.disk_errors(path):
        commit.sweep(path.parent)
        commit.write_file(path, seal(pretty(found)))
    return found


def bounded(options: TrainOptions, version: Version, length: int) -> int:
    """Characters of `length` that a training's baselines learn from, so that they take about a tenth of its time.

    Told from the settings alone, so that one training twice has the same: of a budget in time, a tenth of what is read
    in it at `PACE`; of a number of characters, a tenth of that. No fewer than `FEWEST`, no more than take `MOST` bytes:
    no step of the work on so many takes long, and it can be stopped between two.
    """
    if options.steps or options.epochs:
        read = options.steps * options.batch * options.length or options.epochs * length
    else:
        read = 60 * options.minutes * PACE
    size = version.stats.get("splits", {}).get("train", {"bytes": 1, "characters": 1})
    return min(max(int(read / 10), FEWEST), MOST * int(size["characters"]) // int(size["bytes"]), length)


def libraries() -> dict[str, str]:
    """Versions of what the figures hang on beside our code."""
    return {name: installed(name) for name in _LIBRARIES}


def beginning(version: Version, store: Store, split: Split, separator: str, limit: int) -> str:
    """The first `limit` characters of a split, its documents in order and the separator between.

    No more documents are read than that takes. Raises UnknownNameError where there are none, CorruptError.
    """
    parts, length = [], 0
    for text in shards.texts(store.version_folder(version), version.shards, split):
        parts.append(text)
        length += len(text) + len(separator)
        if length >= limit + len(separator):
            break
    if not parts:
        there = ", ".join(dict.fromkeys(shard.split for shard in version.shards if shard.rows))
        raise UnknownNameError(f"{version.ref} has no split {split!r}", f"it has {there}")
    return separator.join(parts)[:limit]


def samples(
    version: Version, store: Store, vocabulary: Vocabulary, separator: str, *, length: int, seed: int = 0
) -> dict[int, str]:
    """What Goldberg's model writes, by order. Raises UnknownNameError, CorruptError."""
    with pins.held(store, version):
        train = vocabulary.encode(beginning(version, store, "train", separator, TRAINED))
    return {order: vocabulary.decode(unsmoothed.write(train, order, length, seed)) for order in unsmoothed.ORDERS}


def _modelled(
    train: str, text: str, vocabulary: Vocabulary, order: int, reset: int, progress: Progress
) -> tuple[KneserNey, KneserNey, tuple[Unsmoothed, ...]]:
    """Ask the n-gram models; what they need of memory is free again afterwards."""
    progress("n-grams", 0, order, f"sorting {len(train):,} characters")
    deepest = min(max(order, *unsmoothed.ORDERS) + 1, DEEPEST)
    both = Sorted.of(vocabulary.encode(train), vocabulary.encode(text), deepest)
    spelt = vocabulary.unknown_bytes(text) * (8 * math.log(2))  # 8 bits for each byte of what has no id of its own
    orders = sorted({*range(1, min(order, _MOST_ORDERS) + 1), order})
    costs = kneser_ney.of_orders(both, len(vocabulary), orders, reset=reset, progress=progress)
    told = [_told(each, found + spelt, text) for each, found in zip(orders, costs, strict=True)]
    best = min(told, key=lambda one: one.nats_per_char)
    return told[-1], best, tuple(_shared(one.order, one.nats + spelt) for one in unsmoothed.scores(both, reset=reset))


def _told(order: int, costs: NDArray[np.float64], text: str) -> KneserNey:
    in_bytes = float(costs.sum()) / math.log(2) / len(text.encode())
    return KneserNey(order=order, nats_per_char=float(costs.mean()), bits_per_byte=in_bytes)


def _shared(order: int, costs: NDArray[np.float64]) -> Unsmoothed:
    """How many characters cost anything finite, and how much on average."""
    finite = costs[np.isfinite(costs)]
    mean = float(finite.mean()) if len(finite) else None
    return Unsmoothed(order=order, foreseen=len(finite) / len(costs), nats_per_foreseen=mean)


def _length(version: Version, split: Split, separator: str) -> int:
    """Characters of a split, separators included."""
    those = [shard for shard in version.shards if shard.split == split]
    return sum(shard.characters for shard in those) + len(separator) * max(sum(shard.rows for shard in those) - 1, 0)


def _path(version: Version, store: Store, vocabulary: Vocabulary, settings: dict[str, Any]) -> Path:
    names = {
        **settings,
        "vocabulary": vocabulary.characters,
        "libraries": libraries(),
        "code": code_digest(*_CODE),
    }
    return store.corpus(version.corpus) / "baselines" / f"{version.content}-{content_id(names)}" / commit.MANIFEST


def _read(path: Path) -> Baselines | None:
    """What was worked out before, or None unless it is there and as it was written."""
    try:
        body = path.read_bytes()
        return msgspec.json.decode(body, type=Baselines) if is_sealed(body) and not broken(body) else None
    except (OSError, msgspec.MsgspecError):
        return None
