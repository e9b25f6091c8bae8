"""Weights at half their size, two in a word, since writing one text takes as long as reading all of them does.

Of two weights that stand below one another, the upper is the lower half of a word, as bfloat16. The lower is the whole
word, read as a float32: its own upper half is chosen so that the word comes nearest. Each is thus within a 256th of
what it was, and nothing but a shift takes them apart. All that samples has its weights rounded so, whatever computes,
so that the same seed gives the same text; tables, biases and the head stay as they are.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from model.step import Floats, Prepared

Words = NDArray[np.uint32]

ROWS = 8  # rows that are multiplied at a time; there are zeros below to make it so
_HALF, _SIGN = 16, np.int64(1) << 31


def rounded(prepared: Prepared) -> Prepared:
    """The same weights as packing leaves them."""
    size = prepared.recurrents.shape[1]
    inputs, recurrents = (unpacked(packed(part))[:, :size] for part in (prepared.inputs, prepared.recurrents))
    return replace(prepared, inputs=np.ascontiguousarray(inputs), recurrents=np.ascontiguousarray(recurrents))


def packed(matrices: Floats) -> Words:
    """Matrices [N, rows, columns] -> words [N, rows / 2, columns], rows being rounded up to a multiple of `ROWS`."""
    bits = padded(matrices, 1).view(np.uint32).astype(np.int64)
    above, below = bits[:, 0::2], bits[:, 1::2]
    upper = (above + 0x7FFF + ((above >> _HALF) & 1)) >> _HALF  # to nearest, ties to even
    size = below & (_SIGN - 1)
    whole = (np.maximum(size - upper + (1 << _HALF - 1), 0) >> _HALF << _HALF) | upper
    words: Words = ((below & _SIGN) | whole).astype(np.uint32)
    return words


def unpacked(words: Words) -> Floats:
    """Words [N, rows / 2, columns] -> the matrices that they hold [N, rows, columns]."""
    both = np.stack((words << np.uint32(_HALF), words), 2).view(np.float32)
    return both.reshape(len(words), 2 * words.shape[1], words.shape[2])


def padded(array: Floats, axis: int) -> Floats:
    """With zeros behind, so that an axis has a multiple of `ROWS` entries."""
    widths = [(0, -length % ROWS if place == axis else 0) for place, length in enumerate(array.shape)]
    return np.pad(array, widths).astype(np.float32)
