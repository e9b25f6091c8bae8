"""One text at a time, compiled: the step and the choice of many characters in one call, without Python between them.

    writer = Writer(prepared)
    writer.read(ids)
    ids = writer.write(how, randoms)       # as many characters as there are random numbers

It computes what `step.Step` and `choose.choose` do, up to rounding. Most of the time goes to reading the weights, which
is why they are `packed`. Numbers are added up row by row, eight rows at a time, as the compiler makes vector code of.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic

from model.engine.arithmetic import f32, kernel, tanh
from model.sampling.choose import COLDEST, Chances, Sampling
from model.sampling.packed import Words, packed, padded
from model.step import ARRANGED, EPSILON, Floats, Numbers, Prepared
from preprocess.vocab import UNKNOWN, Ids

exact: Callable[..., Any] = numba.njit(nogil=True, error_model="numpy", cache=True)
"""Compiles what has infinities in it, or must add in order: `kernel` may leave out the one and change the other."""

LSTM, GRU = 4, 3  # gates
UP, HALF, ONE = np.uint32(16), f32(0.5), f32(1)


class Model(NamedTuple):
    """Weights as `Prepared` has them; P is H rounded up to a multiple of `packed.ROWS`."""

    gates: int  # 4 of an LSTM, 3 of a GRU, 1
    residual: bool
    table: Floats  # [V, G*H]
    inputs: Words  # [L-1, P/2, G*H]
    biases: Floats  # [L-1, G*H]
    recurrents: Words  # [L, P/2, G*H]
    inner: Floats  # [L, G*H]
    norms: Floats  # [L or 0, 2, H]
    head: Floats  # [P, V]
    bias: Floats  # [V]


class State(NamedTuple):
    """What is remembered, and room to work in."""

    hidden: Floats  # [L, P]
    cell: Floats  # [L, P]
    output: Floats  # [L, P]
    logits: Floats  # [V]
    given: Floats  # [G*H]
    remembered: Floats  # [G*H]


class Writer:
    """A text that is read and gone on with."""

    def __init__(self, prepared: Prepared) -> None:
        """From a zero state."""
        head, inputs, recurrents = padded(prepared.head, 0), packed(prepared.inputs), packed(prepared.recurrents)
        same = (prepared.biases, recurrents, prepared.inner, prepared.norms, head, prepared.bias)
        gates, shape = len(ARRANGED[prepared.cell]), (len(recurrents), len(head))
        self._model = Model(gates, prepared.residual, prepared.table, inputs, *same)
        hidden, cell, output = (np.zeros(shape, np.float32) for _ in range(3))
        given, remembered = (np.zeros(recurrents.shape[2], np.float32) for _ in range(2))
        self._state = State(hidden, cell, output, prepared.bias.copy(), given, remembered)

    @property
    def logits(self) -> Floats:
        """What comes next, [V]."""
        return self._state.logits.copy()

    def read(self, ids: Ids) -> None:
        """Read ids [n]."""
        self._go_on(Sampling(), np.empty(0), ids.astype(np.int64))

    def write(self, how: Sampling, randoms: Chances) -> Numbers:
        """Go on for as many characters as there are numbers in [0, 1)."""
        return self._go_on(how, randoms, np.empty(len(randoms), np.int64))

    def _go_on(self, how: Sampling, randoms: Chances, ids: Numbers) -> Numbers:
        most = min(how.top_k, len(self._model.bias))
        chosen = (float(how.temperature), most, float(how.top_p), float(how.min_p))
        _go_on(self._model, self._state, *chosen, randoms, ids)
        return ids


def _reading(_context: Any, _bits: Any) -> Any:
    """Machine code for the float32 that 32 bits are."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(types.float32))

    return types.float32(types.uint32), generate


_float: Any = intrinsic(_reading)


@kernel
def _go_on(
    model: Model,
    state: State,
    temperature: float,
    top_k: int,
    top_p: float,
    min_p: float,
    randoms: Chances,
    ids: Numbers,
) -> None:
    """Read ids [n]; where there are random numbers, one each, choose them first."""
    chances = np.empty(len(state.logits) - UNKNOWN - 1)
    for place in range(len(ids)):
        if place < len(randoms):
            ids[place] = _choose(state.logits, temperature, top_k, top_p, min_p, randoms[place], chances)
        _step(model, state, ids[place])


@kernel
def _step(model: Model, state: State, known: int) -> None:
    """Read one id: the state moves on, and the logits of the next are there."""
    given, remembered = state.given, state.remembered
    size = len(given) // model.gates
    _copy(model.table[known], given)
    for depth in range(len(model.recurrents)):
        hidden, output, below = state.hidden[depth], state.output[depth], state.output[depth - 1]
        if depth > 0:
            _copy(model.biases[depth - 1], given)
            _add(below, model.inputs[depth - 1], given)
        _copy(model.inner[depth], remembered)
        _add(hidden, model.recurrents[depth], remembered)
        if model.gates == LSTM:
            _lstm(given, remembered, state.cell[depth], hidden[:size])
        elif model.gates == GRU:
            _gru(given, remembered, hidden[:size])
        else:
            _rnn(given, remembered, hidden)
        _copy(hidden, output)
        if len(model.norms) > 0:
            _normalise(output[:size], model.norms[depth])
        if depth > 0 and model.residual:
            for j in range(len(output)):
                output[j] += below[j]
    _copy(model.bias, state.logits)
    _add_head(state.output[-1], model.head, state.logits)


