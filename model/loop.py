"""The training loop: batch after batch until budget, steps or patience end it, and what is looked at on the way.

All that changes lives in a `Learner` (arrays) and a `Standing` (numbers). Both are saved at every evaluation, at least
once a minute and when a signal asks to stop, so that the next `train` on the same folder goes on from there: with
`steps` to the very same weights, as if nothing had happened.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpusmill.errors import TrainError
from corpusmill.types import Progress
from model import checkpoint, journal
from model.batches import Batch, Position, batches
from model.checkpoint import Best, Kept, Setback, Standing
from model.learner import Learner, SpikeError
from model.machine import Pace
from model.options import TrainOptions
from model.passage import Passage, resets
from model.rates import fraction, rate
from model.sample import Sampler
from model.score import Score, measure
from model.stop import Stop
from model.weights import Weights
from preprocess.vocab import Ids, Tokens

LINES = 200  # of metrics.jsonl in a whole run: the points of a loss curve
EVALUATION_STREAMS = 32  # the validation text is read in so many places side by side unless `reset` says otherwise
SAVE_SECONDS = 60.0  # of training, the most that a power cut costs
SLOWER = 0.5  # share of the learning rate that is left after a setback
NAMED = 8  # documents that an error names


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What there is to learn, and the folder that shows for it."""

    options: TrainOptions
    vocabulary: Tokens
    ids: Ids  # of the train split
    starts: NDArray[np.int64]  # of its documents, in `ids`
    named: Callable[[Sequence[int]], Sequence[str]]  # numbers of documents -> what to call them
    validation: Passage  # as much of the split as evaluations score
    folder: Path
    each: float = 1.0  # characters that an id of the train split stands for, on average
    start: Weights | None = None  # to begin with, instead of drawn ones

    @property
    def reset(self) -> int:
        """How often evaluations zero the hidden state, in tokens."""
        tokens = len(self.vocabulary.starts(self.validation.text))
        return self.options.reset or math.ceil(tokens / EVALUATION_STREAMS)


def train(task: Task, stop: Stop, pace: Pace, progress: Progress) -> tuple[Standing, str]:
    """Train, or go on training. Returns where it stands and what ended it: "budget", "steps", "early" or "interrupted".

    A batch whose loss is no number, or far above those before, changes nothing: training goes back to the last
    evaluation and on from there at half the rate. Raises TrainError when that happens again, and CorruptError for a
    damaged checkpoint.
    """
    learner, standing, mark = begin(task)
    clock, stream = _Clock(standing), _stream(task, standing)
    while not (ended := _ended(task, standing)):
        batch, after = next(stream)
        now = rate(task.options, len(task.ids), standing)
        started = time.monotonic()
        try:
            loss = learner.learn(batch, now)
        except SpikeError as error:
            standing = _step_back(task, learner, standing, mark, batch, error)
            stream = _stream(task, standing)
            continue
        taken = time.monotonic() - started
        standing.position = after
        standing.count(loss, taken)
        pace.took(taken)
        clock.read(standing)
        evaluated = _look(task, learner, standing, now)
        clock.read(standing)
        _tell(progress, task, standing)
        stopping = stop.signum is not None
        if evaluated or stopping or standing.seconds - standing.saved > SAVE_SECONDS:
            standing.saved = standing.seconds
            mark = checkpoint.save(task.folder, standing, learner.arrays(), None if evaluated else mark).mark
        if stopping:
            return standing, "interrupted"
    return standing, ended


def begin(task: Task) -> tuple[Learner, Standing, Kept]:
    """A new learner, or the one that the folder holds, what was written after its last save forgotten; and its mark."""
    learner = Learner(task.options, len(task.vocabulary), start=task.start)
    state = checkpoint.resume(task.folder)
    if state:
        learner.restore(checkpoint.arrays(task.folder, state.last))
    else:
        standing = Standing(started_at=datetime.now(UTC).isoformat(timespec="seconds"))
        state = checkpoint.save(task.folder, standing, learner.arrays())
    journal.rewind(task.folder, state.last.standing.iteration)
    return learner, replace(state.last.standing), state.mark


def _stream(task: Task, standing: Standing) -> Iterator[tuple[Batch, Position]]:
    """The batches from where it stands."""
    options = task.options
    between = len(task.vocabulary.encode(options.separator))
    forgotten = resets(task.starts, between) if options.boundaries == "reset" else None
    return batches(task.ids, options.batch, options.length, options.seed, standing.position, forgotten)


def _step_back(
    task: Task, learner: Learner, standing: Standing, mark: Kept, batch: Batch, error: SpikeError
) -> Standing:
    """Go back to the mark, at half the rate from now on; raises TrainError if that was tried before."""
    documents = tuple(_documents(task, batch, error.worst))
    if standing.setbacks:
        raise _diverged(task.options, standing, error, documents) from error
    learner.restore(checkpoint.arrays(task.folder, mark))
    journal.rewind(task.folder, mark.standing.iteration)
    setback = Setback(
        iteration=standing.iteration + 1,
        back_to=mark.standing.iteration,
        said=str(error),
        documents=documents,
        rate=SLOWER,
    )
    journal.setback(task.folder, setback)
    return replace(mark.standing, setbacks=(setback,), seconds=standing.seconds, cpu_seconds=standing.cpu_seconds)


def _documents(task: Task, batch: Batch, worst: int) -> Iterator[str]:
    """The documents that a batch is of, those of the worst stream first."""
    length = len(batch.inputs)
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
    due = evaluations > standing.evaluations
    score = _evaluate(task, learner, standing) if due else None
    if due or lines > standing.lines:
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
    tokens = task.options.batch * task.options.length
    validation = score and {
        "nats_per_char": score.nats_per_char,
        "bits_per_byte": score.bits_per_byte,
        "characters": score.characters,
        "reset": score.reset,
    }
    return {
        "iteration": standing.iteration,
        "seconds": round(standing.seconds, 3),
        "characters": round(standing.iteration * tokens * task.each),
        "nats_per_char": standing.nats / standing.steps / task.each,
        "rate": now,
        "characters_per_second": round(standing.steps * tokens * task.each / standing.busy, 1),
        "validation": validation,
    }


def _tell(progress: Progress, task: Task, standing: Standing) -> None:
    """Say how far it is, in steps or in seconds of the budget."""
    options = task.options
    speed = standing.iteration * options.batch * options.length * task.each / max(standing.seconds, 1e-9)
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
    """Wall and processor time, counted on from where a training stood."""

    def __init__(self, standing: Standing) -> None:
        self._wall = time.monotonic() - standing.seconds
        self._processor = time.process_time() - standing.cpu_seconds

    def read(self, standing: Standing) -> None:
        standing.seconds = time.monotonic() - self._wall
        standing.cpu_seconds = time.process_time() - self._processor
