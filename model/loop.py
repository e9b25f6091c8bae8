"""The training loop: batch after batch until budget, steps or patience end it, and what is looked at on the way.

All that changes lives in a `Learner` (arrays) and a `Standing` (numbers). Both are saved at every evaluation, at least
once a minute and when a signal asks to stop, so that the next `train` on the same folder goes on from there: with
`steps` to the very same weights, as if nothing had happened.
"""

import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from corpusmill.errors import TrainError
from corpusmill.types import Progress
from model import checkpoint, journal
from model.batches import batches
from model.checkpoint import Best, Standing
from model.learner import Learner
from model.machine import Pace
from model.options import TrainOptions
from model.sample import Sampler
from model.score import Score, measure
from model.stop import Stop
from preprocess.vocab import Ids, Vocabulary

LINES = 200  # of metrics.jsonl in a whole run: the points of a loss curve
EVALUATION_STREAMS = 32  # the validation text is read in so many places side by side unless `reset` says otherwise
SAVE_SECONDS = 60.0  # of training, the most that a power cut costs


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What there is to learn, and the folder that shows for it."""

    options: TrainOptions
    vocabulary: Vocabulary
    ids: Ids  # of the train split
    validation: str  # as much of the split as evaluations score
    folder: Path

    @property
    def reset(self) -> int:
        """How often evaluations zero the hidden state, in characters."""
        return self.options.reset or math.ceil(len(self.validation) / EVALUATION_STREAMS)


def train(task: Task, stop: Stop, pace: Pace, progress: Progress) -> tuple[Standing, str]:
    """Train, or go on training. Returns where it stands and what ended it: "budget", "steps", "early" or "interrupted".

    Raises TrainError when the loss is no longer a number, and CorruptError for a damaged checkpoint.
    """
    options = task.options
    learner, standing = begin(task)
    clock = _Clock(standing)
    stream = batches(task.ids, options.batch, options.length, options.seed, standing.position)
    while not (ended := _ended(options, standing)):
        batch, standing.position = next(stream)
        rate = learning_rate(options, fraction(options, standing))
        started = time.monotonic()
        try:
            loss = learner.learn(batch, rate)
        except FloatingPointError as error:
            raise _diverged(options, standing, error) from error
        taken = time.monotonic() - started
        standing.count(loss, taken)
        pace.took(taken)
        clock.read(standing)
        evaluated = _look(task, learner, standing, rate)
        clock.read(standing)
        _tell(progress, options, standing)
        stopping = stop.signum is not None
        if evaluated or stopping or standing.seconds - standing.saved > SAVE_SECONDS:
            standing.saved = standing.seconds
            checkpoint.save(task.folder, standing, learner.arrays())
        if stopping:
            return standing, "interrupted"
    return standing, ended


def begin(task: Task) -> tuple[Learner, Standing]:
    """A new learner, or the one that the folder holds, what was written after its last save forgotten."""
    learner = Learner(task.options, len(task.vocabulary))
    standing = Standing(started_at=datetime.now(UTC).isoformat(timespec="seconds"))
    if found := checkpoint.resume(task.folder):
        standing, arrays = found
        learner.restore(arrays)
    journal.rewind(task.folder, standing.iteration)
    return learner, standing


def fraction(options: TrainOptions, standing: Standing) -> float:
    """How much of the run is done, from 0 to 1."""
    if options.steps:
        return standing.iteration / options.steps
    return min(standing.seconds / (60 * options.minutes), 1.0)


def learning_rate(options: TrainOptions, done: float) -> float:
    """The rate when a fraction of the run is done: a straight rise, then half a cosine to a share of the highest."""
    if done < options.warmup:
        return options.learning_rate * done / options.warmup
    along = (done - options.warmup) / (1 - options.warmup)
    share = options.final_rate + (1 - options.final_rate) * (1 + math.cos(math.pi * along)) / 2
    return options.learning_rate * share


def _ended(options: TrainOptions, standing: Standing) -> str:
    if fraction(options, standing) >= 1:
        return "steps" if options.steps else "budget"
    return "early" if options.patience and standing.worse >= options.patience else ""


def _look(task: Task, learner: Learner, standing: Standing, rate: float) -> bool:
    """Write a line of metrics when one is due; evaluate, sample and keep the best when that is. Says whether it was."""
    evaluations = _reached(task.options, standing, task.options.evaluations)
    lines = _reached(task.options, standing, LINES)
    due = evaluations > standing.evaluations
    score = _evaluate(task, learner, standing) if due else None
    if due or lines > standing.lines:
        journal.line(task.folder, _metrics(task, standing, rate, score))
        standing.lines = lines
        standing.clear()
    if due:
        standing.evaluations = evaluations
        sampler = Sampler(learner.network.weights(), task.vocabulary, task.options.separator)
        journal.sample(task.folder, sampler, task.options.samples, standing.iteration, task.options.seed)
    return due


def _reached(options: TrainOptions, standing: Standing, parts: int) -> int:
    """How many of so many equal parts of the run are done."""
    return int(fraction(options, standing) * parts + 1e-9)


def _evaluate(task: Task, learner: Learner, standing: Standing) -> Score:
    """Score the validation text and, if that is the best so far, keep the weights."""
    learner.network.eval()
    score = measure(learner.network, task.vocabulary, task.validation, split="validation", reset=task.reset)
    learner.network.train()
    standing.bits_per_byte = score.bits_per_byte
    standing.worse += 1
    if standing.best is None or score.nats_per_char < standing.best.nats_per_char:
        path, digest = checkpoint.write_best(task.folder, standing.iteration, learner.network.weights())
        standing.best = Best(
            iteration=standing.iteration,
            nats_per_char=score.nats_per_char,
            bits_per_byte=score.bits_per_byte,
            path=path,
            sha256=digest,
        )
        standing.worse = 0
    return score


def _metrics(task: Task, standing: Standing, rate: float, score: Score | None) -> dict[str, object]:
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
        "rate": rate,
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
    else:
        progress("train", min(standing.seconds, 60 * options.minutes), 60 * options.minutes, note)


def _diverged(options: TrainOptions, standing: Standing, error: FloatingPointError) -> TrainError:
    best = f"; the best weights, of iteration {standing.best.iteration}, are kept" if standing.best else ""
    where = f"epoch {standing.position['epoch']}, window {standing.position['window']}"
    return TrainError(
        f"training diverged at iteration {standing.iteration + 1:,} ({where}): {error}{best}",
        f"lower train.learning_rate (it is {options.learning_rate:g}) or train.clip (it is {options.clip:g})",
    )


class _Clock:
    """Wall and processor time, counted on from where a training stood."""

    def __init__(self, standing: Standing) -> None:
        self._wall = time.monotonic() - standing.seconds
        self._processor = time.process_time() - standing.cpu_seconds

    def read(self, standing: Standing) -> None:
        standing.seconds = time.monotonic() - self._wall
        standing.cpu_seconds = time.process_time() - self._processor
