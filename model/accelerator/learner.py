"""A learner whose iterations run without a look at them: several in a stretch, then one look at all their losses.

    learner = Accelerated(options, vocabulary, ids, device=torch.device("cuda"))
    losses = learner.advance(windows, rates)        # as many batches and rates, at best `stride`

An iteration is one function, `_iterate`, from the places of its batch to the weights after it; nothing in it asks for a
value. On a GPU it is recorded as a CUDA graph after a few runs and replayed from then on, so that thousands of kernels
cost one call; where recording fails it says so and runs on as it is. On a processor it gives what `Learner` gives. A
batch that is none to learn from changes nothing, nor does any after it in the stretch.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor
from torch.nn import functional

from model import machine, optimizers
from model.accelerator.plan import Plan, Told
from model.accelerator.text import Text
from model.batches import Batch, Window
from model.learner import Learner
from model.options import TrainOptions
from model.parallel import ALONE, Peers
from model.weights import Weights
from preprocess.vocab import Ids

STRIDE = 10  # iterations between two looks
WARM = 3  # that run as they are before they are recorded, so that libraries have chosen their kernels
_LOG = logging.getLogger("corpusmill.training")


class Accelerated(Learner):
    """A network being trained on a device that holds the text."""

    stride = STRIDE

    def __init__(
        self,
        options: TrainOptions,
        vocabulary: int,
        ids: Ids,
        precision: torch.dtype | None = None,
        *,
        peers: Peers = ALONE,
        device: torch.device = machine.CPU,
        start: Weights | None = None,
        graphs: bool = True,
    ) -> None:
        """`graphs` are recorded where the device has them and this is the only process."""
        super().__init__(options, vocabulary, precision, peers=peers, device=device, start=start)
        self._share = peers.share(options.batch)
        self._text = Text(ids, options.length, device)
        self._plan = Plan(STRIDE, options.batch // peers.world, options.spike, device)
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]
        self._graphs = graphs and device.type == "cuda" and peers.world == 1
        self._graph: torch.cuda.CUDAGraph | None = None
        self._warm = 0
        self._flying: Sequence[Batch | Window] = ()

    def learn(self, batch: Batch | Window, rate: float) -> float:
        """A stretch of one."""
        return self.advance([batch], [rate])[0]

    def advance(self, batches: Sequence[Batch | Window], rates: Sequence[float]) -> list[float]:
        """Learn from up to `stride` batches; the losses of those learnt. Raises SpikeError where the first is none."""
        self.launch(batches, rates)
        return self.land()

    def launch(self, batches: Sequence[Batch | Window], rates: Sequence[float]) -> None:
        """Begin a stretch without waiting for it."""
        self._flying = batches
        with self._on_stream():
            averaged = self._average.steps if self._average else 0
            self._plan.write(batches, rates, self._share, self._running, averaged)
            for batch in batches:
                self._once(batch)

    def land(self) -> list[float]:
        """Wait for the stretch; as `advance`."""
        with self._on_stream():
            told = self._plan.read(len(self._flying))
            if not told.learnt:
                raise self._refused(self._flying[0], told)
            optimizers.turn(self._optimizer)
        self._running = told.running
        if self._average:
            self._average.steps = int(told.averaged)
        return told.losses[: told.learnt]

    def restore(self, arrays: Weights) -> None:
        """As Learner's; what was recorded used memory that is no longer the state's."""
        super().restore(arrays)
        self._graph, self._warm = None, 0

    @contextmanager
    def _on_stream(self) -> Iterator[None]:
        """Kernels are queued where those of other learners need not be waited for."""
        chosen: AbstractContextManager[object] = nullcontext()
        if self._stream:
            self._stream.wait_stream(torch.cuda.current_stream(self._device))
            chosen = torch.cuda.stream(self._stream)
        with chosen:
            yield

    def _once(self, batch: Batch | Window) -> None:
        """The next iteration of the plan."""
        if self._graph and batch.fresh is None:
            self._graph.replay()
            return
        self._iterate(None if batch.fresh is None else torch.from_numpy(batch.fresh).to(self._device))
        self._warm += 1
        if self._graphs and self._warm == WARM:
            self._record()

    def _record(self) -> None:
        """Record an iteration, which does not run by that."""
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph, stream=self._stream):
                self._iterate()
        except RuntimeError as error:
            self._graphs = False
            _LOG.warning("iterations run one kernel after the other, since they cannot be recorded: %s", error)
        else:
            self._graph = graph

    def _iterate(self, fresh: Tensor | None = None) -> None:
        """One iteration: read, predict, learn unless a batch of this stretch was none to learn from, carry on."""
        places, keep = self._plan.now()
        inputs, targets = self._text.cut(places)
        before = tuple(memory * keep for memory in self.state)
        with self._cast():
            logits, after = self.network(inputs, before, fresh)
        own = functional.cross_entropy(logits.float().flatten(0, 1), targets.flatten())
        for weights in self.network.parameters():
            weights.grad = None
        torch.autograd.backward(own)
        gradients = [weights.grad for weights in self.network.parameters() if weights.grad is not None]
        loss = self._peers.mean(gradients, own.detach())
        norm = optimizers.cut(self.network.parameters(), self._options)
        self._plan.judge(loss, norm)
        optimizers.step_unless(self._optimizer, self._plan.spoilt, self._plan.rate)
        if self._average:
            self._average.take_unless(self._plan.spoilt, self._plan.averaged)
        for memory, later in zip(self.state, after, strict=True):
            memory.copy_(torch.where(self._plan.spoilt > 0, memory, later.detach().float()))

    def _cast(self) -> torch.autocast:
        return torch.autocast(self._device.type, torch.bfloat16, enabled=self._precision == torch.bfloat16)

    @torch.no_grad()
    def _refused(self, batch: Batch | Window, told: Told) -> Exception:
        """What to say of a batch that nothing was learnt from; read once more, without dropout, to name a stream."""
        places = torch.from_numpy(batch.places[self._share]).to(self._device)
        inputs, targets = self._text.cut(places)
        before = self.network.start(len(places)) if batch.first else self.state
        with self._cast():
            logits, _ = self.network.eval()(inputs, before)
        self.network.train()
        return self._spike(told.losses[0], told.norms[0], logits, targets)
