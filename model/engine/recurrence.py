"""A recurrent layer in time: a product and a pass of its cell's arithmetic a step, one product for all weights at last.

Everything lies in float32 or bfloat16, as the recurrent weights do; a cell's memory and what a table of inputs is given
are float32 always.
"""

from collections.abc import Callable, Iterable
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
    With inputs, table is [1, G] and added to all. recurrent [G, H], bias [G] or None, hidden and memory [B, H].
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
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Step through time, keeping what the way back needs."""
        steps, batch = ids.shape if ids is not None else inputs.shape[:2]  # type: ignore[union-attr]
        rows = ids.numpy() if ids is not None else np.zeros((steps, batch), np.int64)
        gates = recurrent.new_empty(steps, batch, len(recurrent)) if inputs is None else inputs.contiguous()
        apart = torch.empty_like(gates) if cell.APART else gates
        hiddens = recurrent.new_empty(steps + 1, *hidden.shape)
        memories = hidden.new_empty(steps + 1, *hidden.shape)
        hiddens[0], memories[0] = hidden, memory
        turned = recurrent.t()
        if cell.APART and inputs is None:
            gates.zero_()
        products, befores = apart.unbind(), hiddens.unbind()
        raw_gates, raw_apart, raw_hiddens, raw_memories = map(raw, (gates, apart, hiddens, memories))
        given = table.detach().contiguous().numpy()
        for t in range(steps):
            if bias is not None:
                torch.addmm(bias, befores[t], turned, out=products[t])
            elif inputs is None:
                torch.mm(befores[t], turned, out=products[t])
            else:
                products[t].addmm_(befores[t], turned)
            places = raw_memories[t], raw_memories[t + 1], raw_hiddens[t + 1]
            cell.forward(raw_gates[t], raw_apart[t], given, rows[t], *places)
        ctx.kept = cell, gates, apart, hiddens, memories, rows, recurrent, bias, table.shape, inputs is None
        return hiddens[1:], hiddens[-1].float(), memories[-1]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, above: Tensor, last_hidden: Tensor, last_memory: Tensor) -> tuple[Tensor | None, ...]:
        """Step back through time; gradients in the order of `forward`'s arguments."""
        cell, gates, apart, hiddens, memories, rows, recurrent, bias, shape, gathered = ctx.kept
        above, along = above.contiguous(), last_memory.clone()
        later, table = last_hidden.to(recurrent.dtype), torch.zeros(shape)
        raw_gates, raw_apart, raw_hiddens, raw_memories = map(raw, (gates, apart, hiddens, memories))
        into, aboves, laters, alongs = map(raw, (table, above, later, along))
        products = apart.unbind()
        for t in range(len(gates) - 1, -1, -1):
            places = raw_memories[t], raw_memories[t + 1], raw_hiddens[t + 1]
            cell.backward(raw_gates[t], raw_apart[t], into, rows[t], *places, aboves[t], laters, alongs)
            torch.mm(products[t], recurrent, out=later)
        flat = apart.flatten(0, 1)
        weights = flat.t() @ hiddens[:-1].flatten(0, 1)
        shifts = None if bias is None else flat.sum(0)
        return None, None if gathered else gates, table, None, weights, shifts, later.float(), along


def raw(tensor: Tensor) -> NDArray[Any]:
    """The same memory for numpy, which has no bfloat16: its bits as uint16."""
    tensor = tensor.detach()
    array = tensor.view(torch.int16).numpy().view(np.uint16) if tensor.dtype == torch.bfloat16 else tensor.numpy()
    return array
