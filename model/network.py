"""The network: recurrent layers that read characters and say what comes next, from input ids to logits.

    ids [T, B] -> embedding [T, B, E] -> layers [T, B, H] each -> head -> logits [T, B, V]

T characters of B streams side by side, V ids, E numbers a character, H units a layer. The state goes in and comes out,
so that a stream is read in windows without forgetting. It knows ids, not text, and nothing of training but where
dropout goes. What computes the layers, torch or `engine`, is asked for by name and gives the same numbers.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from model.options import TrainOptions
from model.weights import Weights
from preprocess.vocab import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

State = tuple[Tensor, ...]
"""What is remembered, [layers, B, H] each: the hidden state, and an LSTM's cell."""

Masks = list[Tensor]
"""What each layer's outputs are multiplied by, [B, H] or [T, B, H] each."""

MEMORIES = {"lstm": 2, "gru": 1, "rnn": 1}
"""Tensors in a cell's state."""


def cells(engine: str) -> "Mapping[str, Callable[[int, int], nn.RNNBase]]":
    """The layers of an engine by their cell; what an engine needs is imported only where it is asked for."""
    if engine == "torch":
        return {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
    if engine == "cudnn":
        from model.accelerator import cudnn

        return {"lstm": cudnn.LSTM, "gru": cudnn.GRU, "rnn": cudnn.RNN}
    from model.engine import layers

    return {"lstm": layers.LSTM, "gru": layers.GRU, "rnn": layers.RNN}


class Network(nn.Module):
    """Predicts the next character at every place. Initialised as in `_initialise`, under torch's own seed."""

    def __init__(self, vocabulary: int, options: TrainOptions, engine: str = "torch") -> None:
        """`vocabulary` counts ids, the unknown one included; `engine` is torch, numba or cudnn."""
        super().__init__()
        cell, hidden = cells(engine)[options.cell], options.hidden
        self.embedding = nn.Embedding(vocabulary, hidden if options.tied else options.embedding)
        sizes = [self.embedding.embedding_dim, *[hidden] * (options.layers - 1)]
        self.layers = nn.ModuleList(cell(size, hidden) for size in sizes)
        self.norms = nn.ModuleList(nn.LayerNorm(hidden) for _ in sizes if options.norm)
        self.head = nn.Linear(hidden, vocabulary)
        if options.tied:
            self.head.weight = self.embedding.weight
        self.options = options
        _initialise(self)

    def forward(
        self, ids: Tensor, state: State, fresh: Tensor | None = None, masks: Masks | None = None
    ) -> tuple[Tensor, State]:
        """Read ids [T, B] on from a state; returns logits [T, B, V] for the character after each, and the new state.

        `fresh` [T, B], where given, is true at characters before which a stream forgets what it read; `masks` are
        those of dropout, which training draws where there are none.
        """
        if self.training and masks is None:
            masks = self.masks(ids.shape)
        outputs, states = ids, []
        kept = None if fresh is None else (~fresh).unsqueeze(2).float()  # [T, B, 1]
        for depth in range(len(self.layers)):
            read, after = self._layer(depth, outputs, tuple(memory[depth : depth + 1] for memory in state), kept)
            states.append(after)
            if self.norms:
                read = self.norms[depth](read)
            if masks:
                read = read * masks[depth]
            outputs = read + outputs if self.options.residual and depth else read
        return self.head(outputs), tuple(torch.cat(memories) for memories in zip(*states, strict=True))

    def _layer(self, depth: int, given: Tensor, state: State, kept: Tensor | None) -> tuple[Tensor, State]:
        """Read ids [T, B], or above the first layer [T, B, H], on from a state, [1, B, H] each; outputs [T, B, H].

        The first layer's inputs are rows of a table, where one-hot ones would multiply it whole.
        """
        layer, before = self.layers[depth], state if len(state) > 1 else state[0]
        gather = getattr(layer, "gather", None)
        if not gather:
            return _in_stretches(layer, given if depth else self.embedding(given), state, kept)
        read, after = layer(given, before, kept) if depth else gather(given, self.embedding.weight, before, kept)
        return read, after if isinstance(after, tuple) else (after,)

    def masks(self, shape: Sequence[int]) -> Masks:
        """Dropout masks of ids [T, B], a layer each, by default [B, H]: each stream loses the same units everywhere.

        So have it Gal & Ghahramani 2016; it draws T times fewer random numbers than a mask for each place would.
        """
        steps, streams = shape
        wanted = (streams,) if self.options.dropout_mask == "window" else (steps, streams)
        ones = self.head.weight.new_ones(*wanted, self.options.hidden)
        return [functional.dropout(ones, self.options.dropout) for _ in self.layers]

    def start(self, streams: int) -> State:
        """The state before anything was read: zeros."""
        shape = (len(self.layers), streams, self.head.in_features)
        return tuple(torch.zeros(shape, device=self.device) for _ in range(MEMORIES[self.options.cell]))

    @property
    def device(self) -> torch.device:
        """Where it computes, and where what it reads must be."""
        return self.head.bias.device

    def weights(self) -> Weights:
        """A copy of the parameters by name, as they are stored; tied ones once, as the embedding's."""
        return {name: value.detach().cpu().numpy().copy() for name, value in self.named_parameters()}

    @torch.no_grad()
    def load(self, weights: "Mapping[str, Tensor]") -> None:
        """Take parameters by name. Raises KeyError, RuntimeError for another network's."""
        for name, value in self.named_parameters():
            value.copy_(weights[name])


def _in_stretches(layer: nn.Module, given: Tensor, state: State, kept: Tensor | None) -> tuple[Tensor, State]:
    """Read with one of torch's layers, which cannot forget on the way: from one forgetting to the next."""
    steps = len(given)
    cuts = [] if kept is None else [int(t) for t in (kept == 0).any(1).squeeze(1).nonzero()]
    read = []
    for first, last in pairwise(sorted({0, *cuts, steps})):
        if kept is not None and first in cuts:
            state = tuple(memory * kept[first] for memory in state)
        outputs, after = layer(given[first:last], state if len(state) > 1 else state[0])
        state = after if isinstance(after, tuple) else (after,)
        read.append(outputs)
    return torch.cat(read) if len(read) > 1 else read[0], state


def from_weights(weights: Weights, options: TrainOptions, engine: str = "torch") -> Network:
    """The network that stored weights are of, ready to predict."""
    network = Network(len(weights["head.bias"]), options, engine)
    network.load({name: torch.from_numpy(value) for name, value in weights.items()})
    return network.eval()


@torch.no_grad()
def _initialise(network: Network) -> None:
    """Weights to start from, as the options say; gates lie in torch's order, an LSTM's forget gate second.

    By default recurrent blocks are orthogonal (Saxe et al. 2014), so gradients keep their length over many steps, and
    the forget gate starts open, its bias 1 (Jozefowicz et al. 2015): torch adds two biases, so one is 1, the other 0.
    """
    options = network.options
    if options.initial == "uniform":
        for value in network.parameters():
            nn.init.uniform_(value, -options.initial_range, options.initial_range)
        for norm in network.norms:
            scale, shift = norm.parameters()
            nn.init.ones_(scale)
            nn.init.zeros_(shift)
    else:
        # tied to the head its rows must be as short as the head's; else their length is what the first layer reads
        nn.init.normal_(network.embedding.weight, std=options.hidden**-0.5 if options.tied else 1.0)
        network.embedding.weight[UNKNOWN].zero_()  # a character never seen in training says nothing
    for layer in network.layers:
        inputs, recurrent, *biases = layer.parameters()  # [G, E or H], [G, H], [G], [G]; G gates of H each
        hidden = recurrent.shape[1]
        if options.initial == "orthogonal":
            nn.init.normal_(inputs, std=inputs.shape[1] ** -0.5)
            for block in torch.split(recurrent, hidden):
                nn.init.orthogonal_(block)
            for bias in biases:
                nn.init.zeros_(bias)
        if options.cell == "lstm":
            for bias, constant in zip(biases, (options.forget_bias, 0.0), strict=True):
                nn.init.constant_(bias[hidden : 2 * hidden], constant)
