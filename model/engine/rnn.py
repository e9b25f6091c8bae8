"""The arithmetic of a plain recurrent layer (Elman 1990), one step of a batch at a time.

    hidden = tanh(gates)

Its one "gate" is its hidden state; on the way back its gradient stands there.
"""

import numpy as np

from model.engine.arithmetic import Array, f32, kernel, read, tanh, write

APART = False
ONE = f32(1)


@kernel
def forward(
    gates: Array,
    apart: Array,
    table: Array,
    ids: Array,
    before: Array,
    memory: Array,
    hidden: Array,
) -> None:
    """Gates [B, H], without the row of `table` [V, H] that `ids` [B] name -> hidden [B, H], kept in both."""
    row = np.empty(hidden.shape[1], f32)
    for b in range(len(ids)):
        read(gates[b], row)
        given = table[ids[b]]
        for j in range(len(row)):
            row[j] = tanh(row[j] + given[j])
        write(row, gates[b])
        write(row, hidden[b])


@kernel
def backward(
    gates: Array,
    apart: Array,
    table: Array,
    ids: Array,
    before: Array,
    memory: Array,
    hidden: Array,
    above: Array,
    later: Array,
    along: Array,
) -> None:
    """The hidden state that `gates` [B, H] hold -> the gradient of what it is the tanh of, added to `table`'s too.

    `above` and `later` [B, H] are the hidden state's gradients from the layer above and the next step.
    """
    size = hidden.shape[1]
    row, got, more = np.empty(size, f32), np.empty(size, f32), np.empty(size, f32)
    for b in range(len(ids)):
        read(gates[b], row)
        read(above[b], got)
        read(later[b], more)
        for j in range(size):
            row[j] = (got[j] + more[j]) * (ONE - row[j] * row[j])
        into = table[ids[b]]
        for j in range(size):
            into[j] += row[j]
        write(row, gates[b])
