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
from preprocess.vocab import Vocabulary

TRAINED = 16_000_000  # characters of the train split, at most
SCORED = 1_000_000  # characters of the split that is scored, at most
_CODE = ("model.baselines", "preprocess.vocab")  # what decides the figures
_LIBRARIES = ("zstandard", "pyppmd")  # likewise


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
    progress: Progress = silent,
) -> Baselines:
    """Ask every baseline, or read what was answered before.

    Raises UnknownNameError for a split that is not there, UsageError for an order or a text that will not do,
    CorruptError, StoreError.
    """
    if not 1 <= order <= DEEPEST:
        raise UsageError(f"n-grams of order {order} are not counted", f"give an order from 1 to {DEEPEST}")
    path = _path(version, store, vocabulary, {"separator": separator, "split": split, "order": order, "reset": reset})
    if (kept := _read(path)) is not None:
        return kept
    with pins.held(store, version):
        train = beginning(version, store, "train", separator, TRAINED)
        text = beginning(version, store, split, separator, SCORED)
    if not train or not text:
        raise UsageError(f"{version.ref} has no text to compare on", "give it longer documents")
    best, foreseen = _modelled(train, text, vocabulary, order, reset, progress)
    found = Baselines(
        split=split,
        reset=reset,
        characters=len(text),
        characters_in_all=_length(version, split, separator),
        bytes=len(text.encode()),
        trained=len(train),
        trained_in_all=_length(version, "train", separator),
        kneser_ney=best,
        unsmoothed=foreseen,
        compressors=tuple(compressed(train.encode(), text.encode(), progress)),
    )
    with commit.disk_errors(path):
        commit.sweep(path.parent)
        commit.write_file(path, seal(pretty(found)))
    return found


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
) -> tuple[KneserNey, tuple[Unsmoothed, ...]]:
    """Ask the n-gram models; what they need of memory is free again afterwards."""
    progress("n-grams", 0, order, f"sorting {len(train):,} characters")
    deepest = min(max(order, *unsmoothed.ORDERS) + 1, DEEPEST)
    both = Sorted.of(vocabulary.encode(train), vocabulary.encode(text), deepest)
    spelt = vocabulary.unknown_bytes(text) * (8 * math.log(2))  # 8 bits for each byte of what has no id of its own
    costs = kneser_ney.nats(both, len(vocabulary), order, reset=reset, progress=progress) + spelt
    in_bytes = float(costs.sum()) / math.log(2) / len(text.encode())
    best = KneserNey(order=order, nats_per_char=float(costs.mean()), bits_per_byte=in_bytes)
    return best, tuple(_shared(one.order, one.nats + spelt) for one in unsmoothed.scores(both, reset=reset))


def _shared(order: int, costs: NDArray[np.float64]) -> Unsmoothed:
    """How many characters cost anything finite, and how much on average."""
    finite = costs[np.isfinite(costs)]
    mean = float(finite.mean()) if len(finite) else None
    return Unsmoothed(order=order, foreseen=len(finite) / len(costs), nats_per_foreseen=mean)


def _length(version: Version, split: Split, separator: str) -> int:
    """Characters of a split, separators included."""
    those = [shard for shard in version.shards if shard.split == split]
    return sum(shard.characters for shard in those) + len(separator) * max(sum(shard.rows for shard in those) - 1, 0)


def _path(version: Version, store: Store, vocabulary: Vocabulary, settings: dict[str, str | int]) -> Path:
    names = {
        **settings,
        "vocabulary": vocabulary.characters,
        "limits": [TRAINED, SCORED],
        "libraries": {name: installed(name) for name in _LIBRARIES},
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
