"""What a version measured of itself: its characters, its leakage, how much it can be compressed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from corpusmill.types import SPLITS
from reports import words
from reports.sections.corpus import NAMES
from reports.visible import plain

CHARACTERS = 300  # of the vocabulary that are listed

Cells = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table: its caption, its heads, its rows; the first column names the row, the others are figures."""

    caption: str
    heads: tuple[str, ...]
    rows: Cells


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The characters of a version, the most frequent first: the character, its code point, how often it occurs."""

    rows: Cells
    unlisted: int  # characters that are left out


def vocabulary(stats: Mapping[str, Any]) -> Vocabulary:
    """A version's statistics -> its characters."""
    counts = stats.get("vocabulary", {}).get("total", {})
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return Vocabulary(tuple(_character(*item) for item in ranked[:CHARACTERS]), len(ranked[CHARACTERS:]))


def sheets(stats: Mapping[str, Any]) -> tuple[Sheet, ...]:
    """A version's statistics -> the tables that they give; a version of an older release may lack some."""
    return tuple(filter(None, (_leakage(stats), _information(stats))))


def _character(character: str, number: int) -> tuple[str, str, str]:
    """A character as it is shown, its code point, how often it occurs."""
    point = " ".join(f"U+{ord(one):04X}" for one in character)
    return NAMES.get(character, plain(character)), point, words.count(number)


def _leakage(stats: Mapping[str, Any]) -> Sheet | None:
    """How much of the held-out text is in the training text."""
    found = stats.get("leakage") or {}
    if not found:
        return None
    rows = [(split, *_leaked(found[split])) for split in SPLITS if split in found]
    caption = "Leakage: windows of 64 characters of the held-out text that are in the training text, to the letter"
    names = ("Split", "Windows", "Found", "Documents touched", "Mostly there", "Documents looked at", "Share")
    return Sheet(caption=caption, heads=names, rows=tuple(rows))


def _leaked(found: Mapping[str, Any]) -> tuple[str, ...]:
    counts = ("windows", "found", "documents_touched", "documents_most", "held_documents")
    return (*(words.count(found.get(name, 0)) for name in counts), words.percent(found.get("share", 0), 1))


def _information(stats: Mapping[str, Any]) -> Sheet | None:
    """What compressors and character counts make of a sample of it."""
    sample = stats.get("sample") or {}
    if not sample:
        return None
    rows = [(name.replace("_", " -"), f"{bits:.3f}", "") for name, bits in sample.get("bits_per_byte", {}).items()]
    for one in sample.get("entropies", ()):
        says = words.count(one["distinct"], "different one") if one["reliable"] else "too few seen to be reliable"
        rows.append((f"entropy of the last of {one['n']}", f"{one['bits_per_byte']:.3f}", says))
    caption = f"Bits per byte of a seeded sample of {words.size(sample['bytes'])}"
    return Sheet(caption=caption, heads=("By", "Bits per byte", "Runs of characters"), rows=tuple(rows))
