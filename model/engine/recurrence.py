"""A recurrent layer in time: a product and a pass of its cell's arithmetic a step, one product for all weights at last.

Everything lies in float32 or bfloat16, as the recurrent weights do; a cell's memory and what a table of inputs is given
are float32 always.
"""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable


class Cell(Protocol):
    """What `lstm`, `gru` and `rnn` have: whether the hidden state's product is kept apart, and a step each way."""

    APART: bool
    forward: Callable[..., None]
    backward: Callable[..., None]


class Recurrence(torch.autograd.Function):
    """(inputs or table rows, recurrent weights, state) -> every hidden state, and the last state.

    inputs [T, B, G] holds what each step's gates are given, or is None: then it is row `ids` [T, B] of table [V, G].
    With inputs, table is [1, G] and added to all. recurrent [G, H], bias [G] or None, hidden and memory [B, H]. `kept`
    [T, B, 1] is 0 where a stream forgets before a step, else 1; None where none does.
    Returns [T, B, H], [B, H] and [B, H]. Inputs are overwritten.
    """

    @staticmethod
    def forward(
        ctx: Any,
        cell: Cell,
        inputs: Tensor | None,
        table: Tensor,
        ids: Tensor | None,
        recurrent: Tensor,
        bias: Tensor | None,
        hidden: Tensor,
        memory: Tensor,
        kept: Tensor | None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Step through time, keeping what the way back needs."""
        shape = ids.shape if inputs is None and ids is not None else inputs.shape[:2]  # type: ignore[union-attr]
        rows = np.zeros(shape, np.int64) if ids is None else ids.numpy()
        gates = recurrent.new_zeros(*shape, len(recurrent)) if inputs is None else inputs.contiguous()
        trace = Trace(cell, gates, rows, hidden, memory, recurrent.dtype, kept)
        turned, given = recurrent.t(), table.detach().contiguous().numpy()
        for t in range(len(gates)):
            entering = trace.enter(t)
            if bias is not None:
                torch.addmm(bias, entering, turned, out=trace.products[t])
            else:
                trace.products[t].addmm_(entering, turned)
            cell.forward(*trace.step(t, given))
        ctx.trace, ctx.weights, ctx.apart = trace, recurrent, bias is not None
        ctx.gathered, ctx.table = inputs is None, table.shape
        return trace.hiddens[1:], trace.hiddens[-1].float(), trace.memories[-1]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, above: Tensor, last_hidden: Tensor, last_memory: Tensor) -> tuple[Tensor | None, ...]:
        """Step back through time; gradients in the order of `forward`'s arguments."""
        trace, recurrent = ctx.trace, ctx.weights
        table, along = torch.zeros(ctx.table), last_memory.clone()
        later = last_hidden.to(recurrent.dtype)
        into, aboves, laters, alongs = map(raw, (table, above.contiguous(), later, along))
        for t in range(len(trace.products) - 1, -1, -1):
            trace.cell.backward(*trace.step(t, into), aboves[t], laters, alongs)
            torch.mm(trace.products[t], recurrent, out=later)
            if trace.kept is not None:
                later.mul_(trace.kept[t])
                along.mul_(trace.kept[t])
        flat = trace.apart.flatten(0, 1)
        weights = flat.t() @ trace.entered.flatten(0, 1)
        shifts = flat.sum(0) if ctx.apart else None
        given = None if ctx.gathered else trace.gates
        return None, given, table, None, weights, shifts, later.float(), along, None


class Trace:
    """All that a layer computed in time, as tensors for the products and as arrays for the cell."""

    def __init__(
        self,
        cell: Cell,
        gates: Tensor,
        rows: NDArray[np.int64],
        hidden: Tensor,
        memory: Tensor,
        dtype: torch.dtype,
        kept: Tensor | None,
    ) -> None:
        """Room for T steps from a state on, [B, H] each."""
        steps = len(gates)
        self.cell, self.gates, self.kept = cell, gates, kept
        self.apart = torch.empty_like(gates) if cell.APART else gates
        self.hiddens = torch.empty((steps + 1, *hidden.shape), dtype=dtype)
        self.memories = torch.empty((steps + 1, *hidden.shape))
        self.hiddens[0], self.memories[0] = hidden, memory
        # What each step begins with: what the one before it ended with, or, where streams forget, less of it.
        self.entered = self.hiddens[:-1] if kept is None else torch.empty_like(self.hiddens[:-1])
        self.remembered = self.memories[:-1] if kept is None else torch.empty_like(self.memories[:-1])
        self.products = self.apart.unbind()
        self._befores = self.entered.unbind()
        self._rows = rows
        self._arrays = tuple(map(raw, (gates, self.apart, self.remembered, self.memories[1:], self.hiddens[1:])))

    def enter(self, t: int) -> Tensor:
        """The hidden state [B, H] that step t begins with."""
        if self.kept is not None:
            torch.mul(self.hiddens[t], self.kept[t], out=self.entered[t])
            torch.mul(self.memories[t], self.kept[t], out=self.remembered[t])
        return self._befores[t]

    def step(self, t: int, table: NDArray[np.float32]) -> tuple[NDArray[Any], ...]:
        """What the cell's functions are given of step t."""
        gates, apart, before, memory, hidden = self._arrays
        return gates[t], apart[t], table, self._rows[t], before[t], memory[t], hidden[t]


def raw(tensor: Tensor) -> NDArray[Any]:
    """The same memory for numpy, which has no bfloat16: its bits as uint16."""
    tensor = tensor.detach()
    if tensor.dtype == torch.bfloat16:
        return tensor.view(torch.int16).numpy().view(np.uint16)
    return tensor.numpy()
