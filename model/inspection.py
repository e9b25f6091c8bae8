"""A run reads a text, and what goes on inside it is summed up and, where asked for, written down.

    inspect(run, store, "In the beginning", file=file, progress=show)

`activations` has the rows, `units` the sums. It knows no torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from corpusmill.errors import UsageError
from corpusmill.store import Store
from corpusmill.types import Progress, Run, silent
from model.activations import Table, blocks
from model.load import load
from model.options import TrainOptions
from model.step import Prepared
from model.units import Feature, Saturation, Summary

Chosen = Sequence[tuple[int, int, int | None]]
"""Layer, first unit and last unit; None = to the layer's end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was read, and what the units did."""

    run: str
    version: str
    cell: str
    layers: int
    units: int  # of each layer
    unit: str  # what it reads one by one
    tokens: int  # of these
    characters: int
    nats_per_char: float
    saturation: tuple[Saturation, ...]
    features: tuple[Feature, ...]


def inspect(
    run: Run, store: Store, text: str, *, file: BinaryIO | None = None, chosen: Chosen = (), progress: Progress = silent
) -> Inspection:
    """Read a text with a run's best weights; `file` takes the rows as Parquet, of the chosen units or of all.

    Raises UsageError for an empty text or a unit that there is not, CorruptError.
    """
    if not text:
        raise UsageError("there is nothing to inspect: the text is empty", "give a text of at least one character")
    trained = load(run, store)
    options, units = trained.options, _units(trained.options, chosen)
    facts = {"run": run.ref, "version": run.version_ref}
    table = Table(file, options, trained.vocabulary, units, facts) if file else None
    summary, prepared = Summary(options), Prepared.of(trained.weights, options)
    tokens = len(trained.vocabulary.starts(text))
    for block in blocks(prepared, options, trained.vocabulary, text):
        summary.add(block)
        if table:
            table.write(block)
        progress("inspect", block.start + len(block.tokens), tokens, "")
    if table:
        table.close()
    return Inspection(
        run=run.ref,
        version=run.version_ref,
        cell=options.cell,
        layers=options.layers,
        units=options.hidden,
        unit=trained.vocabulary.unit,
        tokens=tokens,
        characters=len(text),
        nats_per_char=summary.nats / len(text),
        saturation=summary.saturation(),
        features=summary.features(),
    )


def _units(options: TrainOptions, chosen: Chosen) -> list[np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Which units of each layer, each once and in order."""
    wanted = np.full((options.layers, options.hidden), not chosen)
    for layer, first, last in chosen:
        end = options.hidden - 1 if last is None else last
        if layer >= options.layers or not first <= end < options.hidden:
            there = f"layers 0 to {options.layers - 1}, units 0 to {options.hidden - 1} of each"
            raise UsageError(f"there is no unit {layer}:{first}{'' if end == first else f'-{end}'}", f"it has {there}")
        wanted[layer, first : end + 1] = True
    return [np.flatnonzero(row) for row in wanted]
