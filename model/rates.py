"""How far a training is, and the learning rate there."""

import math
from collections.abc import Sequence
from dataclasses import replace

from model.batches import Position
from model.checkpoint import Standing
from model.options import TrainOptions


def fraction(options: TrainOptions, length: int, standing: Standing) -> float:
    """How much of the run is done, from 0 to 1: of the steps, of the epochs of `length` characters, or of the time."""
    if options.steps:
        return standing.iteration / options.steps
    if options.epochs:
        return min(standing.iteration * options.batch * options.length / (options.epochs * length), 1.0)
    return min(standing.seconds / (60 * options.minutes), 1.0)


def rate(options: TrainOptions, length: int, standing: Standing) -> float:
    """The rate of the next step; after a setback, less of it."""
    done = fraction(options, length, standing)
    found = options.learning_rate * _share(options, done, standing.position["epoch"])
    return found * math.prod(setback.rate for setback in standing.setbacks)


def _share(options: TrainOptions, done: float, epoch: int) -> float:
    """Of the highest rate: a straight rise, then as the schedule says.

    "cosine" is half a cosine, to ``final_rate`` (Loshchilov & Hutter 2017); "epochs" is char-rnn's: after each epoch
    from the ``decay_after``-th on the rate is multiplied by ``decay``.
    """
    if done < options.warmup:
        return done / options.warmup
    if options.schedule == "cosine":
        along = (done - options.warmup) / (1 - options.warmup)
        return options.final_rate + (1 - options.final_rate) * (1 + math.cos(math.pi * along)) / 2
    return options.decay ** max(epoch - options.decay_after + 1, 0) if options.schedule == "epochs" else 1.0


def along(options: TrainOptions, length: int, standing: Standing, positions: Sequence[Position]) -> list[float]:
    """The rates of the next steps, after which the reading is at these positions."""
    begins = enumerate([standing.position, *positions[:-1]])
    stands = (replace(standing, iteration=standing.iteration + ahead, position=begin) for ahead, begin in begins)
    return [rate(options, length, each) for each in stands]


def stretch(options: TrainOptions, length: int, standing: Standing, most: int) -> int:
    """How many steps to take at once, at most so many: none beyond the next evaluation, where that can be told."""
    whole = options.steps
    if options.epochs and not whole:
        whole = math.ceil(options.epochs * length / (options.batch * options.length))
    if not whole:
        return most
    due = math.ceil((standing.evaluations + 1) * whole / options.evaluations)
    return min(max(due - standing.iteration, 1), most)
