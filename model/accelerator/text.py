"""A text that lies on the device, a byte or two a character, with batches cut there: nothing is sent but places."""

import numpy as np
import torch
from torch import Tensor

from preprocess.vocab import Ids

_SIGNED = {np.dtype(np.uint16): np.int16, np.dtype(np.uint32): np.int32}  # what every device can index


class Text:
    """Ids on a device; the same batches as `model.batches` gives."""

    def __init__(self, ids: Ids, length: int, device: torch.device) -> None:
        """Windows are `length` characters long."""
        self._mask = np.iinfo(ids.dtype).max
        signed = ids.view(_SIGNED[ids.dtype]) if ids.dtype in _SIGNED else ids
        self._ids = torch.from_numpy(np.array(signed)).to(device)
        self._ahead = torch.arange(length, device=device)[:, None]  # [T, 1]

    def cut(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """Characters, and for each the one that follows it, [T, B] int64, of the windows that begin at places [B]."""
        at = places + self._ahead
        return self._read(at), self._read(at + 1)

    def _read(self, at: Tensor) -> Tensor:
        return self._ids[at].long() & self._mask
