"""Characters that a corpus has hardly any of: replaced, removed, or the documents that hold them left out.

    [clean]
    rare = { fewer_than = 5, then = "replace" }

A model has a row of weights for each character and learns nothing from a few. What is rare only the whole corpus tells:
the builder counts, `rare` decides, `apply` does it to each document, in any order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from corpusmill.types import Document, Drop
from preprocess.clean.outcome import counted, dropped

_SHOWN = 5  # characters that a drop's reason names


@dataclass(frozen=True, slots=True, kw_only=True)
class RareOptions:
    """Keys of ``[clean] rare``."""

    fewer_than: int  # occurrences in the whole corpus
    then: Literal["replace", "remove", "drop"] = "replace"
    replacement: str = "\N{REPLACEMENT CHARACTER}"

    def __post_init__(self) -> None:
        """Refuse what would do nothing, and a replacement that is not one character."""
        if self.fewer_than < 2:  # noqa: PLR2004 - every character occurs once at least
            raise ValueError("fewer_than is 2 or more: every character occurs once")
        if len(self.replacement) != 1:
            raise ValueError('replacement is one character; to take characters out, write then = "remove"')


def rare(counts: Mapping[str, int], options: RareOptions) -> frozenset[str]:
    """The characters to do away with, from how often each occurs; never the replacement itself."""
    found = frozenset(character for character, count in counts.items() if count < options.fewer_than)
    return found - {options.replacement} if options.then == "replace" else found


def apply(document: Document, rare: frozenset[str], options: RareOptions) -> Document | Drop:
    """The document without them; ``rare_characters`` in its meta says how many there were.

    A Drop where that is asked for, or where nothing is left but white space.
    """
    text = document.text
    if not rare or (text.isascii() and not _ascii(rare)):
        return document
    found = set(text) & rare
    if not found:
        return document
    if options.then == "drop":
        shown = ", ".join(f"U+{ord(character):04X}" for character in sorted(found)[:_SHOWN])
        return dropped(document, "rare", f"rare characters: {shown}{', …' if len(found) > _SHOWN else ''}")
    to = options.replacement if options.then == "replace" else None
    mended = text.translate({ord(character): to for character in found})
    if not mended.strip():
        return dropped(document, "rare", f"rare characters: {len(text)}, and nothing else")
    return counted(document, mended, "rare_characters", sum(map(found.__contains__, text)))


@lru_cache(maxsize=4)
def _ascii(characters: frozenset[str]) -> bool:
    """Whether an ASCII text can hold any of these; asked for every document of the same corpus."""
    return any(map(str.isascii, characters))
