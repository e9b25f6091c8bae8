"""Ids -> training batches: contiguous streams, read in windows side by side, for ever and resumable.

The text is cut into B streams of equal length, each read from its start in windows of T characters, so the hidden state
at the end of one window is right for the next (truncated BPTT). Each epoch starts at another phase, so windows do not
cut the text at the same places; what is left over at a stream's end, less than a window, is read in other epochs.

Such streams stay where they are in the text for long, and the weights with them. So with `pieces` the text is cut into
pieces of so many characters instead, and the streams read one after the other of them, each from a zero state, in an
order drawn anew each epoch.

Documents are packed one behind another; where each is to be read as if it were alone, a batch says at which characters
the state begins anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preprocess.vocab import Ids

Position = dict[str, int]
"""Where the reading is: ``{"epoch": 2, "window": 31}`` is the next batch to give."""

START: Position = {"epoch": 0, "window": 0}
ALL = slice(None)
ROUNDS = 8  # of pieces that an epoch has at least: what is left over is less than one of them


@dataclass(frozen=True, slots=True)
class Window:
    """Where the next characters of every stream stand."""

    places: NDArray[np.int64]  # [B], of each stream's first character in the text
    first: bool  # the streams begin here, so the state before it is zero
    fresh: NDArray[np.bool_] | None = None  # [T, B], where the state is zeroed before the character is read


@dataclass(frozen=True, slots=True)
class Batch:
    """A window of every stream: characters, and for each the one that follows it."""

    inputs: NDArray[np.int64]  # [T, B]
    targets: NDArray[np.int64]  # [T, B]
    first: bool  # the streams begin here, so the state before it is zero
    places: NDArray[np.int64]  # [B], of each stream's first character in the text
    fresh: NDArray[np.bool_] | None = None  # [T, B], where the state is zeroed before the character is read


def shortest(streams: int, length: int) -> int:
    """Characters that a text needs for one window at any phase."""
    return (streams + 1) * length


def batches(
    ids: Ids,
    streams: int,
    length: int,
    seed: int,
    position: Position,
    resets: NDArray[np.int64] | None = None,
    share: slice = ALL,
    pieces: int = 0,
) -> Iterator[tuple[Batch, Position]]:
    """Batches from a position on, each with the position after it; `ids` holds at least `shortest` of them.

    `resets`, sorted, are places in the text before which nothing is remembered. Of the streams a `share` is read;
    `places` are those of all.
    """
    ahead = np.arange(length)[:, None]
    for window, after in windows(len(ids), streams, length, seed, position, resets, share, pieces):
        cut = window.places[share] + ahead  # [T, B]
        inputs, targets = ids[cut].astype(np.int64), ids[cut + 1].astype(np.int64)
        yield Batch(inputs, targets, window.first, window.places, window.fresh), after


def windows(
    size: int,
    streams: int,
    length: int,
    seed: int,
    position: Position,
    resets: NDArray[np.int64] | None = None,
    share: slice = ALL,
    pieces: int = 0,
) -> Iterator[tuple[Window, Position]]:
    """Where the batches of a text of `size` ids lie, without reading it."""
    epoch, window = position["epoch"], position["window"]
    while True:
        begins = _begins(size, streams, length, np.random.default_rng((seed, epoch)), pieces)
        each, rounds = begins.each, begins.rounds
        for place in range(window, len(rounds) * each):
            places = rounds[place // each] + place % each * length
            fresh = None if resets is None else _fresh(resets, places[share], length)
            yield Window(places, place % each == 0, fresh), _at(epoch, place + 1)
        epoch, window = epoch + 1, 0


@dataclass(frozen=True, slots=True)
class _Begins:
    """Where the streams of an epoch begin from a zero state, round after round, and how many windows each reads on."""

    rounds: NDArray[np.int64]  # [rounds, B]
    each: int


def _begins(size: int, streams: int, length: int, draw: np.random.Generator, pieces: int) -> _Begins:
    """One round of streams as long as can be, or many of pieces in random order."""
    if not pieces:
        phase = int(draw.integers(length))
        long = (size - 1 - phase) // streams
        return _Begins((phase + long * np.arange(streams))[None], long // length)
    each = max(min(pieces, (size - 1) // (ROUNDS * streams + 1)) // length, 1)
    phase = int(draw.integers(each * length))
    order = draw.permutation((size - 1 - phase) // (each * length))
    whole = len(order) // streams * streams
    return _Begins(phase + each * length * order[:whole].reshape(-1, streams), each)


def _fresh(resets: NDArray[np.int64], places: NDArray[np.int64], length: int) -> NDArray[np.bool_] | None:
    """Which characters of the windows are among the places; None where none is."""
    first, last = np.searchsorted(resets, [places, places + length])  # [B] each
    found = np.zeros((length, len(places)), np.bool_)
    for stream in np.flatnonzero(last > first):
        found[resets[first[stream] : last[stream]] - places[stream], stream] = True
    return found if found.any() else None


def _at(epoch: int, window: int) -> Position:
    return {"epoch": epoch, "window": window}
