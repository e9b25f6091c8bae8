"""What every id of a text costs: -ln p of it given those before, in stretches that are read side by side.

The state is zeroed before a stretch, and where it says so. It knows ids and networks, neither texts nor runs.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from model.network import Network
from preprocess.vocab import Ids

STREAMS = 64  # stretches between two resets that are read side by side
ROWS = 4096  # characters in one window of all streams: bounds the logits held at a time

Nats = NDArray[np.float32]
Tick = Callable[[int], None]
"""Is told how many tokens are done, between two windows; what it raises ends the scoring."""


@torch.no_grad()
def character_nats(
    network: Network,
    ids: Ids,
    reset: int = 0,
    fresh: NDArray[np.bool_] | None = None,
    tick: Tick = lambda _: None,
) -> Nats:
    """-ln p of every id given those before it, [n]; in float32, whatever training computed in.

    `fresh` [n], where given, is true at ids before which nothing is remembered.
    """
    stretch = reset or max(len(ids) - 1, 1)
    nats = np.zeros(len(ids), np.float32)
    logits = network.head(network.start(1)[0][-1])  # what a zero state predicts
    nats[:1] = (
        functional.cross_entropy(logits, torch.from_numpy(ids[:1].astype(np.int64)).to(logits.device)).cpu().numpy()
    )
    for start in range(0, len(ids) - 1, STREAMS * stretch):
        part = ids[start : start + STREAMS * stretch + 1]
        zeroed = None if fresh is None else fresh[start : start + len(part) - 1]
        nats[start + 1 : start + len(part)] = _stretches(network, part, stretch, zeroed, tick, start)
    return nats


def _stretches(
    network: Network, ids: Ids, stretch: int, fresh: NDArray[np.bool_] | None, tick: Tick, before: int
) -> Nats:
    """Predict all ids but the first, [n - 1], the state zeroed every `stretch`; the stretches lie side by side."""
    count = len(ids) - 1
    streams = math.ceil(count / stretch)

    def columns(values: NDArray[Any]) -> Tensor:  # [count] -> [stretch, streams]
        padded = np.pad(values, (0, streams * stretch - count))
        return torch.from_numpy(padded.reshape(streams, stretch).T).to(network.device)

    inputs, targets = columns(ids[:-1].astype(np.int64)), columns(ids[1:].astype(np.int64))
    zeroed = None if fresh is None else columns(fresh)
    state, found, rows = network.start(streams), [], max(ROWS // streams, 1)
    for first in range(0, stretch, rows):
        window = slice(first, first + rows)
        logits, state = network(inputs[window].contiguous(), state, None if zeroed is None else zeroed[window])
        found.append(functional.cross_entropy(logits.movedim(2, 1), targets[window], reduction="none"))
        tick(before + min((first + rows) * streams, count))
    return torch.cat(found).T.reshape(-1)[:count].cpu().numpy()
