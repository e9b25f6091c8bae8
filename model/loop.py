"""The training loop: batch after batch until budget, steps or patience end it, and what is looked at on the way.

All that changes lives in a `Learner` (arrays) and a `Standing` (numbers). Both are saved at every evaluation, at least
once a minute and when a signal asks to stop, so that the next `train` on the same folder goes on from there: with
`steps` to the very same weights, as if nothing had happened. Where several processes learn together all go through this
loop in step: the first one's clock counts, a signal to any stops all, and only the first looks, writes and speaks.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpusmill.errors import TrainError
from corpusmill.types import Progress
from model import checkpoint, journal
from model.batches import Batch, Position, Window, batches, windows
from model.checkpoint import Best, Kept, Setback, Standing, State
from model.learner import Learner, SpikeError
from model.machine import Pace, device
from model.options import TrainOptions
from model.parallel import ALONE, Peers
from model.passage import Passage, resets
from model.rates import along, fraction, stretch
from model.sample import Sampler
from model.score import Score, measure
from model.stop import Stop
from model.weights import Weights
from preprocess.vocab import Ids, Vocabulary

LINES = 200  # of metrics.jsonl in a whole run: the points of a loss curve
EVALUATION_STREAMS = 32  # the validation text is read in so many places side by side unless `reset` says otherwise
SAVE_SECONDS = 60.0  # of training, the most that a power cut costs
SLOWER = 0.5  # share of the learning rate that is left after a setback
NAMED = 8  # documents that an error names


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What there is to learn, and the folder that shows for it."""

    options: TrainOptions
    vocabulary: Vocabulary
    ids: Ids  # of the train split
    starts: NDArray[np.int64]  # of its documents, in `ids`
    named: Callable[[Sequence[int]], Sequence[str]]  # numbers of documents -> what to call them
    validation: Passage  # as much of the split as evaluations score
    folder: Path
    peers: Peers = ALONE  # the processes that learn it together

    @property
    def reset(self) -> int:
        """How often evaluations zero the hidden state, in characters."""
        return self.options.reset or math.ceil(len(self.validation.text) / EVALUATION_STREAMS)


def train(task: Task, stop: Stop, pace: Pace, progress: Progress) -> tuple[Standing, str]:
    """Train, or go on training. Returns where it stands and what ended it: "budget", "steps", "early" or "interrupted".

    A batch whose loss is no number, or far above those before, changes nothing: training goes back to the last
    evaluation and on from there at half the rate. Raises TrainError when that happens again, and CorruptError for a
    damaged checkpoint.
    """
    learner, standing, mark = begin(task)
    clock, stream = _Clock(standing, task.peers, stop), _stream(task, learner, standing)
    while not (ended := _ended(task, standing)):
        ahead = list(islice(stream, stretch(task.options, len(task.ids), standing, learner.stride)))
        rates = along(task.options, len(task.ids), standing, [after for _, after in ahead])
        started = time.monotonic()
        try:
            losses = learner.advance([batch for batch, _ in ahead], rates)
        except SpikeError as error:
            standing = _step_back(task, learner, standing, mark, ahead[0][0], error)
            stream = _stream(task, learner, standing)
            continue
        taken = (time.monotonic() - started) / len(losses)
        for loss, (_, after) in zip(losses, ahead, strict=False):
            standing.position = after
            standing.count(loss, taken)
        if len(losses) < len(ahead):
            stream = _stream(task, learner, standing)
        pace.took(taken)
        clock.read(standing)
        evaluated = _look(task, learner, standing, rates[len(losses) - 1])
        if evaluated:
            standing = task.peers.agree(standing, Standing)
        _tell(progress, task.options, standing)
        stopping = clock.read(standing)
        if evaluated or stopping or standing.seconds - standing.saved > SAVE_SECONDS:
            standing.saved = standing.seconds
            mark = _save(task, learner, standing, None if evaluated else mark).mark
        if stopping:
            return standing, "interrupted"
    return standing, ended


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
        journal.rewind(task.folder, state.last.standing.iteration)
    return learner, replace(state.last.standing), state.mark


def _learner(task: Task) -> Learner:
    """On a processor one that looks at every loss, on a GPU one that looks at some together."""
    options, vocabulary, place = task.options, len(task.vocabulary), device(task.options.device)
    if place.type == "cpu":
        return Learner(options, vocabulary, peers=task.peers)
    from model.accelerator.learner import Accelerated

    return Accelerated(options, vocabulary, task.ids, peers=task.peers, device=place)


def _save(task: Task, learner: Learner, standing: Standing, mark: Kept | None = None) -> State:
    """Save what all processes have; the first writes it."""
    arrays, peers = learner.arrays(), task.peers
    made = None if peers.rank else checkpoint.save(task.folder, standing, arrays, mark)
    state: State = peers.agree(made, State)
    return state


def _arrays(task: Task, kept: Kept) -> Weights:
    """What the first process saved."""
    return task.peers.arrays({} if task.peers.rank else checkpoint.arrays(task.folder, kept))


def _stream(task: Task, learner: Learner, standing: Standing) -> Iterator[tuple[Batch | Window, Position]]:
    """The batches from where it stands, or their places for a learner that has the text."""
    options = task.options
    forgotten = resets(task.starts, options.separator) if options.boundaries == "reset" else None
    how = options.batch, options.length, options.seed, standing.position, forgotten, task.peers.share(options.batch)
    return batches(task.ids, *how) if learner.stride == 1 else windows(len(task.ids), *how)


