"""Near-duplicates: texts that share most of their shingles, found by MinHash (Broder 1997) and banding.

    sketches = signatures(texts, options)
    lowest = clusters(sketches, options)  # for each text the first of its cluster

A text's shingles are its runs of `shingle` words, whatever white space is between them, or of `shingle` characters.
The similarity of two texts is the Jaccard index of their sets of shingles; two signatures agree in that share of their
places, give or take 1/(2*sqrt(permutations)). It knows texts and signatures, no documents, and which of a cluster stays
is for others to say.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash

from preprocess.decide.union import Rows, join, singletons

Hashes = NDArray[np.uint64]
Signatures = NDArray[np.uint32]

_SEED = 42  # of the permutations: part of what a signature is
_BASE = 0x9E3779B97F4A7C15  # odd, its bits in disorder (2**64 over the golden ratio): what words are polynomials in
_STEP = 0xD1B54A32D192ED03  # the same for shingles
_PIECE = 1 << 17  # characters hashed at a time: numpy's tables of them stay in a processor's cache
_TEXTS = 255  # texts hashed at a time; rensa starts threads of its own for 256
_MOST_BYTES = 4 * _PIECE + 2 * _TEXTS  # a character has up to four in UTF-8, and each text a line end

_SURE = 0.95  # probability that two texts as similar as the threshold share a band
_AT_ONCE = 1 << 28  # bytes of band hashes held at a time
_BLOCK = 1 << 13  # rows or pairs of signatures looked at together
_ALL_PAIRS = 8  # texts in a bucket up to which each is compared with each
_REPRESENTATIVES = 8  # texts that those of a larger bucket are compared with


def _powers(base: int) -> Hashes:
    factors = np.full(_MOST_BYTES, base, np.uint64)
    factors[0] = 1
    return np.cumprod(factors, dtype=np.uint64)


_POWERS, _INVERSE = _powers(_BASE), _powers(pow(_BASE, -1, 1 << 64))
_LETTERS = bytes(0 if byte < 128 and chr(byte).isspace() else min(byte + 1, 255) for byte in range(256))  # noqa: PLR2004 - ASCII


@dataclass(frozen=True, slots=True, kw_only=True)
class NearOptions:
    """Keys of ``[clean.near]``."""

    threshold: Annotated[float, msgspec.Meta(ge=0.5, le=1)] = 0.8  # similarity from which two texts are near
    shingle: Annotated[int, msgspec.Meta(ge=1, le=64)] = 5  # units in a shingle
    unit: Literal["word", "character"] = "word"
    permutations: Annotated[int, msgspec.Meta(ge=16, le=1024)] = 128  # places of a signature
    keep: Literal["one", "all"] = "one"  # of a cluster; all of it is in one split either way

    def __post_init__(self) -> None:
        """Refuse what no signature can be made of, whoever makes the options."""
        if not 0.5 <= self.threshold <= 1:  # noqa: PLR2004 - below it, banding finds everything
            raise ValueError("threshold must be between 0.5 and 1")
        if not 1 <= self.shingle <= 64:  # noqa: PLR2004 - a run that long is a quotation already
            raise ValueError("shingle must be between 1 and 64")
        if not 16 <= self.permutations <= 1024:  # noqa: PLR2004 - estimates are within 0.125, and within 0.016
            raise ValueError("permutations must be between 16 and 1024")

    @property
    def band(self) -> int:
        """Places in a band: the most with which two texts at the threshold still share a band with 95 % probability."""
        longest = range(self.permutations, 1, -1)
        return next((rows for rows in longest if shares_band(self.threshold, rows, self.permutations) >= _SURE), 1)

    @property
    def least(self) -> int:
        """Places in which two signatures have to agree."""
        return math.ceil(self.threshold * self.permutations - 1e-9)


def shares_band(similarity: float, rows: int, permutations: int) -> float:
    """Probability that two texts agree in all `rows` places of a band at least once (the S-curve of banding)."""
    return 1 - (1 - similarity**rows) ** (permutations // rows)


def signature(text: str, options: NearOptions) -> Signatures:
    """The signature of one text, [permutations]."""
    row: Signatures = signatures([text], options)[0]
    return row


def signatures(texts: Sequence[str], options: NearOptions) -> Signatures:
    """The signatures of texts, [texts, permutations]: each a function of its text and the options alone.

    A text of fewer units than a shingle has one shingle, all of it; so has one without any, and all of these are equal.
    A word of more than 131,072 characters counts as several.
    """
    found = np.empty((len(texts), options.permutations), np.uint32)
    for start, end in _batches(texts):
        if end - start == 1:
            found[start] = _long(texts[start], options)
        else:
            units, counts = _units(texts[start:end], options)
            found[start:end] = _digests(*_shingles(units, counts, options.shingle), options)
    return found


def clusters(sketches: Signatures, options: NearOptions) -> Rows:
    """For each row of signatures, [n, permutations], the lowest row of its cluster; itself where it is alone.

    Rows that agree in a whole band are in one bucket; those of a bucket whose signatures agree in `least` places are
    joined, and so are theirs: two texts of a cluster may be less alike than the threshold. In a bucket of more than 8
    rows each is compared with at most 8 others, each the first that was like none before, so that a bucket of any size
    takes a time that grows with its size alone. What that may miss is a pair in a bucket with more than 8 kinds of
    text, or one that is linked by a third text only; the other bands may still find it.

    Memory: at most 256 MiB of band hashes, or one band's, and four arrays of n 8-byte numbers, thirteen where every row
    is in a bucket; `sketches` may be mapped from disk.
    """
    lowest = singletons(len(sketches))
    count = options.permutations // options.band
    together = max(1, min(count, _AT_ONCE // (8 * max(len(sketches), 1))))
    for first in range(0, count, together):
        for hashes in _bands(sketches, range(first, min(first + together, count)), options.band):
            members, buckets = _buckets(hashes)
            _join_bucketed(lowest, sketches, members, buckets, options.least)
    return lowest


def _batches(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Runs of texts to hash together, as (start, end); a text longer than a piece is alone."""
    start = size = 0
    for place, text in enumerate(texts):
        if place > start and (size + len(text) > _PIECE or place - start == _TEXTS):
            yield start, place
            start, size = place, 0
        size += len(text)
    if texts:
        yield start, len(texts)


