"""Manifests as they are read: whole, sealed, and of the thing whose folder they lie in."""

import os
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

import msgspec

from corpusmill.errors import CorruptError, UnknownNameError
from corpusmill.store.seal import broken
from corpusmill.types import Run, Snapshot, Version

Stored = TypeVar("Stored", Snapshot, Version, Run, str)


def answered(snapshot: Snapshot) -> set[str]:
    """The digests of what was answered; of what was gone no body is kept."""
    return {file.sha256 for file in snapshot.files if file.status == HTTPStatus.OK}


def folders(folder: Path) -> list[Path]:
    """Sub-folders that a writer has finished; a leading dot means it has not."""
    try:
        with os.scandir(folder) as found:
            names = sorted(entry.name for entry in found if not entry.name.startswith(".") and entry.is_dir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [folder / name for name in names]


def read(path: Path, kind: type[Stored]) -> Stored:
    """One manifest, or a name that something points at. Raises UnknownNameError, CorruptError."""
    remedy = "remove it" if kind is str else "restore it from a copy, or remove its folder"
    try:
        body = path.read_bytes()
        found = msgspec.json.decode(body, type=kind)
    except FileNotFoundError as error:
        raise UnknownNameError(f"{path.parent} is not there", "list what is with: corpusmill versions") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CorruptError(f"{path} is damaged: {error}", remedy) from error
    if broken(body):
        raise CorruptError(f"{path} is damaged: it is not what was sealed", remedy)
    if not isinstance(found, str) and _place(found) != (path.parts[-4], path.parts[-2]):
        raise CorruptError(f"{path} is damaged: it is that of {'/'.join(_place(found))}", remedy)
    return found


def _place(thing: Snapshot | Version | Run) -> tuple[str, str]:
    """The corpus that a thing is of, and the name of its folder."""
    return thing.corpus, thing.name if isinstance(thing, Version) else thing.id
