"""The sample of a version that is too costly to measure whole, and what is measured on it.

The sample is documents in the order of their ids, scrambled by a fixed seed, up to some megabytes; ids are digests, so
that is a random choice, the same on every machine, and nearly the same for the next version. What was measured is kept
by the digest of the sample.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from corpusmill.types import SPLITS
from preprocess.decide.index import Numbers
from preprocess.decide.resolve import Resolved
from preprocess.publish import leakage, measure
from preprocess.publish.kept import kept
from preprocess.publish.rows import Rows

SEED = 0x9E3779B97F4A7C15  # xored with the first half of an id
BYTES = 2 << 20  # of text that compressors and n-grams are tried on: zstd -19 and xz take a second each
HELD_BYTES = 1 << 20  # of validation, and of test, that is looked for in train
TRAIN_BYTES = 8 << 20  # of train that it is looked for in


@dataclass(frozen=True, slots=True)
class Sample:
    """Some documents, of a text that is cut at `limit` bytes."""

    rows: Numbers
    limit: int

    def texts(self, rows: Rows) -> Iterator[str]:
        """The texts of the sample."""
        left = self.limit
        for group in rows.groups(self.rows):
            for text in group.texts:
                body = text.as_buffer().to_pybytes()[:left]
                left -= len(body)
                yield body.decode(errors="ignore")  # a character cut in two at the very end


def choose(resolved: Resolved, mine: Numbers, limit: int) -> Sample:
    """Some of the rows `mine`, of at most `limit` bytes together, or the first one cut to that."""
    records = resolved.table.records[mine]
    order = np.argsort(records["id"][:, 0] ^ np.uint64(SEED), kind="stable")
    sizes = np.cumsum(records["bytes"][order], dtype=np.int64)
    count = max(int(np.searchsorted(sizes, limit, side="right")), 1)
    return Sample(np.sort(mine[order[:count]]), limit)


Begin = Callable[[Path, str, Sequence[Sample]], "Future[Any]"]
"""Begins to measure: where it is kept, the name of a measure, the samples that it is taken on."""


def here(rows: Rows, executor: Executor) -> Begin:
    """Measures in threads; what was measured before is read."""

    def begin(path: Path, name: str, samples: Sequence[Sample]) -> "Future[Any]":
        return executor.submit(kept, path, Any, lambda: taken(name, [sample.texts(rows) for sample in samples]))

    return begin


def taken(name: str, texts: Sequence[Iterable[str]]) -> Any:
    """What a measure says of the texts of its samples: of one, or of a held-out split and of train."""
    if name in _WHOLE:
        return _WHOLE[name]("".join(texts[0]))
    held, train = texts
    return leakage.measure(list(held), train)


_WHOLE: dict[str, Callable[[str], Any]] = {
    "entropies": lambda text: measure.entropies(text),  # noqa: PLW0108 - looked up when it is called, as the others
    "zstd_19": lambda text: measure.zstd_19(text.encode()),
    "xz_9e": lambda text: measure.xz_9e(text.encode()),
}


def start(resolved: Resolved, folder: Path, begin: Begin) -> "Measuring":
    """Begin every measure; `folder` is where they are kept."""
    mine = {split: resolved.kept[resolved.splits == n] for n, split in enumerate(SPLITS)}
    whole = choose(resolved, resolved.kept, BYTES)
    train = choose(resolved, mine["train"], TRAIN_BYTES)
    held = {s: choose(resolved, mine[s], HELD_BYTES) for s in ("validation", "test") if len(mine[s])}
    on = {**{name: [whole] for name in _WHOLE}, **{split: [sample, train] for split, sample in held.items()}}
    paths = {name: _path(folder, name, resolved, samples) for name, samples in on.items()}
    return Measuring(
        whole,
        {name: begin(paths[name], name, samples) for name, samples in on.items()},
        [path.name for path in paths.values()],
        resolved,
    )


@dataclass(frozen=True, slots=True)
class Measuring:
    """Measurements on their way."""

    whole: Sample
    futures: dict[str, "Future[Any]"]
    names: list[str]  # of the files that they are kept in
    resolved: Resolved

    def sampled(self) -> dict[str, Any]:
        """What compressors and n-grams make of the sample, and what the sample is."""
        sizes = self.resolved.table.records["bytes"][self.whole.rows]
        return {
            "documents": len(self.whole.rows),
            "bytes": min(int(sizes.sum()), self.whole.limit),
            "seed": f"{SEED:016x}",
            "bits_per_byte": {name: self.futures[name].result() for name in ("zstd_19", "xz_9e")},
            "entropies": self.futures["entropies"].result(),
        }

    def leakage(self) -> dict[str, Any]:
        """How much of a sample of each held-out split is in a sample of train."""
        return {split: self.futures[split].result() for split in ("validation", "test") if split in self.futures}


def _path(folder: Path, name: str, resolved: Resolved, samples: list[Sample]) -> Path:
    digest = hashlib.sha256()
    for sample in samples:
        digest.update(resolved.table.records["digest"][sample.rows].tobytes())
    return folder / f"{name}-{digest.hexdigest()[:32]}.json"