def _long(text: str, options: NearOptions) -> Signatures:
    """The signature of one text piece by piece: that of a union of sets is the lower number in each place."""
    units: Hashes = np.empty(0, np.uint64)
    lowest: Signatures | None = None
    for piece in _pieces(text):
        units = np.concatenate([units, _units([piece], options)[0]])
        if len(units) >= options.shingle:
            row = _one(units, options)
            lowest = row if lowest is None else np.minimum(lowest, row)
            units = units[len(units) - options.shingle + 1 :]
    return _one(units, options) if lowest is None else lowest


def _one(units: Hashes, options: NearOptions) -> Signatures:
    row: Signatures = _digests(*_shingles(units, np.array([len(units)]), options.shingle), options)[0]
    return row


def _pieces(text: str) -> Iterator[str]:
    """Parts of at most `_PIECE` characters, cut before white space where there is some."""
    start = 0
    while len(text) - start > _PIECE:
        end = start + _PIECE
        space = max(text.rfind(" ", start + 1, end), text.rfind("\n", start + 1, end))
        end = space if space > 0 else end
        yield text[start:end]
        start = end
    yield text[start:]


def _units(texts: Sequence[str], options: NearOptions) -> tuple[Hashes, Rows]:
    """The words or characters of all texts, each as a number, and how many each text has."""
    if options.unit == "character":
        lines = [" ".join(text.split()) for text in texts]
        points = np.frombuffer("".join(lines).encode("utf-32-le", "surrogatepass"), "<u4")
        return points.astype(np.uint64) + np.uint64(1), np.array([len(line) for line in lines], np.int64)
    return _words([text if text.isascii() else " ".join(text.split()) for text in texts])


def _words(texts: Sequence[str]) -> tuple[Hashes, Rows]:
    """Hash what ASCII white space separates, as polynomials of its UTF-8 bytes: no object is made for a word."""
    lines = [text.encode("utf-8", "surrogatepass") for text in texts]
    letters = np.frombuffer((b"\n" + b"\n".join(lines)).translate(_LETTERS), np.uint8)
    filled = letters > 0
    starts = np.flatnonzero(filled[1:] > filled[:-1]) + 1
    ends = np.cumsum([len(line) + 1 for line in lines])
    counts = np.diff(np.searchsorted(starts, ends), prepend=0)
    if not len(starts):
        return np.empty(0, np.uint64), counts
    terms = np.multiply(letters, _POWERS[: len(letters)], dtype=np.uint64)
    sums = np.add.reduceat(terms, starts)  # up to the next word: the white space between adds nothing
    return _mixed(sums * _INVERSE[starts]), counts


