"""Another project's split of a single file, its text untouched: no steps, no duplicates dropped.

Where to cut is `preprocess.decide.legacy`'s; this finds the file and makes a document of each piece.
"""

from dataclasses import replace

import numpy as np

from corpusmill.errors import BuildError
from corpusmill.store import Store, tombstones
from corpusmill.store.ids import content_id, document_id
from corpusmill.store.tombstones import Tombstones
from corpusmill.types import SPLITS, Corpus, RawFile, Snapshot
from preprocess import archive
from preprocess.decide import index, legacy
from preprocess.decide.resolve import Resolved
from preprocess.parse import TextOptions, document, drop
from preprocess.partition import files as partition
from preprocess.partition.mill import folder_of, forgetting, is_forgotten, refused
from preprocess.recipe import Recipe
from preprocess.text.decode import decode


def cut(recipe: Recipe, corpus: Corpus, snapshot: Snapshot, store: Store, parts: int) -> Resolved:
    """The pieces of the only one of `parts` files. Raises BuildError where there are more, or a piece is empty."""
    scheme = recipe.split.scheme
    if parts != 1:
        message = f"{corpus.name}: {scheme} cuts a single file, and there are {parts}"
        raise BuildError(message, "use the scheme document")
    folder = folder_of(store, corpus.name)
    writer = partition.Writer(folder, content_id([recipe.table, snapshot.id, corpus.licence], 32))
    stones = tombstones.load(store, corpus.name)
    file, body = _only(recipe, snapshot, store, stones, writer)
    file = replace(file, licence=file.licence or corpus.licence)
    decoded = decode(body, recipe.parse.encoding if isinstance(recipe.parse, TextOptions) else "")
    cutter = legacy.cutter(scheme)
    assert cutter, "the scheme was checked"
    found = cutter(decoded.text)
    if not all(found.pieces.values()):
        raise BuildError(f"{corpus.name}: one piece of {scheme} is empty", "give more text")
    for split, text in found.pieces.items():
        piece = document(file, split, text, meta=decoded.meta)
        if is_forgotten(piece, stones):
            writer.drop(forgetting(piece, stones))
        else:
            writer.add(piece)
    if found.left_out:
        writer.drop(drop(file, "rest", f"beyond the last whole batch: {found.left_out:,} characters"))
    return _resolved(writer, file)


def _only(
    recipe: Recipe, snapshot: Snapshot, store: Store, stones: Tombstones, writer: partition.Writer
) -> tuple[RawFile, bytes]:
    """The file that parsing found; a drop for each that is left out."""
    whole = [file for file in snapshot.files if not _dropped(recipe, stones, file, writer)]
    found = (part for file in whole for part in archive.parts(file, recipe.parse.members, store.root))
    (only,) = [part for part in found if not _dropped(recipe, stones, part[0], writer)]
    return only


def _dropped(recipe: Recipe, stones: Tombstones, file: RawFile, writer: partition.Writer) -> bool:
    refusal = refused(recipe, stones, file)
    if refusal:
        writer.drop(refusal)
    return bool(refusal)


def _resolved(writer: partition.Writer, file: RawFile) -> Resolved:
    """Every document, in the split that it is the piece of."""
    writer.close()
    parsed = index.join(writer.folder, [writer.key], 0, 0)
    split_of = {document_id(file.url, split): place for place, split in enumerate(SPLITS)}
    rows = np.arange(len(parsed.table))
    splits = np.array([split_of[parsed.table.identity(int(row))] for row in rows], np.uint8)
    return Resolved(parsed.table, rows, splits, parsed.drops, len(rows) + len(parsed.drops))
