"""What a run wrote beside what it had read: how new that is, and the longest stretches that it recited.

The texts of the training split are sorted for it, once a version (`corpusmill.trace`); a split too large to sort for a
report is left to ``corpusmill trace``. The held-out text, as much of it, is what people write who know none of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from corpusmill.store import Store, pins
from corpusmill.trace import Finder, Found, Novelty, pooled, rows
from corpusmill.types import Version
from reports.shapes import Rung, Sample

LARGEST = 64_000_000  # characters of a training split: sorting takes some ten seconds and 256 MB on disk
SHORTEST = 5  # characters of a stretch: shorter than the least that novelty is told of
STRETCHES = 5  # that are shown


@dataclass(frozen=True, slots=True)
class Recited:
    """Words of a sample that are in the training text, and the first document that has them."""

    text: str
    temperature: float
    times: int
    title: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recital:
    """How new the samples are, and what of them is not."""

    written: tuple[Novelty, ...]  # of the samples, all their runs together
    held: tuple[Novelty, ...]  # of as many characters of held-out text
    longest: tuple[Recited, ...]  # the longest first


def recital(samples: Sequence[Rung | Sample], held: str, version: Version, store: Store) -> Recital | None:
    """Look for samples in the training split; None where there are none, or it is too large.

    Raises CorruptError, StoreError.
    """
    written = [sample for sample in samples if sample.text]
    train = sum(shard.characters for shard in version.shards if shard.split == "train")
    if not written or not train or train > LARGEST:
        return None
    with pins.held(store, version):
        finder = Finder.open(store, version)
        found = [finder.find(sample.text, minimum=SHORTEST, limit=STRETCHES) for sample in written]
        pairs = [(sample, one) for sample, of_sample in zip(written, found, strict=True) for one in of_sample.found]
        aside = held[: sum(len(sample.text) for sample in written)]
        return Recital(
            written=pooled(of_sample.novelty for of_sample in found),
            held=finder.find(aside, limit=1).novelty if aside else (),
            longest=_longest(pairs, version, store),
        )


def _longest(pairs: Sequence[tuple[Rung | Sample, Found]], version: Version, store: Store) -> tuple[Recited, ...]:
    """The longest, each once, with the title and the address of its document."""
    by_text: dict[str, tuple[Rung | Sample, Found]] = {}
    for sample, one in sorted(pairs, key=lambda pair: pair[1].stretch.start - pair[1].stretch.end):
        by_text.setdefault(sample.text[one.stretch.start : one.stretch.end], (sample, one))
    shown = dict(islice(by_text.items(), STRETCHES))
    documents = rows(store, version, [one.place for _, one in shown.values()], ["title", "source"])
    return tuple(
        Recited(text, sample.temperature, one.times, document["title"], document["source"])
        for (text, (sample, one)), document in zip(shown.items(), documents, strict=True)
    )
