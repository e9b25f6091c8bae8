"""Ids -> pairs of tensors, an epoch a loop: the batches of our own training, for a training of someone else's.

    for inputs, targets in Windows(ids, seq=64, batch=16): ...

It is `batches` with the axes as most networks want them.
"""

from collections.abc import Iterator
from itertools import takewhile

import torch
from torch import Tensor

from corpusmill.errors import UsageError
from model.batches import batches, shortest
from preprocess.vocab import Ids


class Windows:
    """Every loop over it is an epoch, and each epoch begins its windows at another place."""

    def __init__(self, ids: Ids, seq: int, batch: int, seed: int = 1, name: str = "the text") -> None:
        """`ids` [characters]; `seq` of them in a window, `batch` windows side by side. Raises UsageError."""
        if seq < 1 or batch < 1:
            raise UsageError(f"a window of {seq} characters in {batch} streams holds nothing", "take 1 or more of each")
        if len(ids) < (needed := shortest(batch, seq)):
            hint = f"lower batch (it is {batch}) or seq (it is {seq})"
            raise UsageError(f"{name} has {len(ids):,} characters, and needs {needed:,}", hint)
        self.epoch = 0  # of the next loop; set it to begin elsewhere
        self._ids, self._seq, self._batch, self._seed = ids, seq, batch, seed

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Inputs and targets of an epoch, int64 [batch, seq] each."""
        epoch, self.epoch = self.epoch, self.epoch + 1
        read = batches(self._ids, self._batch, self._seq, self._seed, {"epoch": epoch, "window": 0})
        for batch, _ in takewhile(lambda pair: pair[1]["epoch"] == epoch, read):
            yield torch.from_numpy(batch.inputs).T, torch.from_numpy(batch.targets).T