def _shingles(units: Hashes, counts: Rows, length: int) -> tuple[Hashes, Hashes]:
    """The hashes of all shingles, and where those of each text start, and of the last end."""
    slots = np.maximum(counts, length)
    ends = np.cumsum(slots)
    if (counts < length).any():  # these are filled up with nothing
        moved = (ends - slots) - (np.cumsum(counts) - counts)
        filled = np.zeros(ends[-1], np.uint64)
        filled[np.arange(len(units)) + np.repeat(moved, counts)] = units
        units = filled
    last = len(units) - length + 1
    hashes = units[:last].copy()
    for step in range(1, length):
        hashes *= np.uint64(_STEP)
        hashes += units[step : step + last]
    if len(counts) > 1:  # those that begin in one text and end in the next are none
        across = (ends[:-1, None] - np.arange(1, length)).ravel()
        hashes = np.delete(hashes, across[across < last])
    starts = np.concatenate([[0], np.cumsum(slots - length + 1)]).astype(np.uint64)
    return _mixed(hashes), starts


def _mixed(hashes: Hashes) -> Hashes:
    """Spread what differs over all bits, in place (the finaliser of SplitMix64: Steele, Lea and Flood 2014)."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        hashes ^= hashes >> np.uint64(shift)
        hashes *= np.uint64(factor)
    hashes ^= hashes >> np.uint64(31)
    return hashes


def _digests(hashes: Hashes, starts: Hashes, options: NearOptions) -> Signatures:
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(hashes, starts, options.permutations, _SEED)
    return np.array(matrix.to_rows(), np.uint32)


def _bands(sketches: Signatures, bands: range, rows: int) -> list[Hashes]:
    """One number for each row's places in each band, computed in one pass over the signatures."""
    found = [np.zeros(len(sketches), np.uint64) for _ in bands]
    for start in range(0, len(sketches), _BLOCK):
        block = np.ascontiguousarray(sketches[start : start + _BLOCK].T)
        for band, hashes in zip(bands, found, strict=True):
            part = hashes[start : start + _BLOCK]
            for place in block[band * rows : (band + 1) * rows]:
                part *= np.uint64(_STEP)
                part += place
            _mixed(part)
    return found


def _buckets(hashes: Hashes) -> tuple[Rows, Rows]:
    """The rows that are not alone in their bucket, bucket by bucket and from the lowest, and each one's bucket."""
    order = np.argsort(hashes, kind="stable")
    in_order = hashes[order]
    like_last = np.concatenate([[False], in_order[1:] == in_order[:-1]])[: len(hashes)]
    shared = like_last | np.concatenate([like_last[1:], [False]])[: len(hashes)]
    return order[shared], np.cumsum(~like_last[shared]) - 1


def _join_bucketed(lowest: Rows, sketches: Signatures, members: Rows, buckets: Rows, least: int) -> None:
    """Join the rows of each bucket that are near."""
    large = np.bincount(buckets)[buckets] > _ALL_PAIRS if len(buckets) else np.empty(0, np.bool)
    few, where = members[~large], buckets[~large]
    for apart in range(1, _ALL_PAIRS):
        same = where[apart:] == where[:-apart]
        left, right = few[:-apart][same], few[apart:][same]
        near = _near(lowest, sketches, left, right, least)
        join(lowest, left[near], right[near])
    rest, where = members[large], buckets[large]
    for _ in range(_REPRESENTATIVES):
        if not len(rest):
            return
        starts = np.flatnonzero(np.diff(where, prepend=-1))
        first = np.repeat(rest[starts], np.diff(starts, append=len(rest)))
        near = _near(lowest, sketches, first, rest, least)
        join(lowest, first[near], rest[near])
        rest, where = rest[~near], where[~near]


def _near(lowest: Rows, sketches: Signatures, left: Rows, right: Rows, least: int) -> NDArray[np.bool]:
    """Which pairs are in one cluster already, or have signatures that agree in enough places."""
    near: NDArray[np.bool] = lowest[left] == lowest[right]
    asked = np.flatnonzero(~near)
    for start, end in pairwise([*range(0, len(asked), _BLOCK), len(asked)]):
        pairs = asked[start:end]
        agree = np.count_nonzero(sketches[left[pairs]] == sketches[right[pairs]], axis=1)
        near[pairs] = agree >= least
    return near