def _step_back(
    task: Task, learner: Learner, standing: Standing, mark: Kept, batch: Batch | Window, error: SpikeError
) -> Standing:
    """Go back to the mark, at half the rate from now on; raises TrainError if that was tried before."""
    documents = tuple(_documents(task, batch, error.worst))
    if standing.setbacks:
        raise _diverged(task.options, standing, error, documents) from error
    learner.restore(_arrays(task, mark))
    setback = Setback(
        iteration=standing.iteration + 1,
        back_to=mark.standing.iteration,
        said=str(error),
        documents=documents,
        rate=SLOWER,
    )
    if not task.peers.rank:
        journal.rewind(task.folder, mark.standing.iteration)
        journal.setback(task.folder, setback)
    return replace(mark.standing, setbacks=(setback,), seconds=standing.seconds, cpu_seconds=standing.cpu_seconds)


def _documents(task: Task, batch: Batch | Window, worst: int) -> Iterator[str]:
    """The documents that a batch is of, those of the worst stream first."""
    length = task.options.length
    order = [worst, *(stream for stream in range(len(batch.places)) if stream != worst)]
    spans = np.searchsorted(task.starts, [batch.places[order], batch.places[order] + length - 1], side="right")
    numbers = dict.fromkeys(n for first, last in spans.T for n in range(max(int(first) - 1, 0), int(last)))
    yield from task.named(list(numbers))


def _ended(task: Task, standing: Standing) -> str:
    options = task.options
    if fraction(options, len(task.ids), standing) >= 1:
        return "steps" if options.steps else "epochs" if options.epochs else "budget"
    return "early" if options.patience and standing.worse >= options.patience else ""


def _look(task: Task, learner: Learner, standing: Standing, now: float) -> bool:
    """Write a line of metrics when one is due; evaluate, sample and keep the best when that is. Says whether it was."""
    evaluations = _reached(task, standing, task.options.evaluations)
    lines = _reached(task, standing, LINES)
    due, first = evaluations > standing.evaluations, not task.peers.rank
    score = _evaluate(task, learner, standing) if due and first else None
    if due or lines > standing.lines:
        if first:
            journal.line(task.folder, _metrics(task, standing, now, score))
        standing.lines = lines
        standing.clear()
    if due:
        standing.evaluations = evaluations
    return due


def _reached(task: Task, standing: Standing, parts: int) -> int:
    """How many of so many equal parts of the run are done."""
    return int(fraction(task.options, len(task.ids), standing) * parts + 1e-9)


def _evaluate(task: Task, learner: Learner, standing: Standing) -> Score:
    """Score the validation text and let the model write; keep the weights if that is the best so far."""
    with learner.judged() as network:
        score = measure(network, task.vocabulary, task.validation, split="validation", reset=task.reset)
        weights = network.weights()
    standing.bits_per_byte = score.bits_per_byte
    standing.worse += 1
    if standing.best is None or score.nats_per_char < standing.best.nats_per_char:
        path, digest = checkpoint.write_best(task.folder, standing.iteration, weights)
        standing.best = Best(
            iteration=standing.iteration,
            nats_per_char=score.nats_per_char,
            bits_per_byte=score.bits_per_byte,
            path=path,
            sha256=digest,
        )
        standing.worse = 0
    sampler = Sampler(weights, task.vocabulary, task.options)
    journal.sample(task.folder, sampler, task.options.samples, standing.iteration, task.options.seed)
    return score


def _metrics(task: Task, standing: Standing, now: float, score: Score | None) -> dict[str, object]:
    """One line of metrics.jsonl, as `journal` describes it."""
    each = task.options.batch * task.options.length
    validation = score and {
        "nats_per_char": score.nats_per_char,
        "bits_per_byte": score.bits_per_byte,
        "characters": score.characters,
        "reset": score.reset,
    }
    return {
        "iteration": standing.iteration,
        "seconds": round(standing.seconds, 3),
        "characters": standing.iteration * each,
        "nats_per_char": standing.nats / standing.steps,
        "rate": now,
        "characters_per_second": round(standing.steps * each / standing.busy, 1),
        "validation": validation,
    }


def _tell(progress: Progress, options: TrainOptions, standing: Standing) -> None:
    """Say how far it is, in steps or in seconds of the budget."""
    speed = standing.iteration * options.batch * options.length / max(standing.seconds, 1e-9)
    note = f"{speed:,.0f} characters/s"
    if standing.bits_per_byte is not None:
        note += f" · validation {standing.bits_per_byte:.2f} bits per byte"
    if options.steps:
        progress("train", standing.iteration, options.steps, note)
    elif options.epochs:
        progress("train", standing.position["epoch"], math.ceil(options.epochs), note)
    else:
        progress("train", min(standing.seconds, 60 * options.minutes), 60 * options.minutes, note)


def _diverged(options: TrainOptions, standing: Standing, error: SpikeError, documents: Sequence[str]) -> TrainError:
    best = f"; the best weights, of iteration {standing.best.iteration}, are kept" if standing.best else ""
    more = f" and {len(documents) - NAMED:,} more" if len(documents) > NAMED else ""
    before = standing.setbacks[0]
    return TrainError(
        f"training diverged at iteration {standing.iteration + 1:,}: {error}, in {', '.join(documents[:NAMED])}{more}; "
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
