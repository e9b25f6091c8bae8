"""Several models trained by one process, each on a stream of its own: while one is looked at, the others compute.

    for number, losses in together(flights): ...

A recurrent network leaves most of a GPU idle, since its steps wait for one another; the steps of another network do
not. The longest should come first. On a processor the models take turns, and come to what each comes to alone, as long
as dropout is 0: all draw from one generator.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from model.accelerator.learner import Accelerated
from model.batches import Batch, Window
from model.learner import SpikeError

Stretch = tuple[Sequence[Batch | Window], Sequence[float]]
"""Batches, and the rate for each."""


@dataclass(frozen=True, slots=True)
class Flight:
    """A model, and what it is to learn from, a stretch at a time."""

    learner: Accelerated
    stretches: Iterator[Stretch]


def together(flights: Sequence[Flight]) -> Iterator[tuple[int, list[float] | SpikeError]]:
    """Train all to the end of their stretches; after each, which model's it was, and its losses.

    A model that meets a batch that is none to learn from stays on the ground; the others go on.
    """
    up = deque(number for number, flight in enumerate(flights) if _launched(flight))
    while up:
        number = up.popleft()
        try:
            losses = flights[number].learner.land()
        except SpikeError as error:
            yield number, error
            continue
        if _launched(flights[number]):
            up.append(number)
        yield number, losses


def _launched(flight: Flight) -> bool:
    stretch = next(flight.stretches, None)
    if stretch:
        flight.learner.launch(*stretch)
    return stretch is not None
