"""The arithmetic of an LSTM (Hochreiter & Schmidhuber 1997, with a forget gate), one step of a batch at a time.

    i, f, o = sigmoid(gates), g = tanh(gates)      cell = f * before + i * g      hidden = o * tanh(cell)

Gates lie in torch's order: input, forget, cell, output. What a step needs on its way back takes no room of its own: the
gates' values stand where their inputs stood, and their gradients will.
"""

import numpy as np

from model.engine.arithmetic import Array, f32, kernel, read, sigmoid, tanh, write

APART = False  # the product with the hidden state is simply added to what the input gives
ONE = f32(1)


@kernel
def forward(
    gates: Array,
    apart: Array,
    table: Array,
    ids: Array,
    before: Array,
    cell: Array,
    hidden: Array,
) -> None:
    """Gates [B, 4H], without the row of `table` [V, 4H] that `ids` [B] name -> their values; cell, hidden [B, H]."""
    size = hidden.shape[1]
    row, out = np.empty(4 * size, f32), np.empty(size, f32)
    i, f, g, o = row[:size], row[size : 2 * size], row[2 * size : 3 * size], row[3 * size :]
    both = row[: 2 * size]
    for b in range(len(ids)):
        read(gates[b], row)
        given = table[ids[b]]
        for j in range(4 * size):
            row[j] += given[j]
        for j in range(2 * size):
            both[j] = sigmoid(both[j])
        for j in range(size):
            g[j] = tanh(g[j])
        for j in range(size):
            o[j] = sigmoid(o[j])
        old, new = before[b], cell[b]
        for j in range(size):
            new[j] = f[j] * old[j] + i[j] * g[j]
        for j in range(size):
            out[j] = o[j] * tanh(new[j])
        write(row, gates[b])
        write(out, hidden[b])


@kernel
def backward(
    gates: Array,
    apart: Array,
    table: Array,
    ids: Array,
    before: Array,
    cell: Array,
    hidden: Array,
    above: Array,
    later: Array,
    along: Array,
) -> None:
    """Gates' values [B, 4H] -> their gradients, added to those of `table` too.

    `above` and `later` [B, H] are the hidden state's gradients from the layer above and the next step; `along` [B, H]
    is the cell's, from the next step to the one before.
    """
    size = above.shape[1]
    row, got, more, shown = np.empty(4 * size, f32), np.empty(size, f32), np.empty(size, f32), np.empty(size, f32)
    i, f, g, o = row[:size], row[size : 2 * size], row[2 * size : 3 * size], row[3 * size :]
    for b in range(len(ids)):
        read(gates[b], row)
        read(above[b], got)
        read(later[b], more)
        old, new, kept = before[b], cell[b], along[b]
        for j in range(size):
            shown[j] = tanh(new[j])
        for j in range(size):
            wanted = got[j] + more[j]
            inside = kept[j] + wanted * o[j] * (ONE - shown[j] * shown[j])
            kept[j] = inside * f[j]
            o[j] = wanted * shown[j] * o[j] * (ONE - o[j])
            f[j] = inside * old[j] * f[j] * (ONE - f[j])
            by_input = inside * g[j] * i[j] * (ONE - i[j])
            g[j] = inside * i[j] * (ONE - g[j] * g[j])
            i[j] = by_input
        into = table[ids[b]]
        for j in range(4 * size):
            into[j] += row[j]
        write(row, gates[b])
