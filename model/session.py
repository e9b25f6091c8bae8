"""One training from its task on: seed, threads and signals set, the loop run, the end put in order.

    standing, ended, facts = learn(task, progress, finish)

What decides the weights is what this module and `task` reach: `identity` begins there.
"""

from collections.abc import Callable, Mapping

from corpusmill.types import Progress
from model import loop, machine, stop
from model.checkpoint import Standing
from model.stop import Stop
from model.task import Task

Finish = Callable[[Standing, Stop], None]
"""What is still to be done while signals are heeded; it raises Interrupted."""


def learn(task: Task, progress: Progress, finish: Finish) -> tuple[Standing, str, Mapping[str, str]]:
    """Train, then `finish`: where it stands, what ended it, and what decides the last bits. Raises Interrupted."""
    options, world = task.options, task.peers.world
    place = machine.device(options.device)
    repeatable = bool(options.steps or options.epochs or world > 1)  # several processes have one thread each
    paced = machine.pace(options.threads, repeatable=repeatable)
    with paced as pace, machine.seeded(options.seed), stop.on_signals() as stopped:
        standing, ended = loop.train(task, stopped, pace, progress)
        stopped.heed()
        finish(standing, stopped)
    kernel = f"{machine.engine(options.engine, place)} {options.cell}"
    return standing, ended, machine.facts(str(pace), kernel, place, world)
