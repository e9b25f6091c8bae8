"""What a report tells of, read from the store: the run and its files, its version, its snapshot, its ledger of drops.

Only what the manifests list is read, and each file is checked against its digest. Nothing is judged here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, TypeVar

import msgspec
import numpy as np

from corpusmill.errors import CorruptError
from corpusmill.store import Store, refs, shards
from corpusmill.store.commit import MANIFEST
from corpusmill.store.ids import sha256
from corpusmill.types import Drop, Run, Snapshot, Split, Version
from preprocess.vocab import from_json
from reports.recited import Recital, recital
from reports.shapes import Baselines, Clock, Metric, Rung, Sample, Setback, Settings, Stats
from reports.yardsticks import Yardstick, yardsticks

T = TypeVar("T")

METRICS = "metrics.jsonl"
BASELINES = "baselines.json"
SETBACKS = "setbacks.json"
VOCABULARY = "vocabulary.json"
LADDER = "samples/ladder.json"
HINT = "restore it from a copy, or remove its folder and make it again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A look at the validation split; losses in nats per character but for bits per byte."""

    iteration: int
    seconds: float
    characters: int
    train: float  # mean since the look before
    validation: float
    bits_per_byte: float
    reset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """The first document of the train split, to hold the samples against."""

    text: str
    title: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Everything a report is made from."""

    run: Run
    settings: Settings
    clock: Clock
    version: Version
    stats: Stats
    snapshot: Snapshot
    metrics: tuple[Metric, ...]
    evaluations: tuple[Evaluation, ...]  # at least one
    setbacks: tuple[Setback, ...]  # times that training went back
    samples: tuple[Sample, ...]
    ladder: tuple[Rung, ...]
    drops: tuple[Drop, ...]
    excerpt: Excerpt | None
    scored: str  # the text that the validation loss is over
    unknown: int  # characters, or words, of it that the vocabulary lacks
    tokens: int  # that it has: characters, bytes or words
    yardsticks: tuple[Yardstick, ...]
    baselines: Baselines | None  # none of a run that did not ask them
    recital: Recital | None  # of what the best weights wrote

    @property
    def best(self) -> Evaluation:
        """The evaluation whose weights were kept."""
        return min(self.evaluations, key=lambda evaluation: evaluation.validation)

    @property
    def characters_read(self) -> int:
        """How many characters training read, every pass counted."""
        return self.metrics[-1].characters

    @property
    def rows(self) -> int:
        """How many documents the version keeps."""
        return sum(shard.rows for shard in self.version.shards)

    @property
    def scheme(self) -> str:
        """How the version was split."""
        return str(self.version.spec.get("split", {}).get("scheme", "document"))

    @property
    def taught(self) -> tuple[Yardstick, ...]:
        """What simpler models need for the scored text that have read training text too."""
        if not (found := self.baselines):
            return ()
        ngrams = dict.fromkeys((found.kneser_ney, found.best))  # one where the longest are the best
        compressors = (Yardstick(one.name, max(one.after_training, 0.0)) for one in found.compressors)
        return (*(Yardstick(f"{each.order}-grams", each.bits_per_byte) for each in ngrams), *compressors)

    def characters(self, split: Split) -> int:
        """How many characters a split has."""
        return sum(shard.characters for shard in self.version.shards if shard.split == split)


def gather(run: Run, store: Store, *, novel: bool = True) -> Material:
    """Read it all; without `novel`, nothing is looked for in the training text, which may take its time.

    Raises UnknownNameError for a version or snapshot that is gone, CorruptError for damage.
    """
    version = refs.learnt_from(store, run)
    folder, data = store.run_folder(run.corpus, run.id), store.version_folder(version)
    settings = _shaped(run.config, Settings, folder)
    scored = _scored(data, version, settings)
    unknown, tokens = _unknown(folder, run, scored)
    metrics = tuple(_metrics(folder, run))
    samples, ladder = tuple(_samples(folder, run)), tuple(_ladder(folder, run))
    return Material(
        run=run,
        settings=settings,
        clock=_shaped(run.clock, Clock, folder),
        version=version,
        stats=stats_of(version, store),
        snapshot=store.snapshot(version.corpus, version.snapshot),
        metrics=metrics,
        evaluations=tuple(_evaluations(folder, metrics)),
        setbacks=tuple(_setbacks(folder, run)),
        samples=samples,
        ladder=ladder,
        drops=tuple(shards.drops_of(data, version)) if version.drops else (),
        excerpt=_excerpt(data, version),
        scored=scored,
        unknown=unknown,
        tokens=tokens,
        yardsticks=tuple(yardsticks(scored.encode())),
        baselines=_baselines(folder, run),
        recital=recital(ladder or samples[-1:], scored, version, store) if novel else None,
    )


def stats_of(version: Version, store: Store) -> Stats:
    """What a version measured of itself. Raises CorruptError."""
    return _shaped(version.stats, Stats, store.version_folder(version))


def _scored(data: Path, version: Version, settings: Settings) -> str:
    """The validation split as it was scored: its documents with the separator between, cut where the run cut it."""
    pieces, size = [], 0
    for text in shards.texts(data, version.shards, "validation"):
        pieces.append(text)
        size += len(text) + len(settings.separator)
        if size > settings.validation_characters:
            break
    return settings.separator.join(pieces)[: settings.validation_characters]


def _unknown(folder: Path, run: Run, text: str) -> tuple[int, int]:
    """How many tokens of a text the vocabulary lacks, and how many it has."""
    try:
        vocabulary = from_json(_file(folder, run, VOCABULARY))
    except (msgspec.DecodeError, ValueError, KeyError) as error:
        raise CorruptError(f"{folder / VOCABULARY}: {error}", HINT) from error
    spelt = vocabulary.unknown_bytes(text)
    return int(np.count_nonzero(spelt)), len(spelt)


def _metrics(folder: Path, run: Run) -> Iterator[Metric]:
    for line in _file(folder, run, METRICS).splitlines():
        yield _parsed(line, Metric, folder / METRICS)


def _evaluations(folder: Path, metrics: Sequence[Metric]) -> Iterator[Evaluation]:
    if not any(metric.validation for metric in metrics):
        raise CorruptError(f"{folder / METRICS} holds no evaluation", HINT)
    losses: list[float] = []
    for metric in metrics:
        losses.append(metric.nats_per_char)
        if found := metric.validation:
            yield Evaluation(
                iteration=metric.iteration,
                seconds=metric.seconds,
                characters=metric.characters,
                train=fmean(losses),
                validation=found.nats_per_char,
                bits_per_byte=found.bits_per_byte,
                reset=found.reset,
            )
            losses.clear()


def _samples(folder: Path, run: Run) -> list[Sample]:
    """Every sample but the ladder, by iteration."""
    names = [name for name in run.files if name.startswith("samples/") and name != LADDER]
    found = [_parsed(_file(folder, run, name), Sample, folder / name) for name in names]
    return sorted(found, key=lambda sample: sample.iteration)


def _ladder(folder: Path, run: Run) -> list[Rung]:
    return _parsed(_file(folder, run, LADDER), list[Rung], folder / LADDER) if LADDER in run.files else []


def _setbacks(folder: Path, run: Run) -> list[Setback]:
    return _parsed(_file(folder, run, SETBACKS), list[Setback], folder / SETBACKS) if SETBACKS in run.files else []


def _baselines(folder: Path, run: Run) -> Baselines | None:
    return _parsed(_file(folder, run, BASELINES), Baselines, folder / BASELINES) if BASELINES in run.files else None


def _excerpt(folder: Path, version: Version) -> Excerpt | None:
    shard = next((shard for shard in version.shards if shard.split == "train" and shard.rows), None)
    if not shard:
        return None
    row = shards.read(folder, shard, ["text", "title", "source"]).slice(0, 1).to_pylist()[0]
    return Excerpt(**row)


def _file(folder: Path, run: Run, name: str) -> bytes:
    """A file of the run, as the manifest knows it."""
    path = folder / name
    if not path.is_file():
        raise CorruptError(f"{path} is missing", HINT)
    body = path.read_bytes()
    if sha256(body) != run.digests.get(name):
        raise CorruptError(f"{path} does not match the manifest", HINT)
    return body


def _parsed(body: bytes, kind: type[T], path: Path) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise CorruptError(f"{path}: {error}", HINT) from error


def _shaped(table: Any, kind: type[T], folder: Path) -> T:
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        raise CorruptError(f"{folder / MANIFEST}: {error}", HINT) from error
