"""The arithmetic of a GRU (Cho et al. 2014) as cuDNN and torch have it, one step of a batch at a time.

    r, z = sigmoid(gates + apart)      n = tanh(gates + r * apart)      hidden = (1 - z) * n + z * before

Gates lie in torch's order: reset, update, new. The reset gate acts on the product of weights and hidden state, so that
product is kept `apart` from what the input gives. The hidden state is remembered in float32 too: near z = 1 the little
that is added would be lost in bfloat16. On the way back gradients stand where values stood, in both.
"""

import numpy as np

from model.engine.arithmetic import Array, f32, kernel, read, sigmoid, tanh, write

APART = True
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
    """Gates and the product apart [B, 3H], and the row of `table` [V, 3H] that `ids` [B] name -> hidden [B, H]."""
    size = hidden.shape[1]
    row, own = np.empty(3 * size, f32), np.empty(3 * size, f32)
    both, said, n = row[: 2 * size], own[: 2 * size], row[2 * size :]
    r, z, by_hidden = row[:size], row[size : 2 * size], own[2 * size :]
    for b in range(len(ids)):
        read(gates[b], row)
        read(apart[b], own)
        given = table[ids[b]]
        for j in range(3 * size):
            row[j] += given[j]
        for j in range(2 * size):
            both[j] = sigmoid(both[j] + said[j])
        for j in range(size):
            n[j] = tanh(n[j] + r[j] * by_hidden[j])
        old, new = before[b], memory[b]
        for j in range(size):
            new[j] = n[j] + z[j] * (old[j] - n[j])
        write(row, gates[b])
        write(new, hidden[b])


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
    """Values [B, 3H] -> gradients, of what the input gave in `gates` (`table`'s too), of the product in `apart`.

    `above` and `later` [B, H] are the hidden state's gradients from the layer above and the next step's product;
    `along` [B, H] is what it gets without one, from the next step to the one before.
    """
    size = hidden.shape[1]
    row, own = np.empty(3 * size, f32), np.empty(3 * size, f32)
    got, more = np.empty(size, f32), np.empty(size, f32)
    r, z, n, by_hidden = row[:size], row[size : 2 * size], row[2 * size :], own[2 * size :]
    for b in range(len(ids)):
        read(gates[b], row)
        read(apart[b], own)
        read(above[b], got)
        read(later[b], more)
        old, kept = before[b], along[b]
        for j in range(size):
            wanted = got[j] + more[j] + kept[j]
            kept[j] = wanted * z[j]
            new = wanted * (ONE - z[j]) * (ONE - n[j] * n[j])
            z[j] = wanted * (old[j] - n[j]) * z[j] * (ONE - z[j])
            n[j] = new
            reset = r[j]
            r[j] = new * by_hidden[j] * reset * (ONE - reset)
            by_hidden[j] = new * reset
        for j in range(2 * size):
            own[j] = row[j]
        into = table[ids[b]]
        for j in range(3 * size):
            into[j] += row[j]
        write(row, gates[b])
        write(own, apart[b])
