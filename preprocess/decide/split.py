"""Documents -> train, validation and test, by a hash of their group, so that a document keeps its split for good.

Whatever else is added or removed, a group's hash is its own. Only where the hash leaves a split empty, as in a corpus
of a few documents, does a split borrow its nearest group from another.

The ``legacy:`` schemes are other projects' splits, for comparing with their numbers (`preprocess.decide.legacy`).
"""

import math
from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np
import xxhash
from numpy.typing import NDArray

from corpusmill.errors import BuildError
from corpusmill.spec import nearest
from corpusmill.types import SPLITS
from preprocess.decide.legacy import LEGACY, cutter

Share = Annotated[float, msgspec.Meta(gt=0)]
Fractions = tuple[float, float, float]  # of train, validation and test
Groups = NDArray[np.uint64]  # hashes of the documents' groups
DOCUMENT = "document"  # the scheme of our own
_FEWEST_FOR_TEST = 3  # groups below which training and validation take all there are


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitOptions:
    """Keys of ``[split]``."""

    scheme: str = DOCUMENT
    fractions: tuple[Share, Share, Annotated[float, msgspec.Meta(ge=0)]] = (0.9, 0.05, 0.05)

    def __post_init__(self) -> None:
        """Refuse an unknown scheme, and fractions that are not a whole."""
        if self.scheme != DOCUMENT and not cutter(self.scheme):
            raise ValueError(
                f"no scheme is named {self.scheme!r}; {nearest(self.scheme, [DOCUMENT, *LEGACY], 'schemes')}"
            )
        if not math.isclose(sum(self.fractions), 1, abs_tol=1e-9):
            raise ValueError("fractions must add up to 1")


def assign(groups: Groups, fractions: Fractions, where: str) -> NDArray[np.uint8]:
    """The split of each document, as a place in SPLITS, by its group's hash.

    Raises BuildError, naming the corpus `where` there is only one group.
    """
    known, number = np.unique(groups, return_inverse=True)
    if len(known) < 2:  # noqa: PLR2004 - training and validation
        raise BuildError(f"{where}: one document cannot be both training and validation text", "give more text")
    places, splits = known / 2.0**64, by_hash(known, fractions)
    wanted = [n for n, share in enumerate(fractions) if share]
    for split in wanted if len(known) >= _FEWEST_FOR_TEST else wanted[:2]:
        _fill(split, splits, places, fractions)
    found: NDArray[np.uint8] = splits[number]
    return found


def by_hash(groups: Groups, fractions: Fractions) -> NDArray[np.uint8]:
    """The split of each group by its hash alone, which is its own but for what is borrowed or goes with others."""
    places = (
        groups / 2.0**64
    )  # in [0, 1]; they say nothing about the shard, which is by the digits of the document's id
    train, _, test = fractions
    return np.select([places < train, places < 1 - test], [0, 1], 2 if test else 1).astype(np.uint8)


def group_hash(group: str) -> int:
    """A group's place among 2**64."""
    return xxhash.xxh3_64_intdigest(group.encode())


def _fill(split: int, splits: NDArray[np.uint8], places: NDArray[np.float64], fractions: Fractions) -> None:
    """Give an empty split the group nearest to its middle, from a split that has another one left."""
    held = np.bincount(splits, minlength=len(SPLITS))
    if held[split]:
        return
    middle = sum(fractions[:split]) + fractions[split] / 2
    spare = np.ones(len(SPLITS), np.int64)
    spare[SPLITS.index("test")] = 1 if len(places) >= _FEWEST_FOR_TEST else 0
    donors = np.flatnonzero(held[splits] > spare[splits])
    splits[donors[np.argmin(np.abs(places[donors] - middle))]] = split
