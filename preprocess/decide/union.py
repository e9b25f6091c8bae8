"""Sets that grow together, as one array: for each row the lowest row of its set. Joins are made in bulk, in numpy.

It knows nothing of what its rows stand for. The array is kept flat, so whether two rows are together is one look each.
"""

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


def singletons(count: int) -> Rows:
    """Each row alone."""
    return np.arange(count, dtype=np.int64)


def join(lowest: Rows, left: Rows, right: Rows) -> None:
    """Put each row of `left` into one set with the same place of `right`, in place; in any order of pairs.

    Every set that touches a lower one is hooked to the lowest it touches, then the array is made flat, until no pair
    is apart: a logarithmic number of rounds.
    """
    while True:
        one, other = lowest[left], lowest[right]
        apart = one != other
        if not apart.any():
            return
        left, right, one, other = left[apart], right[apart], one[apart], other[apart]
        np.minimum.at(lowest, np.maximum(one, other), np.minimum(one, other))
        _flatten(lowest)


def _flatten(lowest: Rows) -> None:
    while not np.array_equal(above := lowest[lowest], lowest):
        lowest[:] = above
