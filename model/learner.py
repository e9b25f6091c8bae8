"""The part of a training that changes with every batch: network, optimiser, hidden state, random state.

All of it goes into arrays and comes back, so that a training that was interrupted goes on to the same weights. It knows
batches, not texts, files or clocks.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from model import machine, optimizers
from model.batches import Batch
from model.network import Network
from model.optimizers import Average
from model.options import TrainOptions
from model.weights import Weights

REMEMBERED = 0.98  # of the running loss with each batch: it looks back on about fifty


class SpikeError(Exception):
    """A batch whose loss or gradient is no number, or far above the losses before; the weights are as they were."""

    def __init__(self, said: str, worst: int) -> None:
        """`worst` is the stream whose loss was highest."""
        super().__init__(said)
        self.worst = worst


class Learner:
    """A network being trained. Its first weights are drawn from torch's own generator, unless they are given."""

    def __init__(
        self,
        options: TrainOptions,
        vocabulary: int,
        precision: torch.dtype | None = None,
        *,
        start: Weights | None = None,
    ) -> None:
        """`vocabulary` counts ids; `precision` is what products are computed in, by default the machine's choice."""
        self.network = Network(vocabulary, options, machine.engine(options.engine))
        if start:
            self.network.load({name: torch.from_numpy(value) for name, value in start.items()})
        self.state = self.network.start(options.batch)
        self._options = options
        self._precision = precision or machine.precision()
        self._optimizer = optimizers.optimizer(self.network.parameters(), options)
        self._average = Average(self.network.parameters(), options.averaging) if options.averaging else None
        self._running = math.nan  # loss, of the batches before

    def learn(self, batch: Batch, rate: float) -> float:
        """One step of the optimiser at a learning rate; returns the batch's loss before it, in nats per character.

        Raises SpikeError, weights, optimiser and hidden state unchanged, if loss or gradient is no finite number, or the
        loss is more than ``spike`` times the running one.
        """
        before = self.network.start(batch.inputs.shape[1]) if batch.first else self.state
        with torch.autocast("cpu", torch.bfloat16, enabled=self._precision == torch.bfloat16):
            fresh = None if batch.fresh is None else torch.from_numpy(batch.fresh)
            logits, after = self.network(torch.from_numpy(batch.inputs), before, fresh)
        targets = torch.from_numpy(batch.targets)
        loss = functional.cross_entropy(logits.float().flatten(0, 1), targets.flatten())
        torch.autograd.backward(loss)
        norm = optimizers.cut(self.network.parameters(), self._options)
        self._refuse(loss.item(), norm.item(), logits.detach(), targets)
        optimizers.set_rate(self._optimizer, rate)
        self._optimizer.step()
        self._optimizer.zero_grad()
        if self._average:
            self._average.take()
        self.state = tuple(memory.detach().float() for memory in after)
        self._running = _mean(self._running, loss.item())
        return loss.item()

    def _refuse(self, loss: float, norm: float, logits: Tensor, targets: Tensor) -> None:
        """Raise SpikeError unless this can be learnt from."""
        finite = math.isfinite(loss + norm)
        if finite and not loss > self._options.spike * self._running:  # of the first batch, not a number: no spike
            return
        self._optimizer.zero_grad()
        losses = functional.cross_entropy(logits.float().movedim(2, 1), targets, reduction="none")  # [T, B]
        worst = int(losses.nan_to_num(math.inf).sum(0).argmax())
        beside = f"after a running loss of {self._running:.4g}" if finite else f"norm of the gradient {norm:.4g}"
        raise SpikeError(f"loss {loss:.4g}, {beside}", worst)

    @contextmanager
    def judged(self) -> Iterator[Network]:
        """The network as it is evaluated: without dropout, its weights the running mean where there is one."""
        self.network.eval()
        if self._average:
            self._average.swap()
        try:
            yield self.network
        finally:
            if self._average:
                self._average.swap()
            self.network.train()

    def arrays(self) -> Weights:
        """Everything that `restore` needs, by name."""
        average = self._average.means if self._average else []
        return {
            **{f"network.{name}": value for name, value in self.network.weights().items()},
            **{f"optimizer.{name}": value.numpy() for name, value in optimizers.state(self._optimizer).items()},
            **{f"average.{number}": mean.numpy() for number, mean in enumerate(average)},
            **{f"state.{number}": memory.numpy() for number, memory in enumerate(self.state)},
            "figures": np.array([self._running, self._average.steps if self._average else 0]),
            "random": torch.get_rng_state().numpy(),
        }

    def restore(self, arrays: Weights) -> None:
        """Be what `arrays` was taken from, torch's random state included."""
        tensors = {name: torch.from_numpy(value) for name, value in arrays.items()}

        def part(name: str) -> dict[str, Tensor]:
            return {key.partition(".")[2]: value for key, value in tensors.items() if key.startswith(f"{name}.")}

        self.network.load(part("network"))
        optimizers.restore(self._optimizer, part("optimizer"))
        self.state = tuple(memory for _, memory in sorted(part("state").items()))
        self._running, steps = tensors["figures"].tolist()
        if self._average:
            self._average.steps = int(steps)
            for number, mean in enumerate(self._average.means):
                mean.copy_(tensors[f"average.{number}"])
        torch.set_rng_state(tensors["random"])


def _mean(running: float, loss: float) -> float:
    return loss if math.isnan(running) else REMEMBERED * running + (1 - REMEMBERED) * loss
