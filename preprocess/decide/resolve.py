"""What parsing gave -> what is published: rules on signals, duplicates, groups, splits. No text is looked at.

All thresholds are applied here, so that changing one parses nothing anew.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpusmill.errors import BuildError
from corpusmill.store.shards import Column
from corpusmill.types import Drop
from preprocess.clean.rules import Rule
from preprocess.decide import dedup
from preprocess.decide.index import Numbers, Parsed, Table
from preprocess.decide.split import assign
from preprocess.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Resolved:
    """The documents of a version, and everything else."""

    table: Table
    kept: Numbers  # rows, in the order of their ids
    splits: NDArray[np.uint8]  # of each, its place in SPLITS
    drops: list[Drop]
    parsed: int  # documents that parsing gave, those included that it left out itself
    columns: tuple[Column, ...] = ()  # besides those that every version has


def resolve(parsed: Parsed, recipe: Recipe, where: str) -> Resolved:
    """Decide on every document. Raises BuildError, naming the corpus `where` nothing, or too little, is left."""
    table, drops = parsed.table, list(parsed.drops)
    rows: Numbers = np.arange(len(table))
    rows, left = dedup.one_per_id(table, rows)
    drops += left
    for rule in recipe.rules:
        rows, left = _ruled(table, rows, recipe.signals.index(rule.signal), rule)
        drops += left
    linked = []
    if recipe.clean.dedup:
        rows, left = dedup.one_per_text(table, rows)
        drops += left
    if near := recipe.clean.near:
        clusters = dedup.clusters(table, rows, near)
        if near.keep == "one":
            rows, left = dedup.one_per_cluster(table, rows, clusters)
            drops += left
        else:
            linked.append((np.arange(len(rows)), clusters))
    if not recipe.clean.dedup:
        linked.append(dedup.same_text(table, rows))
    if not len(rows):
        raise nothing_left(drops, where)
    splits = assign(dedup.together(table, rows, linked), recipe.split.fractions, where)
    return Resolved(table, rows, splits, drops, len(table) + len(parsed.drops), recipe.columns)


def _ruled(table: Table, rows: Numbers, column: int, rule: Rule) -> tuple[Numbers, list[Drop]]:
    """The rows that keep a rule, and a drop for each that breaks it."""
    refusals = [rule.refusal(float(value)) for value in table.signals[rows, column]]
    refused = np.array([bool(why) for why in refusals], bool)
    sources = table.sources(rows[refused]) if refused.any() else {}
    drops = [
        Drop(id=table.identity(row), step="keep", reason=why, source=sources[int(row)])
        for row, why in zip(rows, refusals, strict=True)
        if why
    ]
    return rows[~refused], drops


def nothing_left(drops: list[Drop], where: str) -> BuildError:
    """What a build is refused with that leaves no document."""
    reasons = ", ".join(sorted({d.reason.partition(":")[0] for d in drops}))
    message = f"{where}: all {len(drops):,} documents were left out ({reasons})"
    return BuildError(message, "give other material, or loosen [clean]")
