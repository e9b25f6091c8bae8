"""Networks of every kind, with weights as they are stored, and what torch's own layers make of them."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from model.options import TrainOptions

CELLS = {"lstm": (nn.LSTM, 4), "gru": (nn.GRU, 3), "rnn": (nn.RNN, 1)}
KINDS = [
    {"cell": "lstm", "layers": 1, "hidden": 4, "embedding": 3},
    {"cell": "lstm", "layers": 3, "hidden": 16, "embedding": 40},
    {"cell": "lstm", "layers": 2, "hidden": 13, "embedding": 5, "norm": True},
    {"cell": "gru", "layers": 2, "hidden": 8, "embedding": 5},
    {"cell": "gru", "layers": 3, "hidden": 11, "residual": True, "norm": True},
    {"cell": "rnn", "layers": 1, "hidden": 5, "embedding": 5},
    {"cell": "rnn", "layers": 3, "hidden": 24, "residual": True, "tied": True},
    {"cell": "lstm", "layers": 2, "hidden": 8, "tied": True, "norm": True, "residual": True},
]


def options(**kind) -> TrainOptions:
    return TrainOptions(**kind)


def weights(chosen: TrainOptions, vocabulary: int, seed: int = 1) -> dict[str, np.ndarray]:
    """Random ones, biases too: those that are 0 would hide a mistake."""
    draw, gates, size = np.random.default_rng(seed), CELLS[chosen.cell][1], chosen.hidden
    embedding = size if chosen.tied else chosen.embedding
    shapes = {"embedding.weight": (vocabulary, embedding), "head.bias": (vocabulary,)}
    for depth in range(chosen.layers):
        name = f"layers.{depth}."
        shapes |= {f"{name}weight_ih_l0": (gates * size, size if depth else embedding)}
        shapes |= {f"{name}weight_hh_l0": (gates * size, size)}
        shapes |= {f"{name}bias_ih_l0": (gates * size,), f"{name}bias_hh_l0": (gates * size,)}
        if chosen.norm:
            shapes |= {f"norms.{depth}.weight": (size,), f"norms.{depth}.bias": (size,)}
    if not chosen.tied:
        shapes["head.weight"] = (vocabulary, size)
    sizes = {name: 1 if name.startswith("embedding") else shape[-1] ** -0.5 for name, shape in shapes.items()}
    return {name: (draw.standard_normal(shape) * sizes[name]).astype(np.float32) for name, shape in shapes.items()}


@torch.no_grad()
def torch_logits(stored: dict[str, np.ndarray], chosen: TrainOptions, ids: np.ndarray) -> np.ndarray:
    """Logits [n, V] of the character after each, by torch's own layers."""
    tensors = {name: torch.from_numpy(array) for name, array in stored.items()}
    below = tensors["embedding.weight"][torch.from_numpy(ids.astype(np.int64))]
    for depth in range(chosen.layers):
        layer = CELLS[chosen.cell][0](below.shape[1], chosen.hidden)
        names = {name: f"layers.{depth}.{name}" for name in layer.state_dict()}
        layer.load_state_dict({name: tensors[stored_as] for name, stored_as in names.items()})
        said = layer(below)[0]
        if chosen.norm:
            norm = (tensors[f"norms.{depth}.weight"], tensors[f"norms.{depth}.bias"])
            said = functional.layer_norm(said, (chosen.hidden,), *norm)
        below = said + below if chosen.residual and depth else said
    head = tensors["embedding.weight" if chosen.tied else "head.weight"]
    return (below @ head.T + tensors["head.bias"]).numpy()
