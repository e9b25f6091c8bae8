"""A second pass over the partitions, for what has to know the whole corpus: characters that hardly occur.

It runs only where ``[clean] rare`` is declared. Characters are counted in the documents that would be published, then
each partition is written again without the rare ones, and what is decided is decided anew. Signals stay as they were
measured.
"""

import numpy as np

from corpusmill.store.ids import content_id
from corpusmill.types import Drop
from preprocess.clean.rare import RareOptions, apply, rare
from preprocess.decide import index
from preprocess.decide.index import Parsed, Table
from preprocess.decide.resolve import Resolved
from preprocess.partition import files as partition
from preprocess.partition.mill import signer
from preprocess.publish.histogram import Histogram
from preprocess.publish.rows import Lost, Rows
from preprocess.recipe import Recipe


def thinned(parsed: Parsed, resolved: Resolved, recipe: Recipe, options: RareOptions) -> Parsed:
    """What parsing gave, without the characters that are rare in what was resolved. Raises Lost, CorruptError."""
    _refuse_lost(parsed.table)
    rows, histogram = Rows(parsed.table, None), Histogram()
    for group in rows.groups(resolved.kept):
        histogram.add(group.texts.buffers()[2])
    gone = rare(histogram.counts(), options)
    if not gone:
        return parsed
    keys = [_rewritten(parsed.table, owner, rows, gone, recipe, options) for owner in range(len(parsed.table.keys))]
    return index.join(parsed.table.folder, keys, len(recipe.signals), parsed.table.signatures.shape[1])


def _refuse_lost(table: Table) -> None:
    """Raise Lost, naming all partitions whose rows were tidied away; it takes the documents that are dropped too."""
    owners = np.unique(table.owners)
    lost = [table.keys[o] for o in owners if not partition.rows_path(table.folder, table.places[o]).exists()]
    if lost:
        raise Lost(lost)


def _rewritten(table: Table, owner: int, rows: Rows, gone: frozenset[str], recipe: Recipe, options: RareOptions) -> str:
    """The key of a partition without these characters."""
    key = content_id([table.keys[owner], sorted(gone), options], 32)
    before = partition.load(table.folder, table.keys[owner])
    assert before, "a partition that was loaded is there"
    writer = partition.Writer(table.folder, key, declared=list(recipe.parse.columns), signed=signer(recipe))
    writer.carry(before)
    try:
        for document in rows.documents(_in_order(table, owner), recipe.signals):
            result = apply(document, gone, options)
            if isinstance(result, Drop):
                writer.drop(result)
            else:
                writer.add(result)
        writer.close()
    finally:
        writer.abandon()
    return key


def _in_order(table: Table, owner: int) -> index.Numbers:
    """A partition's rows as they lie in it."""
    mine = np.flatnonzero(table.owners == owner)
    return mine[np.argsort(table.records["offset"][mine])]