@kernel
def _copy(row: Floats, to: Floats) -> None:
    for j in range(len(row)):
        to[j] = row[j]


@kernel
def _add(numbers: Floats, words: Words, sums: Floats) -> None:
    """Add the product of numbers [P] and the matrix in words [P/2, columns] to sums [columns]."""
    for r in range(0, len(words), 4):
        a, b, c, d = numbers[2 * r], numbers[2 * r + 1], numbers[2 * r + 2], numbers[2 * r + 3]
        e, f, g, h = numbers[2 * r + 4], numbers[2 * r + 5], numbers[2 * r + 6], numbers[2 * r + 7]
        ab, cd, ef, gh = words[r], words[r + 1], words[r + 2], words[r + 3]
        for j in range(len(sums)):
            sums[j] += (
                (a * _float(ab[j] << UP) + b * _float(ab[j]))
                + (c * _float(cd[j] << UP) + d * _float(cd[j]))
                + (e * _float(ef[j] << UP) + f * _float(ef[j]))
                + (g * _float(gh[j] << UP) + h * _float(gh[j]))
            )


@kernel
def _add_head(numbers: Floats, rows: Floats, sums: Floats) -> None:
    """The same for a matrix as it is, [P, columns]."""
    for r in range(0, len(rows), 4):
        a, b, c, d = numbers[r], numbers[r + 1], numbers[r + 2], numbers[r + 3]
        first, second, third, fourth = rows[r], rows[r + 1], rows[r + 2], rows[r + 3]
        for j in range(len(sums)):
            sums[j] += (a * first[j] + b * second[j]) + (c * third[j] + d * fourth[j])


@kernel
def _lstm(given: Floats, remembered: Floats, cell: Floats, hidden: Floats) -> None:
    size = len(hidden)
    for j in range(4 * size):
        given[j] = tanh(given[j] + remembered[j])
    take, keep, show, new = given[:size], given[size : 2 * size], given[2 * size : 3 * size], given[3 * size :]
    for j in range(size):
        cell[j] = (HALF * keep[j] + HALF) * cell[j] + (HALF * take[j] + HALF) * new[j]
    for j in range(size):
        hidden[j] = (HALF * show[j] + HALF) * tanh(cell[j])


@kernel
def _gru(given: Floats, remembered: Floats, hidden: Floats) -> None:
    size = len(hidden)
    for j in range(2 * size):
        given[j] = HALF * tanh(given[j] + remembered[j]) + HALF
    reset, update, new, before = given[:size], given[size : 2 * size], given[2 * size :], remembered[2 * size :]
    for j in range(size):
        new[j] = tanh(new[j] + reset[j] * before[j])
    for j in range(size):
        hidden[j] = new[j] + update[j] * (hidden[j] - new[j])


@kernel
def _rnn(given: Floats, remembered: Floats, hidden: Floats) -> None:
    for j in range(len(given)):
        hidden[j] = tanh(given[j] + remembered[j])


@kernel
def _normalise(output: Floats, norm: Floats) -> None:
    """Layer normalisation, in place."""
    total, squares, weight, bias = f32(0), f32(0), norm[0], norm[1]
    for j in range(len(output)):
        total += output[j]
    mean = total / f32(len(output))
    for j in range(len(output)):
        output[j] -= mean
        squares += output[j] * output[j]
    scale = ONE / np.sqrt(squares / f32(len(output)) + EPSILON)
    for j in range(len(output)):
        output[j] = output[j] * scale * weight[j] + bias[j]


@exact
def _choose(
    logits: Floats, temperature: float, top_k: int, top_p: float, min_p: float, random: float, chances: Chances
) -> int:
    """What `choose.choose` does, for one text."""
    scores = logits[UNKNOWN + 1 :]
    likeliest = int(np.argmax(scores))
    if temperature == 0:
        return UNKNOWN + 1 + likeliest
    for j in range(len(chances)):
        chances[j] = np.exp((np.float64(scores[j]) - np.float64(scores[likeliest])) / max(temperature, COLDEST))
    if top_k > 0 or top_p < 1 or min_p > 0:
        _filter(chances, top_k, top_p, min_p)
    total = 0.0
    for chance in chances:
        total += chance
    drawn = random * total
    place, reached = 0, chances[0]
    while reached <= drawn:
        place += 1
        reached += chances[place]
    return UNKNOWN + 1 + place


@exact
def _filter(chances: Chances, top_k: int, top_p: float, min_p: float) -> None:
    """Zeros in place of what is left out."""
    if 0 < top_k < len(chances):
        _keep(chances, top_k, np.inf)
    if top_p < 1:
        total = 0.0
        for chance in chances:
            total += chance
        _keep(chances, len(chances), top_p * total)
    if min_p > 0:
        least = min_p * chances[np.argmax(chances)]
        for place in range(len(chances)):
            if chances[place] < least:
                chances[place] = 0


@exact
def _keep(chances: Chances, most: int, enough: float) -> None:
    """Leave so many of the likeliest, or as many as come to `enough` together. Few are left, so none are sorted."""
    left, reached = chances.copy(), 0.0
    for place in range(len(chances)):
        chances[place] = 0
    for rank in range(most):
        if rank > 0 and reached >= enough:
            break
        place = int(np.argmax(left))
        chances[place] = left[place]
        reached += left[place]
        left[place] = -1
