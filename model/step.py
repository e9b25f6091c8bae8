"""The network one character at a time, in numpy: for sampling, where torch spends its time on all but arithmetic.

    step = Step(weights)
    logits = step.read(id)          # [V], of the character after; the state is kept inside

The first layer's input is a table row (embedding and input weights multiplied out once); the layers above multiply
input and state in one product. All gates come from one tanh, sigmoid(x) = (tanh(x/2) + 1) / 2, with the halving folded
into the weights. It computes what `lstm.CharLSTM` does, up to rounding.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from model.weights import Weights

Floats = NDArray[np.float32]


class Step:
    """One stream being read. Its state is zero at first."""

    def __init__(self, weights: Weights) -> None:
        """Multiply out what does not change from character to character."""
        layers = sum(name.endswith("weight_hh_l0") for name in weights)
        self._layers = [_Layer(weights, depth) for depth in range(layers)]
        first = weights["layers.0.weight_ih_l0"] @ weights["embedding.weight"].T  # [4H, V]
        self._table = np.ascontiguousarray(_arranged(first).T) + self._layers[0].bias  # [V, 4H]
        self._head = np.ascontiguousarray(weights["head.weight"].T)  # [H, V]
        self._bias = weights["head.bias"]  # [V]

    def read(self, character: int) -> Floats:
        """Read one id; returns the logits [V] of the next."""
        self._layers[0].advance(self._table[character])
        for below, layer in pairwise(self._layers):
            layer.outside[:] = below.hidden
            layer.advance(layer.bias)
        return self.logits()

    def logits(self) -> Floats:
        """What comes next by the state as it is; a zero state says what the head's bias does."""
        logits: Floats = self._layers[-1].hidden @ self._head
        logits += self._bias
        return logits


class _Layer:
    """One LSTM layer and its state; `hidden` and, above the first layer, `outside` are views of what it multiplies."""

    def __init__(self, weights: Weights, depth: int) -> None:
        name = f"layers.{depth}."
        recurrent = weights[f"{name}weight_hh_l0"]  # [4H, H]
        size = recurrent.shape[1]
        matrix = np.hstack((weights[f"{name}weight_ih_l0"], recurrent)) if depth else recurrent
        self.matrix = np.ascontiguousarray(_arranged(matrix).T)  # [H or 2H, 4H]
        self.bias = _arranged(weights[f"{name}bias_ih_l0"] + weights[f"{name}bias_hh_l0"])  # [4H]
        self.inputs = np.zeros(len(self.matrix), np.float32)
        self.outside, self.hidden = self.inputs[:-size], self.inputs[-size:]
        self.cell = np.zeros(size, np.float32)

    def advance(self, offset: Floats) -> None:
        """One step of the layer: from `inputs` and `offset` [4H] to `hidden` and `cell`."""
        gates = self.inputs @ self.matrix
        gates += offset
        np.tanh(gates, out=gates)
        sigmoids = gates[: 3 * len(self.cell)]
        sigmoids += 1
        sigmoids *= 0.5
        take, keep, show, new = gates.reshape(4, -1)
        self.cell *= keep
        take *= new
        self.cell += take
        np.multiply(show, np.tanh(self.cell), out=self.hidden)


def _arranged(rows: Floats) -> Floats:
    """Rows [4H, …] from torch's order (input, forget, cell, output) to input, forget, output, cell; sigmoids halved."""
    take, keep, new, show = np.split(rows, 4)
    return np.concatenate((take * 0.5, keep * 0.5, show * 0.5, new)).astype(np.float32)
