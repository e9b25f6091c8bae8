"""How it learnt: the loss curve, and the same as a table."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reports import chart, words
from reports.chart import Curve, Frame
from reports.material import Evaluation, Material

DRAWN = 240  # points of the training curve; more than the eye can part
START = 0.03  # of all characters read: the share whose training losses may leave the picture
ROWS = 60  # evaluations in the table
UNITS = ((1e6, "million characters"), (1e3, "thousand characters"))
STOPPED = {
    "budget": "Training stopped when its time was up.",
    "steps": "Training stopped after the iterations it was given.",
    "epochs": "Training stopped when it had read its text as often as it was to.",
    "early": "Training stopped early: the validation loss had ceased to improve.",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One evaluation; `train` is the mean since the one before."""

    iteration: str
    characters: str
    seconds: str
    train: str
    validation: str
    bits: str
    best: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """The curve, wide and narrow, and its table."""

    wide: Markup
    narrow: Markup
    rows: tuple[Row, ...]
    unlisted: int  # evaluations that the table leaves out
    stopped: str
    cut: str  # which losses the picture leaves out
    spelt: str  # what only one of the losses counts


def training(material: Material) -> Training:
    """Material -> the section on how it learnt."""
    rows = [_row(evaluation, material.best.iteration) for evaluation in material.evaluations]
    y_ticks, highest = _y_ticks(material), max(metric.nats_per_char for metric in material.metrics)
    step = math.ceil(len(rows) / ROWS)
    listed = tuple(row for index, row in enumerate(rows) if row.best or index % step == 0)
    return Training(
        wide=_drawn(chart.WIDE, material, y_ticks),
        narrow=_drawn(chart.NARROW, material, y_ticks),
        rows=listed,
        unlisted=len(rows) - len(listed),
        stopped=STOPPED.get(material.run.stopped, ""),
        cut=f"The first training losses, up to {highest:.2f}, lie above the picture." if highest > y_ticks[-1] else "",
        spelt=f"The bytes of unknown {material.settings.unit}s count in the validation loss alone."
        if material.unknown
        else "",
    )


def _row(evaluation: Evaluation, best: int) -> Row:
    return Row(
        iteration=words.count(evaluation.iteration),
        characters=words.count(evaluation.characters),
        seconds=words.count(evaluation.seconds),
        train=f"{evaluation.train:.3f}",
        validation=f"{evaluation.validation:.3f}",
        bits=f"{evaluation.bits_per_byte:.3f}",
        best=evaluation.iteration == best,
    )


def _y_ticks(material: Material) -> list[float]:
    """From the lowest loss to the highest, the steep beginning left out: it would flatten all that follows."""
    start = START * material.characters_read
    train = [metric.nats_per_char for metric in material.metrics if metric.characters >= start]
    shown = [*train, *(evaluation.validation for evaluation in material.evaluations)]
    return chart.ticks(min(shown), max(shown), 6)


def _drawn(frame: Frame, material: Material, y_ticks: Sequence[float]) -> Markup:
    scale, unit = _unit(material.characters_read)
    train = [(metric.characters / scale, metric.nats_per_char) for metric in material.metrics]
    validation = [(e.characters / scale, e.validation) for e in material.evaluations]
    best = min(validation, key=lambda point: point[1])
    label = "" if best == validation[-1] else f"best {best[1]:.3f}"
    end = f"{validation[-1][1]:.3f}{'' if label else ' best'}"
    curves = [
        Curve("train", "train", f"{train[-1][1]:.3f}", chart.thin(train, DRAWN)),
        Curve("validation", "validation", end, validation, [_pointed(e) for e in material.evaluations]),
    ]
    return chart.lines(frame, curves, y_ticks, (best, label), _words(material, unit))


def _pointed(evaluation: Evaluation) -> str:
    """What a dot says when pointed at."""
    return (
        f"iteration {words.count(evaluation.iteration)}: {evaluation.validation:.3f} nats per character, "
        f"{evaluation.bits_per_byte:.3f} bits per byte"
    )


def _unit(characters: float) -> tuple[float, str]:
    """What the axis counts in, and its name."""
    return next((unit for unit in UNITS if characters > unit[0]), (1, "characters"))


def _words(material: Material, unit: str) -> dict[str, str]:
    best, first = material.best, material.evaluations[0]
    return {
        "title": "Loss while training",
        "description": (
            f"Training and validation loss over {words.about(material.characters_read)} characters read. In nats per "
            f"character the validation loss was {first.validation:.3f} at the first evaluation and "
            f"{best.validation:.3f} at the best, iteration {words.count(best.iteration)}."
        ),
        "x": f"{unit} read",
        "y": "nats per character",
    }
