"""The part of a training that changes with every batch: network, optimiser, hidden state, random state.

All of it goes into arrays and comes back, so that a training that was interrupted goes on to the same weights, on a
processor or a GPU, whichever it was before. Several processes may learn together, each from its share of the streams.
It knows batches, not texts, files or clocks.
"""

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from model import machine, optimizers
from model.batches import Batch, Window
from model.network import Masks, Network, State
from model.optimizers import Average
from model.options import TrainOptions
from model.parallel import ALONE, Peers
from model.weights import Weights

REMEMBERED = 0.98  # of the running loss with each batch: it looks back on about fifty


class SpikeError(Exception):
    """A batch whose loss or gradient is no number, or far above the losses before; the weights are as they were."""

    def __init__(self, said: str, worst: int) -> None:
        """`worst` is the stream whose loss was highest."""
        super().__init__(said)
        self.worst = worst


@dataclass(frozen=True, slots=True)
class _Part:
    """What some streams of a batch gave."""

    loss: Tensor  # their share of the batch's mean
    logits: Tensor
    state: State
    gradients: tuple[Tensor, ...]


class Learner:
    """A network being trained. Its first weights are drawn from torch's own generator, unless they are given."""

    stride = 1  # batches that it is best given at once

    def __init__(
        self,
        options: TrainOptions,
        vocabulary: int,
        precision: torch.dtype | None = None,
        *,
        peers: Peers = ALONE,
        device: torch.device = machine.CPU,
        start: Weights | None = None,
    ) -> None:
        """`vocabulary` counts ids; `precision` is what products are computed in, by default the machine's choice."""
        self.network = Network(vocabulary, options, machine.engine(options.engine, device)).to(device)
        if start:
            self.network.load({name: torch.from_numpy(value) for name, value in start.items()})
        self.state = self.network.start(options.batch // peers.world)
        self._options = options
        self._peers = peers
        self._device = device
        self._precision = precision or machine.precision(device)
        self._optimizer = optimizers.optimizer(self.network.parameters(), options)
        self._average = Average(self.network.parameters(), options.averaging) if options.averaging else None
        self._running = math.nan  # loss, of the batches before
        self.threads = 1  # that a batch is shared out over
        self._workers: tuple[int, ThreadPoolExecutor] | None = None
        if peers.rank:  # dropout of its own
            torch.manual_seed(torch.initial_seed() + peers.rank)

    def advance(self, batches: Sequence[Batch | Window], rates: Sequence[float]) -> list[float]:
        """Learn from up to `stride` batches, at as many rates; the losses of those learnt from.

        They are fewer where one is none to learn from; raises SpikeError where that is the first.
        """
        return [self.learn(batch, rate) for batch, rate in zip(batches, rates, strict=True)]

    def learn(self, batch: Batch | Window, rate: float) -> float:
        """One step of the optimiser at a learning rate; returns the batch's loss before it, in nats per character.

        Raises SpikeError, weights, optimiser and hidden state unchanged, if loss or gradient is no finite number, or
        the loss is more than ``spike`` times the running one. Of several processes all do or none: both are of all.
        """
        assert isinstance(batch, Batch), "this learner has no text of its own"
        before = self.network.start(batch.inputs.shape[1]) if batch.first else self.state
        own, logits, after = self._gradients(batch, before)
        gradients = [weights.grad for weights in self.network.parameters() if weights.grad is not None]
        loss = self._peers.mean(gradients, own).item()
        norm = optimizers.cut(self.network.parameters(), self._options)
        self._refuse(loss, norm.item(), logits, torch.from_numpy(batch.targets))
        optimizers.set_rate(self._optimizer, rate)
        self._optimizer.step()
        optimizers.turn(self._optimizer)
        self._optimizer.zero_grad()
        if self._average:
            self._average.take()
        self.state = after
        self._running = _mean(self._running, loss)
        return loss

    def prepare(self) -> None:
        """Compile what is compiled at its first use, some seconds once on a machine, so that no budget pays for it.

        Nothing of the learner changes, its random state neither.
        """
        if self._device.type != "cpu":
            return
        zeros = np.zeros((2, self.state[0].shape[1]), np.int64)  # [T, B]
        with torch.random.fork_rng(devices=[]):
            still = Batch(zeros, zeros, first=True, places=zeros[0])
            self._read(still, self.state, self.network.masks(zeros.shape), slice(None))

    def _gradients(self, batch: Batch, before: State) -> tuple[Tensor, Tensor, State]:
        """Leave the gradients of a batch in the parameters; its loss, logits [T, B, V] and the state after it.

        Several threads read some of the streams each, from first to last, and their gradients are added in the order
        of streams: so there is nothing that one waits for another with, but at the end.
        """
        masks, shares = self.network.masks(batch.inputs.shape), _shares(batch.inputs.shape[1], self.threads)
        read = partial(self._read, batch, before, masks)
        parts = [read(shares[0])] if len(shares) == 1 else list(self._crew(len(shares)).map(read, shares))
        for weights, *found in zip(self.network.parameters(), *(part.gradients for part in parts), strict=True):
            weights.grad = sum(found[1:], start=found[0].clone())  # a layer's two biases may share one gradient
        state = tuple(torch.cat(memories, 1) for memories in zip(*(part.state for part in parts), strict=True))
        return torch.stack([part.loss for part in parts]).sum(), torch.cat([part.logits for part in parts], 1), state

    def _read(self, batch: Batch, before: State, masks: Masks, cut: slice) -> "_Part":
        """Some of the streams."""
        ids, targets = (torch.from_numpy(np.ascontiguousarray(of[:, cut])) for of in (batch.inputs, batch.targets))
        fresh = None if batch.fresh is None else torch.from_numpy(batch.fresh[:, cut])
        state = tuple(memory[:, cut] for memory in before)
        with torch.autocast("cpu", torch.bfloat16, enabled=self._precision == torch.bfloat16):
            logits, after = self.network(ids, state, fresh, [mask[..., cut, :] for mask in masks])
        losses = functional.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), reduction="sum")
        loss = losses / batch.inputs.size
        gradients = torch.autograd.grad(loss, list(self.network.parameters()))
        return _Part(loss.detach(), logits.detach(), tuple(memory.detach().float() for memory in after), gradients)

    def _crew(self, number: int) -> ThreadPoolExecutor:
        """So many threads, each of which has torch work in no others."""
        if not self._workers or self._workers[0] != number:
            self._workers = number, ThreadPoolExecutor(number, initializer=_alone)
        return self._workers[1]

    def _refuse(self, loss: float, norm: float, logits: Tensor, targets: Tensor) -> None:
        """Raise SpikeError unless this can be learnt from."""
        finite = math.isfinite(loss + norm)
        if finite and not loss > self._options.spike * self._running:  # of the first batch, not a number: no spike
            return
        self._optimizer.zero_grad()
        raise self._spike(loss, norm, logits, targets)

    def _spike(self, loss: float, norm: float, logits: Tensor, targets: Tensor) -> SpikeError:
        """What to say of a batch with these logits [T, B, V] and targets [T, B]."""
        losses = functional.cross_entropy(logits.float().movedim(2, 1), targets, reduction="none")  # [T, B]
        worst = int(self._peers.beside(losses.nan_to_num(math.inf).sum(0), 0).argmax())
        finite = math.isfinite(loss + norm)
        beside = f"after a running loss of {self._running:.4g}" if finite else f"norm of the gradient {norm:.4g}"
        return SpikeError(f"loss {loss:.4g}, {beside}", worst)

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
        """Everything that `restore` needs, by name; of several processes each must ask, and each is given all."""
        average = self._average.means if self._average else []
        state = (self._peers.beside(memory, 1) for memory in self.state)
        return {
            **{f"network.{name}": value for name, value in self.network.weights().items()},
            **{f"optimizer.{name}": value.cpu().numpy() for name, value in optimizers.state(self._optimizer).items()},
            **{f"average.{number}": mean.cpu().numpy() for number, mean in enumerate(average)},
            **{f"state.{number}": memory.cpu().numpy() for number, memory in enumerate(state)},
            "figures": np.array([self._running, self._average.steps if self._average else 0]),
            **self._random(),
        }

    def _random(self) -> Weights:
        """The random states: the first process's by its kind, the others' with their rank behind it."""
        kinds = {"random": torch.get_rng_state()}
        if self._device.type == "cuda":
            kinds["cuda"] = torch.cuda.get_rng_state(self._device)
        rows = {kind: self._peers.beside(state.unsqueeze(0), 0).numpy() for kind, state in kinds.items()}
        return {_of(kind, rank): row for kind, those in rows.items() for rank, row in enumerate(those)}

    def restore(self, arrays: Weights) -> None:
        """Be what `arrays` was taken from, torch's random state included where this process had one."""
        tensors = {name: torch.from_numpy(value) for name, value in arrays.items()}

        def part(name: str) -> dict[str, Tensor]:
            return {key.partition(".")[2]: value for key, value in tensors.items() if key.startswith(f"{name}.")}

        self.network.load(part("network"))
        optimizers.restore(self._optimizer, part("optimizer"))
        mine = self._peers.share(self._options.batch)
        self.state = tuple(
            memory[:, mine].to(self._device, copy=True).contiguous() for _, memory in sorted(part("state").items())
        )
        self._running, steps = tensors["figures"].tolist()
        if self._average:
            self._average.steps = int(steps)
            for number, mean in enumerate(self._average.means):
                mean.copy_(tensors[f"average.{number}"])
        if (random := tensors.get(_of("random", self._peers.rank))) is not None:
            torch.set_rng_state(random)
        if self._device.type == "cuda" and (random := tensors.get(_of("cuda", self._peers.rank))) is not None:
            torch.cuda.set_rng_state(random, self._device)


def _of(kind: str, rank: int) -> str:
    return f"{kind}.{rank}" if rank else kind


def _mean(running: float, loss: float) -> float:
    return loss if math.isnan(running) else REMEMBERED * running + (1 - REMEMBERED) * loss


def _shares(streams: int, threads: int) -> list[slice]:
    """As even as can be, in order."""
    ends = [streams * number // threads for number in range(threads + 1)]
    return [slice(first, last) for first, last in pairwise(ends) if first < last]


def _alone() -> None:
    """What `machine.threads` sets holds for the thread that called it."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
