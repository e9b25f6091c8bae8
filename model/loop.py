"""The training loop: batch after batch until budget, steps or patience end it, and what is looked at on the way.

All that changes lives in a `Learner` (arrays) and a `Standing` (numbers). Both are saved at every evaluation, at least
once a minute and when a signal asks to stop, so that the next `train` on the same folder goes on from there: with
`steps` to the very same weights, as if nothing had happened. A signal cuts an evaluation off, which is then owed and
the first thing that is done next time. Where several processes learn together all go through this loop in step: the
first one's clock counts, a signal to any stops all, and only the first looks, writes and speaks.
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice

from corpusmill.errors import TrainError
from corpusmill.types import Progress
from model import checkpoint, journal
from model.batches import Batch, Position, Window
from model.checkpoint import Kept, Setback, Standing, State
from model.learner import Learner, SpikeError
from model.look import RefusedError, look, tell
from model.machine import Pace, device
from model.options import TrainOptions
from model.parallel import Peers
from model.rates import along, stretch
from model.stop import Stop
from model.task import Task
from model.weights import Weights

SAVE_SECONDS = 60.0  # of training, the most that a power cut costs
SLOWER = 0.5  # share of the learning rate that is left after a setback
NAMED = 3  # documents that an error names

Stream = Iterator[tuple[Batch | Window, Position]]


def train(task: Task, stop: Stop, pace: Pace, progress: Progress) -> tuple[Standing, str]:
    """Train, or go on training. Returns where it stands and what ended it: "budget", "steps", "early" or "interrupted".

    A batch whose loss is no number, or far above those before, changes nothing: training goes back to the last
    evaluation and on from there at half the rate. Raises TrainError when that happens again, and CorruptError for a
    damaged checkpoint.
    """
    learner, standing, mark = begin(task)
    learner.prepare()
    clock, stream = _Clock(standing, task.peers, stop), _stream(task, learner, standing)
    while standing.owed or not (ended := task.ended(standing)):
        try:
            if not standing.owed and _step(task, learner, standing, stream, pace):
                stream = _stream(task, learner, standing)
            clock.read(standing)
            standing, evaluated = look(task, learner, standing, stop)
        except RefusedError as error:
            standing = _step_back(task, learner, standing, mark, error)
            stream = _stream(task, learner, standing)
            continue
        clock.read(standing)
        tell(progress, task, standing)
        stopping = clock.read(standing)
        standing.owed = standing.owed or (not evaluated and _ended_unseen(task, standing))
        if evaluated or stopping or standing.seconds - standing.saved > SAVE_SECONDS:
            standing.saved = standing.seconds
            mark = _save(task, learner, standing, None if evaluated else mark).mark
        if stopping:
            return standing, "interrupted"
    return standing, ended


def _ended_unseen(task: Task, standing: Standing) -> bool:
    """Whether the clock has run out since it was looked at, so that the last evaluation is due."""
    return bool(task.ended(standing)) and task.reached(standing, task.options.evaluations) > standing.evaluations


def begin(task: Task) -> tuple[Learner, Standing, Kept]:
    """A new learner, or the one that the folder holds, what was written after its last save forgotten; and its mark."""
    learner, peers = _learner(task), task.peers
    found: State | None = peers.agree(None if peers.rank else checkpoint.resume(task.folder), State | None)
    state = found
    if state is None:
        standing = Standing(started_at=datetime.now(UTC).isoformat(timespec="seconds"))
        state = _save(task, learner, standing)
    if found or peers.world > 1:  # all begin with the first one's weights, to the last bit
        learner.restore(_arrays(task, state.last))
    if not peers.rank:
        checkpoint.sweep(task.folder, state)  # a save that was killed had no time for it
        journal.rewind(task.folder, state.last.standing.iteration)
        journal.forget_setback(task.folder, state.last.standing.setbacks)
    return learner, replace(state.last.standing), state.mark


def _learner(task: Task) -> Learner:
    """On a processor one that looks at every loss, on a GPU one that looks at some together."""
    options, vocabulary, place = task.options, len(task.vocabulary), device(task.options.device)
    if place.type == "cpu":
        return Learner(options, vocabulary, peers=task.peers, start=task.start)
    from model.accelerator.learner import Accelerated

    return Accelerated(options, vocabulary, task.ids, peers=task.peers, device=place, start=task.start)


def _save(task: Task, learner: Learner, standing: Standing, mark: Kept | None = None) -> State:
    """Save what all processes have; the first writes it."""
    arrays, peers = learner.arrays(), task.peers
    made = None if peers.rank else checkpoint.save(task.folder, standing, arrays, mark)
    state: State = peers.agree(made, State)
    return state


def _arrays(task: Task, kept: Kept) -> Weights:
    """What the first process saved."""
    return task.peers.arrays({} if task.peers.rank else checkpoint.arrays(task.folder, kept))


def _stream(task: Task, learner: Learner, standing: Standing) -> Stream:
    return task.stream(standing, whole=learner.stride == 1)


def _step(task: Task, learner: Learner, standing: Standing, stream: Stream, pace: Pace) -> bool:
    """Learn from the next batches; says whether some of them are left to be read again.

    Raises RefusedError, nothing changed.
    """
    ahead = list(islice(stream, stretch(task.options, len(task.ids), standing, learner.stride)))
    rates = along(task.options, len(task.ids), standing, [after for _, after in ahead])
    started, learner.threads = time.monotonic(), pace.number
    try:
        losses = learner.advance([batch for batch, _ in ahead], rates)
    except SpikeError as error:
        documents = task.documents(ahead[0][0], error.worst)
        raise RefusedError(str(error), standing.iteration + 1, documents) from error
    taken = (time.monotonic() - started) / len(losses)
    for loss, rate, (_, after) in zip(losses, rates, ahead, strict=False):
        standing.position = after
        standing.count(loss, taken, rate)
    pace.took(taken)
    return len(losses) < len(ahead)


def _step_back(task: Task, learner: Learner, standing: Standing, mark: Kept, error: RefusedError) -> Standing:
    """Go back to the mark, at half the rate from now on; raises TrainError if that was tried before."""
    if standing.setbacks:
        raise _diverged(task.options, standing, error) from error
    learner.restore(_arrays(task, mark))
    setback = Setback(
        iteration=error.iteration,
        back_to=mark.standing.iteration,
        said=str(error),
        documents=error.documents,
        rate=SLOWER,
    )
    if not task.peers.rank:
        journal.rewind(task.folder, mark.standing.iteration)
        journal.setback(task.folder, setback)
    return replace(mark.standing, setbacks=(setback,), seconds=standing.seconds, cpu_seconds=standing.cpu_seconds)


def _diverged(options: TrainOptions, standing: Standing, error: RefusedError) -> TrainError:
    best = f"; the best weights, of iteration {standing.best.iteration}, are kept" if standing.best else ""
    more = f" and {len(error.documents) - NAMED:,} more" if len(error.documents) > NAMED else ""
    where = f", in {', '.join(error.documents[:NAMED])}{more}" if error.documents else ""
    before = standing.setbacks[0]
    return TrainError(
        f"training diverged at iteration {error.iteration:,}: {error}{where}; "
        f"it had gone back from iteration {before.iteration:,} to {before.back_to:,} and half the rate{best}",
        f"lower train.learning_rate (it is {options.learning_rate:g}) or train.clip (it is {options.clip:g}), "
        "or look at these documents",
    )


class _Clock:
    """Wall and processor time of the first process, counted on from where a training stood; and signals to any."""

    def __init__(self, standing: Standing, peers: Peers, stop: Stop) -> None:
        self._wall = time.monotonic() - standing.seconds
        self._processor = time.process_time() - standing.cpu_seconds
        self._peers, self._stop = peers, stop

    def read(self, standing: Standing) -> bool:
        """Tell the time to all; says whether any was asked to stop."""
        own = 0.0 if self._peers.rank else time.monotonic() - self._wall
        standing.seconds, signum = self._peers.highest(own, self._stop.signum or 0)
        standing.cpu_seconds = time.process_time() - self._processor
        if signum:
            self._stop.signum = int(signum)
        return bool(signum)
