"""What it read: the corpus in words, by split, by character, by length of document."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from corpusmill.types import SPLITS, Version
from reports import chart, words
from reports.chart import Column
from reports.material import Excerpt, Material
from reports.shapes import Lengths, Stats
from reports.visible import plain

TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}")
FREQUENT = 14  # characters in the picture
NAMES = {" ": "space", "\n": "line end", "\t": "tab", "\N{NO-BREAK SPACE}": "no-break space"}
SIGNS = {" ": "␣", "\n": "↵", "\t": "⇥", "\N{NO-BREAK SPACE}": "⍽"}


@dataclass(frozen=True, slots=True)
class Part:
    """One split."""

    name: str
    documents: str
    characters: str
    size: str
    share: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusFacts:
    """The section on what it read."""

    title: str
    about: str
    licence: str
    licence_note: str
    personal_data: str
    language: str
    tag: str  # the same for the page's `lang`; empty where it is no BCP 47 tag
    origin: str
    scheme: str
    parts: tuple[Part, ...]
    vocabulary: str  # characters the model tells apart
    frequent: Markup
    lengths: Markup
    median: str
    excerpt: Excerpt | None


def corpus(material: Material) -> CorpusFacts:
    """Material -> the section on what it read."""
    return of_version(material.version, material.stats, material.snapshot.origin, material.excerpt)


def of_version(version: Version, stats: Stats, origin: str, excerpt: Excerpt | None) -> CorpusFacts:
    """The same of a version that no run may have read yet."""
    return CorpusFacts(
        title=version.title,
        about=version.about,
        licence=version.licence,
        licence_note=version.licence_note,
        personal_data=version.personal_data,
        language=version.language,
        tag=version.language if TAG.fullmatch(version.language) else "",
        origin=origin,
        scheme=str(version.spec.get("split", {}).get("scheme", "document")),
        parts=tuple(_parts(stats)),
        vocabulary=words.count(len(stats.vocabulary.train)),
        frequent=_frequent(stats.vocabulary.train),
        lengths=_lengths(stats.lengths),
        median=words.count(stats.lengths.median, "character"),
        excerpt=excerpt,
    )


def _parts(stats: Stats) -> Iterator[Part]:
    sizes = [(split, stats.splits[split]) for split in SPLITS if split in stats.splits]
    for name, size in [*sizes, ("all", stats.total)]:
        yield Part(
            name=name,
            documents=words.count(size.documents),
            characters=words.count(size.characters),
            size=words.size(size.bytes),
            share=words.percent(size.characters, stats.total.characters),
        )


def _frequent(counts: Mapping[str, int]) -> Markup:
    """The most frequent characters of the train split."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:FREQUENT]
    whole = sum(counts.values())
    said = words.listed([f"{NAMES.get(c, plain(c))} {words.percent(number, whole)}" for c, number in ranked])
    bars = [Column(SIGNS.get(c, plain(c)), number, f"{100 * number / whole:.1f}") for c, number in ranked]
    labels = {"title": "Most frequent characters", "description": said, "x": "per cent of the train split"}
    return chart.columns("characters", bars, labels)


def _lengths(lengths: Lengths) -> Markup:
    """Documents by length, each column from a power of two to just below the next, the empty ones between included."""
    counts = dict(lengths.histogram)
    powers = [2**power for power in range(min(counts).bit_length() - 1, max(counts).bit_length())]
    shortest, longest = lengths.shortest.characters, lengths.longest.characters
    said = (
        f"Documents by length: from {words.count(shortest, 'character')} to {words.count(longest)}, "
        f"half of them no longer than {words.count(lengths.median)}."
    )
    bars = [Column(_short(power), counts.get(power, 0), words.count(counts.get(power, 0))) for power in powers]
    labels = {"title": "Documents by length", "description": said, "x": "characters, each column to its double"}
    return chart.columns("lengths", bars, labels)


def _short(number: int) -> str:
    """``512``, ``2k``, ``1M``: powers of two as people say them."""
    steps = ((1 << 30, "G"), (1 << 20, "M"), (1 << 10, "k"))
    return next((f"{number // unit}{name}" for unit, name in steps if number >= unit), str(number))
