"""A snapshot's files -> units of work, each some megabytes of raw material that one worker makes a partition of.

Where a unit ends is decided by what is in it and never by how many workers there are: after a file, by a hash of its
address, the likelier the larger it is. So a file more or less changes the unit that it is in, and no other. An archive
is read once, here, its members handed on; a file that is larger than memory is cut between records where its parser
can.

It parses nothing. Where the files are is a `Reader`'s to know: on this disk, or nearer to other machines.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import xxhash

from corpusmill.errors import ParseError
from corpusmill.store.ids import sha256
from corpusmill.types import RawFile, Snapshot
from preprocess import archive
from preprocess.partition.mill import Part, largest_of, left_out, too_large
from preprocess.recipe import Recipe

TARGET = 4 << 20  # bytes of a unit on average
MOST = 16 << 20  # bytes of raw material in memory for one unit
PIECE = 16 << 20  # bytes of a piece of a file that is cut; where it is cut may tell in how a piece is decoded
SMALL = 4 << 20  # bytes of a file that is left to the worker to read, archives of that size too
_FILES = 512  # of a unit on average, however small they are
_MOST_FILES = 4096
_SLICE = 1 << 20

Cut = Callable[[bytes], tuple[int, int]]
Told = Callable[[str, int], None]
"""Told of the address that is read, and how many more bytes of the snapshot are."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Parts for one worker. All of one large file carry its address, so that they fall together if it is damaged."""

    parts: tuple[Part, ...]
    origin: str = ""
    closed: bool = False  # a large file, its only part, that whoever works on it opens and divides

    @property
    def size(self) -> int:
        """Bytes of its raw material."""
        return sum(part.file.bytes if part.body is None else len(part.body) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Damaged:
    """A large file of which nothing is taken, though units of it were given."""

    file: RawFile
    error: ParseError


@dataclass(frozen=True, slots=True)
class Reader:
    """How the files of a snapshot are come by."""

    is_packed: Callable[[RawFile], bool]  # whether a small file is an archive, or packed
    bring: Callable[[RawFile], None]  # see that a large file can be read here
    closed: bool = False  # large files are left to those who work on them


def reader(root: Path) -> Reader:
    """The reader of those that have every file here."""
    return Reader(lambda file: archive.is_archive(file, root), lambda _file: None)


def units(
    recipe: Recipe, snapshot: Snapshot, root: Path, told: Told, how: Reader | None = None
) -> Iterator[Unit | Damaged]:
    """Every file of a snapshot in units. Raises BuildError, CorruptError."""
    small: list[Part] = []
    size, cuts, how = 0, can_cut(recipe), how or reader(root)
    for file in sorted(snapshot.files, key=lambda file: (file.url, file.sha256)):
        if left_out(recipe, file) or is_small(file, cuts=cuts, is_packed=how.is_packed):
            small.append(Part(file))
            size += file.bytes
            told(file.url, file.bytes)
            if _ends(file, len(small), size):
                yield Unit(tuple(small))
                small, size = [], 0
            continue
        if small:
            yield Unit(tuple(small))
            small, size = [], 0
        if how.closed:
            told(file.url, file.bytes)
            yield Unit((Part(file),), file.url, closed=True)
        else:
            how.bring(file)
            yield from opened(recipe, file, root, told)
    if small:
        yield Unit(tuple(small))


def can_cut(recipe: Recipe) -> bool:
    """Whether files of this kind can be cut between records."""
    return _cutter(recipe) is not None


def is_small(file: RawFile, *, cuts: bool, is_packed: Callable[[RawFile], bool]) -> bool:
    """Whether a worker can read it alone: of what is packed, nobody knows how much is in it, and whether to cut it."""
    return file.bytes <= SMALL and not (cuts and is_packed(file))


def opened(recipe: Recipe, file: RawFile, root: Path, told: Told) -> Iterator[Unit | Damaged]:
    """The units of one large file. Raises BuildError, CorruptError."""
    cut = _cutter(recipe)
    try:
        for parts in _grouped(_parts(recipe, file, root, told, cut)):
            told(parts[-1].file.url, 0)
            yield Unit(tuple(parts), file.url)
    except ParseError as error:
        yield Damaged(file, error)


def _parts(recipe: Recipe, file: RawFile, root: Path, told: Told, cut: Cut | None) -> Iterator[Part]:
    """A large file: its members, or its pieces, or itself. Raises ParseError."""
    read = partial(told, file.url)
    largest = largest_of(recipe.parser)
    pieces = archive.pieces(file, recipe.parse.members, root, read) if cut else None
    if cut and pieces:
        yield from _cut(file, pieces, cut, largest)
    elif archive.is_archive(file, root):
        for member, body in archive.members(file, recipe.parse.members, root, read):
            if cut and len(body) > PIECE and not left_out(recipe, member):
                yield from _cut(replace(member, sha256=sha256(body)), _slices(body), cut, largest)
            else:
                yield Part(member, body)
    elif file.bytes > largest:
        raise too_large(file.bytes, largest)
    else:
        yield Part(file)
        read(file.bytes)


def _cutter(recipe: Recipe) -> Cut | None:
    """The parser's own way to cut a file between records, if it has one."""
    cut = getattr(recipe.parser, "cut", None)
    return (lambda body: cut(body, recipe.parse)) if cut else None


def _cut(file: RawFile, pieces: Iterable[bytes], cut: Cut, largest: int) -> Iterator[Part]:
    """A file in parts of whole records, about PIECE bytes each; as it is, if it is no longer than that."""
    held, before, wanted = bytearray(), 0, PIECE
    for piece in pieces:
        held += piece
        while len(held) >= wanted:
            end, records = cut(bytes(held[:wanted]))
            if end:
                yield Part(file, bytes(held[:end]), before)
                del held[:end]
                before, wanted = before + records, PIECE
            elif wanted > largest:  # no record ends in it, or it cannot be cut
                raise too_large(wanted, largest)
            else:
                wanted *= 2
    if held:
        yield Part(file, bytes(held), before)


def _slices(body: bytes) -> Iterator[bytes]:
    return (body[start : start + _SLICE] for start in range(0, len(body), _SLICE))


def _grouped(parts: Iterable[Part]) -> Iterator[list[Part]]:
    group: list[Part] = []
    size = 0
    for part in parts:
        group.append(part)
        size += len(part.body or b"")
        if _ends(part.file, len(group), size) or part.before:
            yield group
            group, size = [], 0
    if group:
        yield group


def _ends(file: RawFile, files: int, size: int) -> bool:
    """Whether a unit ends after this file."""
    if size >= MOST or files >= _MOST_FILES:
        return True
    place = xxhash.xxh3_64_intdigest(file.url.encode()) / 2**64
    return place < max(file.bytes / TARGET, 1 / _FILES)
