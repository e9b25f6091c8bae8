"""The network: a stack of LSTM layers that reads characters and says what comes next.

    ids [T, B] -> embedding [T, B, E] -> LSTM layers [T, B, H] each -> head -> logits [T, B, V]

T characters of B streams side by side, V ids, E numbers a character, H units a layer. The state, cell and hidden, goes
in and comes out, so that a stream is read in windows without forgetting. It knows ids, not text, and nothing of
training but where dropout goes.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from model.weights import Weights
from preprocess.vocab import UNKNOWN

State = tuple[Tensor, Tensor]
"""Hidden and cell state, each [layers, B, H]."""


class CharLSTM(nn.Module):
    """Predicts the next character at every place. Initialised as in `_initialise`, under torch's own seed."""

    def __init__(self, vocabulary: int, *, hidden: int, layers: int, embedding: int, dropout: float = 0.0) -> None:
        """`vocabulary` counts ids, the unknown one included; `dropout` acts on each layer's output."""
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.layers = nn.ModuleList(nn.LSTM(hidden if depth else embedding, hidden) for depth in range(layers))
        self.head = nn.Linear(hidden, vocabulary)
        self.dropout = dropout
        _initialise(self)

    def forward(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Read ids [T, B] on from a state; returns logits [T, B, V] for the character after each, and the new state."""
        outputs = self.embedding(ids)  # [T, B, E]: rows of a table, where one-hot input would multiply it whole
        hidden, cell = [], []
        for layer, h, c in zip(self.layers, *state, strict=True):  # h, c: [B, H]
            outputs, (h_next, c_next) = layer(outputs, (h.unsqueeze(0), c.unsqueeze(0)))  # [T, B, H]
            if self.training:
                outputs = outputs * self._mask(outputs)
            hidden.append(h_next)
            cell.append(c_next)
        return self.head(outputs), (torch.cat(hidden), torch.cat(cell))

    def _mask(self, outputs: Tensor) -> Tensor:
        """A dropout mask [B, H]: each stream loses the same units at all places of a window.

        So have it Gal & Ghahramani 2016; it draws T times fewer random numbers than a mask for each place would.
        """
        return functional.dropout(outputs.new_ones(outputs.shape[1:]), self.dropout)

    def start(self, streams: int) -> State:
        """The state before anything was read: zeros."""
        shape = (len(self.layers), streams, self.head.in_features)
        return torch.zeros(shape), torch.zeros(shape)

    def weights(self) -> Weights:
        """A copy of the parameters by name, as they are stored."""
        return {name: value.numpy().copy() for name, value in self.state_dict().items()}


def from_weights(weights: Weights) -> CharLSTM:
    """The network that stored weights are of, ready to predict; their shapes say its size."""
    vocabulary, embedding = weights["embedding.weight"].shape
    layers = sum(name.endswith("weight_hh_l0") for name in weights)
    network = CharLSTM(vocabulary, hidden=weights["head.weight"].shape[1], layers=layers, embedding=embedding)
    network.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    return network.eval()


@torch.no_grad()
def _initialise(network: CharLSTM) -> None:
    """Weights to start from; gates lie in torch's order: input, forget, cell, output.

    Recurrent blocks are orthogonal (Saxe et al. 2014): gradients keep their length over many steps. The forget gate
    starts open, its bias 1 (Jozefowicz et al. 2015): torch adds two biases, so one is 1 and the other 0.
    """
    nn.init.normal_(network.embedding.weight)
    network.embedding.weight[UNKNOWN].zero_()  # a character never seen in training says nothing
    for layer in network.layers:
        inputs, recurrent, bias, bias_too = layer.parameters()  # [4H, E or H], [4H, H], [4H], [4H]
        hidden = recurrent.shape[1]
        nn.init.normal_(inputs, std=inputs.shape[1] ** -0.5)
        for block in torch.split(recurrent, hidden):
            nn.init.orthogonal_(block)
        nn.init.zeros_(bias)
        nn.init.zeros_(bias_too)
        nn.init.ones_(bias[hidden : 2 * hidden])
