"""The network one character at a time, in numpy: for sampling, where torch spends its time on all but arithmetic.

    step = Step(Prepared.of(weights, options))
    step.read(id)                   # the state is kept inside
    logits = step.logits()          # [V], of the character after

    step = Step(prepared, streams=8)
    step.read(ids)                  # [8]: eight texts side by side, with logits [8, V]

The first layer's input is a table row (embedding, input weights and bias multiplied out once). A layer adds what it is
given and what it remembers, [G*H] each for G gates of H units. All gates come from one tanh, sigmoid(x) =
(tanh(x/2) + 1) / 2, with the halving folded into the weights; so the sigmoids lie first. It computes what
`network.Network` does, up to rounding.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.options import Cell, TrainOptions
from model.weights import Weights

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]

STORED: dict[Cell, str] = {"lstm": "ifgo", "gru": "rzn", "rnn": "h"}
"""A letter for each gate in the order of stored weights, torch's: input, forget, cell, output; reset, update, new."""
ARRANGED: dict[Cell, str] = {"lstm": "ifog", "gru": "rzn", "rnn": "h"}
"""The same in the order of a step."""
SIGMOIDS: dict[Cell, int] = {"lstm": 3, "gru": 2, "rnn": 0}
"""How many of them are sigmoids; the last is a tanh."""
EPSILON = np.float32(1e-5)  # is added to the variance, as in torch.nn.LayerNorm


@dataclass(frozen=True, slots=True)
class Prepared:
    """Weights as a step multiplies them, of L layers; L - 1 of them stand above another."""

    cell: Cell
    residual: bool
    table: Floats  # [V, G*H]: what the first layer is given by each id
    inputs: Floats  # [L-1, H, G*H]
    biases: Floats  # [L-1, G*H]
    recurrents: Floats  # [L, H, G*H]
    inner: Floats  # [L, G*H]: biases of what is remembered; not 0 for a GRU's last gate only, which it scales
    norms: Floats  # [L, 2, H]: weight and bias of each layer's normalisation; [0, 2, H] where there is none
    head: Floats  # [H, V]
    bias: Floats  # [V]

    @classmethod
    def of(cls, weights: Weights, options: TrainOptions) -> "Prepared":
        """Multiply out what does not change from character to character."""
        cell, depths = options.cell, range(options.layers)
        inputs = [_arranged(weights[f"layers.{depth}.weight_ih_l0"], cell).T for depth in depths]  # [E or H, G*H]
        outer, inner = zip(*(_biases(weights, depth, cell) for depth in depths), strict=True)
        norms = [[weights[f"norms.{n}.weight"], weights[f"norms.{n}.bias"]] for n in depths if options.norm]
        shape = (-1, options.hidden, inputs[0].shape[1])
        return cls(
            cell=cell,
            residual=options.residual,
            table=np.ascontiguousarray(weights["embedding.weight"] @ inputs[0] + outer[0], np.float32),
            inputs=np.array(inputs[1:], np.float32).reshape(shape),
            biases=np.array(outer[1:], np.float32).reshape(-1, shape[2]),
            recurrents=np.array([_arranged(weights[f"layers.{depth}.weight_hh_l0"], cell).T for depth in depths]),
            inner=np.array(inner),
            norms=np.array(norms, np.float32).reshape(-1, 2, options.hidden),
            head=np.ascontiguousarray(weights["embedding.weight" if options.tied else "head.weight"].T, np.float32),
            bias=weights["head.bias"].astype(np.float32),
        )


class Step:
    """One text being read, or several side by side. The state is zero at first."""

    def __init__(self, prepared: Prepared, streams: int | None = None) -> None:
        """`streams` texts side by side, their arrays with that dimension in front; None = one text, without it."""
        shape = (*(() if streams is None else (streams,)), prepared.recurrents.shape[1])
        self._prepared = prepared
        self.layers = [Layer(prepared, depth, shape) for depth in range(len(prepared.recurrents))]

    def read(self, ids: int | Numbers) -> None:
        """Read one id, or one of each text."""
        prepared = self._prepared
        first, *above = self.layers
        first.advance(prepared.table[ids])
        below = first.output
        for layer, matrix, bias in zip(above, prepared.inputs, prepared.biases, strict=True):
            given = below @ matrix
            given += bias
            layer.advance(given)
            if prepared.residual:
                layer.output = layer.output + below
            below = layer.output

    def logits(self) -> Floats:
        """What comes next, [V] or [streams, V]; before anything was read, what the head's bias says."""
        logits: Floats = self.layers[-1].output @ self._prepared.head
        logits += self._prepared.bias
        return logits

    def times(self, streams: int) -> "Step":
        """So many texts that begin with the one read so far."""
        step = Step(self._prepared, streams=streams)
        for mine, its in zip(self.layers, step.layers, strict=True):
            its.hidden[:], its.cell[:], its.output[:] = mine.hidden, mine.cell, mine.output
        return step

    def keep(self, streams: Numbers) -> None:
        """Go on with these of the texts, in this order; each may be named more than once."""
        for layer in self.layers:
            layer.go_on(layer.hidden[streams], layer.cell[streams], layer.output[streams])


