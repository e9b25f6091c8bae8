"""Several processes that learn one model together, on one machine or on many, started by torchrun.

    with joined(os.environ) as peers:               # one process, where torchrun did not start this one
        peers.rank, peers.world                     # which of how many this is; the first, 0, writes and speaks
        loss = peers.mean(gradients, loss)          # over all, in place
        standing = peers.agree(standing, Standing)  # as the first has it; nobody goes on before all are there

Each reads its share of a batch's streams; the mean of all gradients is then that of the whole batch. It is taken in
one piece with the loss: a network of some megabytes gains nothing from DistributedDataParallel's buckets, and a loss
that is no number on one process is none on any, so that all step back together. What goes over the wire are numbers,
JSON and safetensors, never pickles. One process imports nothing of torch.distributed.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec
import safetensors.numpy

from corpusmill.errors import TrainError
from model.weights import Weights

if TYPE_CHECKING:
    from torch import Tensor

Value = TypeVar("Value")


class Alone:
    """One process, which agrees with itself."""

    rank = 0
    world = 1

    def share(self, streams: int) -> slice:
        """Which of so many streams this process reads."""
        each = streams // self.world
        return slice(self.rank * each, (self.rank + 1) * each)

    def mean(self, gradients: "Sequence[Tensor]", loss: "Tensor") -> "Tensor":  # noqa: ARG002 - its own is the mean
        """Make each gradient the mean over all processes; returns the mean of the loss, a scalar."""
        return loss

    def beside(self, part: "Tensor", dim: int) -> "Tensor":  # noqa: ARG002 - there is one part
        """The parts of all processes, one beside the other."""
        return part

    def highest(self, *numbers: float) -> tuple[float, ...]:
        """The highest that any process says, number by number."""
        return numbers

    def agree(self, value: Value | None, kind: Any) -> Value:
        """What the first process says, whatever the others do: plain values, as JSON of a `kind`."""
        del kind
        return cast("Value", value)

    def arrays(self, given: Weights) -> Weights:
        """The arrays that the first process has."""
        return given


class Several(Alone):
    """One of the processes of torch's default group."""

    def __init__(self) -> None:
        """The group has been joined."""
        from torch import distributed

        self._group = distributed
        self.rank, self.world = distributed.get_rank(), distributed.get_world_size()

    def mean(self, gradients: "Sequence[Tensor]", loss: "Tensor") -> "Tensor":
        """One sum over all of them; its bits are the same everywhere, so weights stay the same too."""
        import torch

        whole = torch.cat([*(gradient.flatten() for gradient in gradients), loss.reshape(1)])
        with _heard():
            self._group.all_reduce(whole)
        whole /= self.world
        parts = torch.split(whole[:-1], [gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))
        return whole[-1]

    def beside(self, part: "Tensor", dim: int) -> "Tensor":
        """In the order of ranks."""
        import torch

        parts = [torch.empty_like(part, memory_format=torch.contiguous_format) for _ in range(self.world)]
        with _heard():
            self._group.all_gather(parts, part.contiguous())
        return torch.cat(parts, dim)

    def highest(self, *numbers: float) -> tuple[float, ...]:
        """In float64."""
        import torch

        said = torch.tensor(numbers, dtype=torch.float64)
        with _heard():
            self._group.all_reduce(said, self._group.ReduceOp.MAX)
        return tuple(said.tolist())

    def agree(self, value: Value | None, kind: Any) -> Value:
        """Numbers come out as they went in."""
        said: Value = msgspec.json.decode(self._tell(msgspec.json.encode(value)), type=kind)
        return said

    def arrays(self, given: Weights) -> Weights:
        """By name, in the order of names, as from a file."""
        body = self._tell(b"" if self.rank else safetensors.numpy.save(given))
        return dict(sorted(safetensors.numpy.load(body).items()))

    def _tell(self, body: bytes) -> bytes:
        """What the first process says: its length, then all of it."""
        import torch

        with _heard():
            size = torch.tensor(len(body))
            self._group.broadcast(size, 0)
            room = torch.empty(int(size), dtype=torch.uint8)
            if not self.rank:
                room = torch.frombuffer(bytearray(body), dtype=torch.uint8)
            self._group.broadcast(room, 0)
        return room.numpy().tobytes()


Peers = Alone | Several
ALONE = Alone()


@contextmanager
def joined(environment: Mapping[str, str]) -> Iterator[Peers]:
    """Within the block this process is one of those that torchrun started, or alone. Raises TrainError.

    A process whose machine has several GPUs takes the one of its number on this machine.
    """
    if "RANK" not in environment or int(environment.get("WORLD_SIZE", "1")) == 1:
        yield ALONE
        return
    import torch
    from torch import distributed

    if distributed.is_initialized():  # by whoever called
        yield Several()
        return
    gpus = torch.cuda.device_count()
    if gpus:
        torch.cuda.set_device(int(environment.get("LOCAL_RANK", "0")) % gpus)
    try:
        distributed.init_process_group("cpu:gloo,cuda:nccl" if gpus else "gloo")
    except (RuntimeError, ValueError) as error:
        hint = "start it with torchrun, as docs/scaling-training.md shows"
        raise TrainError(f"the processes of this training do not find one another: {error}", hint) from error
    try:
        yield Several()
    finally:
        distributed.destroy_process_group()


@contextmanager
def _heard() -> Iterator[None]:
    """Whoever waits for a process that has ended is told so."""
    try:
        yield
    except RuntimeError as error:
        message = "another process of this training ended, so this one ends too"
        raise TrainError(message, "see what that one said; the same command goes on from the last save") from error
