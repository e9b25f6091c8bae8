"""What some iterations are to do and what came of them, in memory that stays where it is, as a graph needs it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from model.batches import Batch, Window

REMEMBERED = 0.98  # of the running loss with each batch, as in `learner`


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a stretch: so many iterations were learnt from; losses and norms are of all."""

    learnt: int
    running: float
    averaged: float
    losses: list[float]
    norms: list[float]


class Plan:
    """Up to `most` iterations: where each reads, at which rate; and a pointer to the next."""

    def __init__(self, most: int, streams: int, spike: float, device: torch.device) -> None:
        """`spike` times the running loss is too much."""
        self._spike = spike
        self._places = torch.zeros((most, streams), dtype=torch.int64, device=device)
        self._keep, self._rates = torch.ones((2, most), device=device)
        self._next = torch.zeros(1, dtype=torch.int64, device=device)
        self._losses, self._norms = torch.zeros((2, most), dtype=torch.float64, device=device)
        self._learnt = torch.zeros((), dtype=torch.float64, device=device)
        self._running = torch.zeros((), dtype=torch.float64, device=device)
        self.averaged = torch.zeros((), dtype=torch.float64, device=device)  # steps that a mean of weights has seen
        self.spoilt = torch.zeros((), device=device)  # 1 from the first batch on that is none to learn from
        self.rate = torch.zeros((), device=device)

    def write(
        self,
        windows: Sequence[Batch | Window],
        rates: Sequence[float],
        share: slice,
        running: float,
        averaged: float,
    ) -> None:
        """Begin a stretch."""
        count = len(windows)
        self._places[:count] = torch.from_numpy(np.stack([window.places[share] for window in windows]))
        self._keep[:count] = torch.tensor([0.0 if window.first else 1.0 for window in windows])
        self._rates[:count] = torch.tensor(rates)
        self._running.fill_(running)
        self.averaged.fill_(averaged)
        for figure in (self._next, self._learnt, self.spoilt):
            figure.zero_()

    def now(self) -> tuple[Tensor, Tensor]:
        """Of the next iteration: places [B], and whether the state is kept, 1, or begins anew, 0. Sets the rate."""
        self.rate.copy_(self._rates.index_select(0, self._next)[0])
        return self._places.index_select(0, self._next)[0], self._keep.index_select(0, self._next)

    def judge(self, loss: Tensor, norm: Tensor) -> None:
        """Take loss and norm down; from a batch on that is none to learn from, nothing more is learnt."""
        loss, norm = loss.double(), norm.double()
        self._losses.index_copy_(0, self._next, loss.reshape(1))
        self._norms.index_copy_(0, self._next, norm.reshape(1))
        bad = ~torch.isfinite(loss + norm) | (loss > self._spike * self._running)
        self.spoilt.copy_(torch.maximum(self.spoilt, bad.float()))
        mean = REMEMBERED * self._running + (1 - REMEMBERED) * loss
        after = torch.where(torch.isnan(self._running), loss, mean)
        self._running.copy_(torch.where(self.spoilt > 0, self._running, after))
        self._learnt += 1 - self.spoilt
        self._next += 1

    def read(self, count: int) -> Told:
        """What came of so many iterations; waits until they have run."""
        figures = torch.stack([self._learnt, self._running, self.averaged])
        learnt, running, averaged, *rest = torch.cat([figures, self._losses[:count], self._norms[:count]]).tolist()
        return Told(int(learnt), running if learnt else math.nan, averaged, rest[:count], rest[count:])