class Layer:
    """One layer: its state, the gates that it was last made by, and what it says to the layer above."""

    def __init__(self, prepared: Prepared, depth: int, shape: tuple[int, ...]) -> None:
        """`shape` is that of a state, [H] or [streams, H]."""
        self._recurrent, self._inner = prepared.recurrents[depth], prepared.inner[depth]
        self._norm = prepared.norms[depth] if len(prepared.norms) else None
        self._advance = {"lstm": self._lstm, "gru": self._gru, "rnn": self._rnn}[prepared.cell]
        self._sigmoid = SIGMOIDS[prepared.cell]
        self.go_on(*(np.zeros(shape, np.float32) for _ in range(3)))

    def go_on(self, hidden: Floats, cell: Floats, output: Floats) -> None:
        """Take this state for its own, and make room to compute the next in."""
        self.hidden, self.cell, self.output = hidden, cell, output
        size, shape = hidden.shape[-1], (*hidden.shape[:-1], self._recurrent.shape[1])
        self.gates, self._remembered = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        self._room = np.zeros(hidden.shape, np.float32)
        self.parts = [self.gates[..., start : start + size] for start in range(0, shape[-1], size)]  # as ARRANGED
        self._sigmoids = self.gates[..., : self._sigmoid * size]

    def advance(self, given: Floats) -> None:
        """One step, by what it is given, [G*H] or [streams, G*H]; the state changes in its place."""
        np.matmul(self.hidden, self._recurrent, out=self._remembered)
        self._advance(given, self._remembered)
        self.output = self.hidden if self._norm is None else _normalised(self.hidden, *self._norm)

    def _lstm(self, given: Floats, remembered: Floats) -> None:
        np.add(given, remembered, out=self.gates)
        np.tanh(self.gates, out=self.gates)
        _shift(self._sigmoids)
        take, keep, show, new = self.parts
        self.cell *= keep
        self.cell += np.multiply(take, new, out=self._room)
        np.multiply(show, np.tanh(self.cell, out=self._room), out=self.hidden)

    def _gru(self, given: Floats, remembered: Floats) -> None:
        remembered += self._inner
        reset, update, new = self.parts
        size, both = new.shape[-1], self._sigmoids
        np.add(given[..., : 2 * size], remembered[..., : 2 * size], out=both)
        _shift(np.tanh(both, out=both))
        np.multiply(reset, remembered[..., 2 * size :], out=new)
        new += given[..., 2 * size :]
        np.tanh(new, out=new)
        self.hidden -= new
        self.hidden *= update
        self.hidden += new

    def _rnn(self, given: Floats, remembered: Floats) -> None:
        np.add(given, remembered, out=self.gates)
        np.tanh(self.gates, out=self.gates)
        self.hidden[:] = self.gates


def _shift(tanhs: Floats) -> None:
    """From tanh(x/2) to sigmoid(x), in place."""
    tanhs += 1
    tanhs *= np.float32(0.5)


def _normalised(hidden: Floats, weight: Floats, bias: Floats) -> Floats:
    """Layer normalisation (Ba et al. 2016, section 3), by the units' own mean and variance."""
    away: Floats = hidden - hidden.mean(-1, keepdims=True)
    away /= np.sqrt((away * away).mean(-1, keepdims=True) + EPSILON)
    away *= weight
    away += bias
    return away


def _arranged(rows: Floats, cell: Cell) -> Floats:
    """Rows [G*H, …] from the stored order to a step's, those of sigmoids halved."""
    blocks = dict(zip(STORED[cell], np.split(rows.astype(np.float32), len(STORED[cell])), strict=True))
    halves = [np.float32(0.5)] * SIGMOIDS[cell] + [np.float32(1)]
    return np.concatenate([blocks[gate] * half for gate, half in zip(ARRANGED[cell], halves, strict=True)])


def _biases(weights: Weights, depth: int, cell: Cell) -> tuple[Floats, Floats]:
    """Biases [G*H] of what a layer is given and of what it remembers; all that may be is in the first."""
    outer, inner = (_arranged(weights[f"layers.{depth}.bias_{side}_l0"], cell) for side in ("ih", "hh"))
    alone = np.zeros_like(inner)
    if cell == "gru":
        size = len(inner) // 3
        alone[2 * size :], inner[2 * size :] = inner[2 * size :], 0
    return outer + inner, alone
