"""The part of a training that changes with every batch: network, optimiser, hidden state, random state.

All of it goes into arrays and comes back, so that a training that was interrupted goes on to the same weights. It knows
batches, not texts, files or clocks.
"""

import math

import torch
from torch import nn
from torch.nn import functional

from model import machine
from model.batches import Batch
from model.lstm import CharLSTM
from model.options import TrainOptions
from model.weights import Weights


class Learner:
    """A network being trained. Its first weights are drawn from torch's own generator."""

    def __init__(self, options: TrainOptions, vocabulary: int, precision: torch.dtype | None = None) -> None:
        """`vocabulary` counts ids; `precision` is what products are computed in, by default the machine's choice."""
        self.network = CharLSTM(
            vocabulary,
            hidden=options.hidden,
            layers=options.layers,
            embedding=options.embedding,
            dropout=options.dropout,
        )
        self.state = self.network.start(options.batch)
        self._clip = options.clip
        self._precision = precision or machine.precision()
        self._optimizer = torch.optim.AdamW(
            self.network.parameters(),
            lr=options.learning_rate,
            betas=options.betas,
            weight_decay=options.weight_decay,
            fused=True,
        )

    def learn(self, batch: Batch, rate: float) -> float:
        """One step of AdamW at a learning rate; returns the batch's loss before it, in nats per character.

        Raises FloatingPointError, the weights unchanged, if the loss or a gradient is not a finite number.
        """
        if batch.first:
            self.state = self.network.start(batch.inputs.shape[1])
        with torch.autocast("cpu", torch.bfloat16, enabled=self._precision == torch.bfloat16):
            logits, state = self.network(torch.from_numpy(batch.inputs), self.state)
        loss = functional.cross_entropy(logits.float().flatten(0, 1), torch.from_numpy(batch.targets).flatten())
        torch.autograd.backward(loss)
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self._clip)
        if not math.isfinite(loss.item() + norm.item()):
            raise FloatingPointError(f"loss {loss.item()}, norm of the gradient {norm.item()}")
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.step()
        self._optimizer.zero_grad()
        hidden, cell = state
        self.state = hidden.detach().float(), cell.detach().float()
        return loss.item()

    def arrays(self) -> Weights:
        """Everything that `restore` needs, by name."""
        slots = self._optimizer.state_dict()["state"]
        hidden, cell = self.state
        return {
            **{f"network.{name}": value for name, value in self.network.weights().items()},
            **{f"optimizer.{i}.{name}": v.numpy() for i, slot in slots.items() for name, v in slot.items()},
            "state.hidden": hidden.numpy(),
            "state.cell": cell.numpy(),
            "random": torch.get_rng_state().numpy(),
        }

    def restore(self, arrays: Weights) -> None:
        """Be what `arrays` was taken from, torch's random state included."""
        tensors = {name: torch.from_numpy(value) for name, value in arrays.items()}
        self.network.load_state_dict({name: tensors[f"network.{name}"] for name in self.network.state_dict()})
        slots: dict[int, dict[str, torch.Tensor]] = {}
        for name in (name for name in arrays if name.startswith("optimizer.")):
            _, index, slot = name.split(".")
            slots.setdefault(int(index), {})[slot] = tensors[name]
        self._optimizer.load_state_dict({**self._optimizer.state_dict(), "state": slots})
        self.state = tensors["state.hidden"], tensors["state.cell"]
        torch.set_rng_state(tensors["random"])
