"""Documents -> train, validation and test, by a hash of their group, so that a document keeps its split for good.

Whatever else is added or removed, a group's hash is its own. Only where the hash leaves a split empty, as in a corpus
of a few documents, does a split borrow its nearest group from another.

The ``legacy:`` schemes are other projects' splits, for comparing with their numbers: they cut one file at a place.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

import msgspec
import xxhash

from corpusmill.errors import BuildError
from corpusmill.spec import nearest
from corpusmill.types import SPLITS, Document, Split

Share = Annotated[float, msgspec.Meta(gt=0)]
Fractions = tuple[float, float, float]  # of train, validation and test
_FEWEST_FOR_TEST = 3  # groups below which training and validation take all there are


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitOptions:
    """Keys of ``[split]``."""

    scheme: str = "document"
    fractions: tuple[Share, Share, Annotated[float, msgspec.Meta(ge=0)]] = (0.9, 0.05, 0.05)

    def __post_init__(self) -> None:
        """Refuse an unknown scheme, and fractions that are not a whole."""
        if self.scheme != "document" and self.scheme not in LEGACY:
            raise ValueError(
                f"no scheme is named {self.scheme!r}; {nearest(self.scheme, ['document', *LEGACY], 'schemes')}"
            )
        if not math.isclose(sum(self.fractions), 1, abs_tol=1e-9):
            raise ValueError("fractions must add up to 1")


def assign(documents: Iterable[Document], fractions: Fractions, where: str) -> dict[str, Split]:
    """The split of each document, by its id. Raises BuildError, naming the corpus `where` there is only one group."""
    groups = {document.id: document.group or document.id for document in documents}
    places = {group: _place(group) for group in set(groups.values())}
    if len(places) < 2:  # noqa: PLR2004 - training and validation
        raise BuildError(f"{where}: one document cannot be both training and validation text", "give more text")
    splits = {group: _split_at(place, fractions) for group, place in places.items()}
    wanted = [s for s, share in zip(SPLITS, fractions, strict=True) if share]
    for split in wanted if len(places) >= _FEWEST_FOR_TEST else wanted[:2]:
        _fill(split, splits, places, fractions)
    return {id_: splits[group] for id_, group in groups.items()}


def nanogpt(text: str) -> dict[Split, str]:
    """The first nine tenths of the characters and the rest: nanoGPT, data/shakespeare_char/prepare.py."""
    cut = int(len(text) * 0.9)
    return {"train": text[:cut], "validation": text[cut:]}


def _place(group: str) -> float:
    """A group's place in [0, 1); it says nothing about the shard, which is by the digits of the document's id."""
    return xxhash.xxh3_64_intdigest(group.encode()) / 2**64


def _split_at(place: float, fractions: Fractions) -> Split:
    train, _, test = fractions
    if place < train:
        return "train"
    return "validation" if place < 1 - test else "test"


def _fill(split: Split, splits: dict[str, Split], places: Mapping[str, float], fractions: Fractions) -> None:
    """Give an empty split the group nearest to its middle, from a split that has another one left."""
    held = Counter(splits.values())
    if held[split]:
        return
    index = SPLITS.index(split)
    middle = sum(fractions[:index]) + fractions[index] / 2
    spare = 1 if len(places) >= _FEWEST_FOR_TEST else 0
    donors = [group for group in places if held[splits[group]] > (spare if splits[group] == "test" else 1)]
    splits[min(donors, key=lambda group: (abs(places[group] - middle), group))] = split


LEGACY: Mapping[str, Callable[[str], dict[Split, str]]] = {
    "legacy:nanogpt": nanogpt,
}
