"""The network: recurrent layers that read characters and say what comes next, from input ids to logits.

    ids [T, B] -> embedding [T, B, E] -> layers [T, B, H] each -> head -> logits [T, B, V]

T characters of B streams side by side, V ids, E numbers a character, H units a layer. The state goes in and comes out,
so that a stream is read in windows without forgetting. It knows ids, not text, and nothing of training but where
dropout goes. What computes the layers, torch or `engine`, is asked for by name and gives the same numbers.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from model.options import TrainOptions
from model.weights import Weights
from preprocess.vocab import UNKNOWN

State = tuple[Tensor, ...]
"""What is remembered, [layers, B, H] each: the hidden state, and an LSTM's cell."""

CELLS: dict[str, Callable[[int, int], nn.RNNBase]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
MEMORIES = {"lstm": 2, "gru": 1, "rnn": 1}  # tensors in a state
GATES = {"lstm": 4, "gru": 3, "rnn": 1}


class Network(nn.Module):
    """Predicts the next character at every place. Initialised as in `_initialise`, under torch's own seed."""

    def __init__(self, vocabulary: int, options: TrainOptions) -> None:
        """`vocabulary` counts ids, the unknown one included."""
        super().__init__()
        cell, hidden = CELLS[options.cell], options.hidden
        self.embedding = nn.Embedding(vocabulary, hidden if options.tied else options.embedding)
        sizes = [self.embedding.embedding_dim, *[hidden] * (options.layers - 1)]
        self.layers = nn.ModuleList(cell(size, hidden) for size in sizes)
        self.norms = nn.ModuleList(nn.LayerNorm(hidden) for _ in sizes if options.norm)
        self.head = nn.Linear(hidden, vocabulary)
        if options.tied:
            self.head.weight = self.embedding.weight
        self.options = options
        _initialise(self, options)

    def forward(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Read ids [T, B] on from a state; returns logits [T, B, V] for the character after each, and the new state."""
        outputs = self.embedding(ids)  # [T, B, E]: rows of a table, where one-hot input would multiply it whole
        states = []
        for depth, layer in enumerate(self.layers):
            before = tuple(memory[depth : depth + 1] for memory in state)  # [1, B, H] each
            read, after = layer(outputs, before if len(before) > 1 else before[0])  # [T, B, H]
            states.append(after if isinstance(after, tuple) else (after,))
            if self.norms:
                read = self.norms[depth](read)
            if self.training:
                read = read * self._mask(read)
            outputs = read + outputs if self.options.residual and depth else read
        return self.head(outputs), tuple(torch.cat(memories) for memories in zip(*states, strict=True))

    def _mask(self, outputs: Tensor) -> Tensor:
        """A dropout mask, by default [B, H]: each stream loses the same units at all places of a window.

        So have it Gal & Ghahramani 2016; it draws T times fewer random numbers than a mask for each place would.
        """
        shape = outputs.shape[1:] if self.options.dropout_mask == "window" else outputs.shape
        return functional.dropout(outputs.new_ones(shape), self.options.dropout)

    def start(self, streams: int) -> State:
        """The state before anything was read: zeros."""
        shape = (len(self.layers), streams, self.head.in_features)
        return tuple(torch.zeros(shape) for _ in range(MEMORIES[self.options.cell]))

    def weights(self) -> Weights:
        """A copy of the parameters by name, as they are stored; tied ones once, as the embedding's."""
        return {name: value.detach().numpy().copy() for name, value in self.named_parameters()}
