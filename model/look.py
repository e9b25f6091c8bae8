"""What is looked at as training goes on: lines of metrics, evaluations with their samples, how far it is.

Of several processes only the first looks and writes; the others are told what it found.
"""

import math
import time
from dataclasses import dataclass

from corpusmill.errors import Interrupted
from corpusmill.types import Progress
from model import checkpoint, journal
from model.checkpoint import Best, Standing
from model.evaluate import Score, measure
from model.learner import Learner
from model.rates import fraction
from model.sample import Sampler
from model.stop import Stop
from model.task import Task

LOOKING = 0.2  # share of a budget in minutes that evaluations may take before the next one is spared
LINES = 200  # of metrics.jsonl in a whole run: the points of a loss curve


class RefusedError(Exception):
    """Something that training has to go back from: which iteration it was, and what was in its batch."""

    def __init__(self, said: str, iteration: int, documents: tuple[str, ...] = ()) -> None:
        """`iteration` is that of the step that was refused, or after which the evaluation was."""
        super().__init__(said)
        self.iteration, self.documents = iteration, documents


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the first process found when an evaluation was due."""

    standing: Standing
    whole: bool  # not cut off by a signal
    refused: str = ""


def look(task: Task, learner: Learner, standing: Standing, stop: Stop) -> tuple[Standing, bool]:
    """Write a line of metrics when one is due; evaluate, sample and keep the best when that is.

    Returns the standing and whether it was evaluated. Cut off by a signal all of it is owed, and nothing has been done.
    Raises RefusedError for a loss that is no number.
    """
    evaluations = task.reached(standing, task.options.evaluations)
    if evaluations > standing.evaluations and not _spared(task, standing):
        own = None if task.peers.rank else _evaluated(task, learner, standing, stop)
        seen: _Seen = task.peers.agree(own, _Seen)
        if seen.refused:
            raise RefusedError(seen.refused, standing.iteration)
        if not seen.whole:
            return standing, False
        seen.standing.evaluations = evaluations
        return _noted(task, seen.standing), True
    if task.reached(standing, LINES) > standing.lines:
        if not task.peers.rank:
            journal.line(task.folder, _metrics(task, standing, None))
        standing = _noted(task, standing)
    standing.owed = False
    return standing, False


def _spared(task: Task, standing: Standing) -> bool:
    """Whether an evaluation is left out, since a slow or busy machine would else do little but evaluate.

    The last one never is. What has so many steps or epochs has all of them, to be the same again on any machine.
    """
    timed = not task.options.steps and not task.options.epochs
    return timed and task.reached(standing, 1) < 1 and standing.looked > LOOKING * standing.seconds


def _noted(task: Task, standing: Standing) -> Standing:
    """The standing after a line of metrics."""
    standing.lines, standing.owed = task.reached(standing, LINES), False
    standing.note()
    return standing


def _evaluated(task: Task, learner: Learner, standing: Standing, stop: Stop) -> _Seen:
    began = time.monotonic()
    try:
        score = _evaluate(task, learner, standing, stop)
    except Interrupted:
        return _Seen(standing, whole=False)
    except RefusedError as error:
        return _Seen(standing, whole=False, refused=str(error))
    standing.looked += time.monotonic() - began
    journal.line(task.folder, _metrics(task, standing, score))
    return _Seen(standing, whole=True)


def _evaluate(task: Task, learner: Learner, standing: Standing, stop: Stop) -> Score:
    """Score the validation text and let the model write; keep the weights if that is the best so far."""
    with learner.judged() as network:
        score = measure(network, task.vocabulary, task.validation, split="validation", reset=task.reset, tick=stop.heed)
        weights = network.weights()
    if not math.isfinite(score.nats_per_char):
        raise RefusedError(f"validation loss {score.nats_per_char:.4g}", standing.iteration)
    sampler = Sampler(weights, task.vocabulary, task.options)
    journal.sample(task.folder, sampler, task.options.samples, standing.iteration, task.options.seed, stop)
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
    return score


def _metrics(task: Task, standing: Standing, score: Score | None) -> dict[str, object]:
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
        "rate": standing.rate,
        "characters_per_second": round(standing.steps * tokens * task.each / standing.busy, 1),
        "validation": validation,
    }


def tell(progress: Progress, task: Task, standing: Standing) -> None:
    """Say how far it is, in steps, epochs or seconds of the budget."""
    options = task.options
    speed = standing.iteration * options.batch * options.length * task.each / max(standing.seconds, 1e-9)
    losses = [] if standing.loss is None else [f"train {standing.loss / task.each / task.wide / math.log(2):.2f}"]
    if standing.bits_per_byte is not None:
        losses.append(f"validation {standing.bits_per_byte:.2f}")
    note = f"{speed:,.0f} characters/s"
    if losses:
        note += f" · {', '.join(losses)} bits per byte"
    if standing.setbacks:
        note += " · went back once, at half the rate since"
    whole = options.steps or options.epochs or 60 * options.minutes
    progress("train", round(whole * fraction(options, len(task.ids), standing), 3), whole, note)
