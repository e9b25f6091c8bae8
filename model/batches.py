"""Ids -> training batches: contiguous streams, read in windows side by side, for ever and resumable.

The text is cut into B streams of equal length, each read from its start in windows of T characters, so the hidden state
at the end of one window is right for the next (truncated BPTT). Each epoch starts at another phase, so windows do not
cut the text at the same places; what is left over at a stream's end, less than a window, is read in other epochs.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preprocess.vocab import Ids

Position = dict[str, int]
"""Where the reading is: ``{"epoch": 2, "window": 31}`` is the next batch to give."""

START: Position = {"epoch": 0, "window": 0}


@dataclass(frozen=True, slots=True)
class Batch:
    """A window of every stream: characters, and for each the one that follows it."""

    inputs: NDArray[np.int64]  # [T, B]
    targets: NDArray[np.int64]  # [T, B]
    first: bool  # the streams begin here, so the state before it is zero


def shortest(streams: int, length: int) -> int:
    """Characters that a text needs for one window at any phase."""
    return (streams + 1) * length


def batches(ids: Ids, streams: int, length: int, seed: int, position: Position) -> Iterator[tuple[Batch, Position]]:
    """Batches from a position on, each with the position after it; `ids` holds at least `shortest` of them."""
    epoch, window = position["epoch"], position["window"]
    while True:
        phase = int(np.random.default_rng((seed, epoch)).integers(length))
        each = (len(ids) - 1 - phase) // streams
        inputs = ids[phase : phase + streams * each].reshape(streams, each)
        targets = ids[phase + 1 : phase + 1 + streams * each].reshape(streams, each)
        for place in range(window, each // length):
            cut = slice(place * length, (place + 1) * length)
            yield Batch(_columns(inputs[:, cut]), _columns(targets[:, cut]), place == 0), _at(epoch, place + 1)
        epoch, window = epoch + 1, 0


def _columns(rows: Ids) -> NDArray[np.int64]:
    """[B, T] as it lies in the text -> [T, B] as the network reads it."""
    return np.ascontiguousarray(rows.T, np.int64)


def _at(epoch: int, window: int) -> Position:
    return {"epoch": epoch, "window": window}
