"""The layers, each in the place of torch's: the same constructor, parameters, arguments and results.

    LSTM(inputs, hidden)(sequence, (h, c)) -> outputs, (h, c)       as nn.LSTM(inputs, hidden) does
    LSTM(inputs, hidden).gather(ids, table, (h, c))                 of the rows of a table: cheaper than looking them up

`kept` [T, B, 1], where given, is 0 where a stream forgets before a step, else 1.

One layer, one direction, on a processor. Under ``torch.autocast("cpu", torch.bfloat16)`` products and what they are
made of are bfloat16; weights, a cell's memory and gradients of weights stay float32.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from model.engine import gru, lstm, rnn
from model.engine.recurrence import Cell, Recurrence

Pair = tuple[Tensor, Tensor]
recur: Callable[..., tuple[Tensor, Tensor, Tensor]] = Recurrence.apply


class LSTM(nn.LSTM):
    """As nn.LSTM(inputs, hidden)."""

    def forward(self, sequence: Tensor, state: Pair, kept: Tensor | None = None) -> tuple[Tensor, Pair]:  # type: ignore[override]
        """Read a sequence [T, B, I] on from a state, two of [1, B, H]; returns [T, B, H] and the state after it."""
        return self._state(_read(self, lstm, sequence, None, *state, kept))

    def gather(self, ids: Tensor, table: Tensor, state: Pair, kept: Tensor | None = None) -> tuple[Tensor, Pair]:
        """Read the rows of a table [V, I] that ids [T, B] name."""
        return self._state(_read(self, lstm, table, ids, *state, kept))

    @staticmethod
    def _state(read: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Pair]:
        outputs, hidden, cell = read
        return outputs, (hidden, cell)


class GRU(nn.GRU):
    """As nn.GRU(inputs, hidden)."""

    def forward(self, sequence: Tensor, state: Tensor, kept: Tensor | None = None) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """Read a sequence [T, B, I] on from a state [1, B, H]; returns [T, B, H] and the state after it."""
        outputs, _, memory = _read(self, gru, sequence, None, state, state, kept)
        return outputs, memory

    def gather(self, ids: Tensor, table: Tensor, state: Tensor, kept: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Read the rows of a table [V, I] that ids [T, B] name."""
        outputs, _, memory = _read(self, gru, table, ids, state, state, kept)
        return outputs, memory


class RNN(nn.RNN):
    """As nn.RNN(inputs, hidden), its tanh."""

    def forward(self, sequence: Tensor, state: Tensor, kept: Tensor | None = None) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """Read a sequence [T, B, I] on from a state [1, B, H]; returns [T, B, H] and the state after it."""
        return _read(self, rnn, sequence, None, state, state, kept)[:2]

    def gather(self, ids: Tensor, table: Tensor, state: Tensor, kept: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Read the rows of a table [V, I] that ids [T, B] name."""
        return _read(self, rnn, table, ids, state, state, kept)[:2]


def _read(
    layer: nn.RNNBase, cell: Cell, rows: Tensor, ids: Tensor | None, hidden: Tensor, memory: Tensor, kept: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """A sequence, or the rows of a table that ids name -> outputs [T, B, H], hidden state and memory [1, B, H]."""
    weight, own, shift, own_shift = layer.parameters()  # [G, I], [G, H], [G], [G]
    halved = torch.is_autocast_enabled("cpu")
    recurrent = own.to(torch.get_autocast_dtype("cpu")) if halved else own
    apart = own_shift.to(recurrent.dtype) if cell.APART else None
    shifts = shift if cell.APART else shift + own_shift
    given = functional.linear(rows, weight)
    inputs, table = (given, shifts.unsqueeze(0)) if ids is None else (None, given.float() + shifts)
    read = recur(cell, inputs, table, ids, recurrent, apart, hidden[0], memory[0], kept)
    return read[0], read[1].unsqueeze(0), read[2].unsqueeze(0)
