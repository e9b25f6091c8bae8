"""The layers for a GPU, in the place of torch's: the same parameters, products in bfloat16 under autocast.

cuDNN computes all steps of a layer in a few kernels. Torch's autocast gives it float16, whose gradients vanish unless
losses are scaled; so weights, inputs and state are made bfloat16 here, and autocast is switched off around it. Weights
lie in one piece in cuDNN's order, which spares it a copy. Dropout stands outside (see `network`).
"""

from typing import Any

import torch
from torch import Tensor, nn

Pair = tuple[Tensor, Tensor]
SHAPE: dict[str, Any] = {
    "has_biases": True,
    "num_layers": 1,
    "dropout": 0.0,
    "bidirectional": False,
    "batch_first": False,
}


class LSTM(nn.LSTM):
    """As nn.LSTM(inputs, hidden)."""

    def forward(self, sequence: Tensor, state: Pair) -> tuple[Tensor, Pair]:  # type: ignore[override]
        """Read a sequence [T, B, I] on from a state, two of [1, B, H]; returns [T, B, H] and the state after it."""
        dtype = _dtype(sequence)
        if dtype is None:
            read: tuple[Tensor, Pair] = super().forward(sequence, state)
            return read
        with torch.autocast(sequence.device.type, enabled=False):
            halved = [memory.to(dtype) for memory in state]
            outputs, hidden, cell = torch.lstm(
                sequence.to(dtype), halved, _weights(self, dtype), **SHAPE, train=self.training
            )
        return outputs, (hidden, cell)


class GRU(nn.GRU):
    """As nn.GRU(inputs, hidden)."""

    def forward(self, sequence: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """Read a sequence [T, B, I] on from a state [1, B, H]; returns [T, B, H] and the state after it."""
        dtype = _dtype(sequence)
        if dtype is None:
            read: tuple[Tensor, Tensor] = super().forward(sequence, state)
            return read
        with torch.autocast(sequence.device.type, enabled=False):
            given = sequence.to(dtype), state.to(dtype), _weights(self, dtype)
            return torch.gru(*given, **SHAPE, train=self.training)


class RNN(nn.RNN):
    """As nn.RNN(inputs, hidden), its tanh."""

    def forward(self, sequence: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """Read a sequence [T, B, I] on from a state [1, B, H]; returns [T, B, H] and the state after it."""
        dtype = _dtype(sequence)
        if dtype is None:
            read: tuple[Tensor, Tensor] = super().forward(sequence, state)
            return read
        with torch.autocast(sequence.device.type, enabled=False):
            given = sequence.to(dtype), state.to(dtype), _weights(self, dtype)
            return torch.rnn_tanh(*given, **SHAPE, train=self.training)


def _dtype(sequence: Tensor) -> torch.dtype | None:
    """What autocast asks for where it is on."""
    kind = sequence.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else None


def _weights(layer: nn.RNNBase, dtype: torch.dtype) -> list[Tensor]:
    """The parameters in another type, one behind the other in memory."""
    own = list(layer.parameters())
    whole = torch.cat([weights.flatten() for weights in own]).to(dtype)
    parts = torch.split(whole, [weights.numel() for weights in own])
    return [part.view_as(weights) for part, weights in zip(parts, own, strict=True)]
