"""Named arrays <-> safetensors files, atomically written and checked before they are parsed.

It knows no torch. Pickles and zips, torch's own formats, are refused unopened: reading one runs whatever code it holds.
"""

from pathlib import Path
from typing import Any

import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from corpusmill.errors import CorruptError
from corpusmill.store import commit
from corpusmill.store.ids import sha256

Weights = dict[str, NDArray[Any]]
"""Arrays by name: a network's parameters, or all that a training needs to go on."""

HINT = "restore it from a copy, or remove its folder and train again"


def write(path: Path, weights: Weights, *, named: bool = True) -> str:
    """Write a file whole or not at all, as `commit.write_file` does; returns its SHA-256."""
    body = safetensors.numpy.save(weights)
    commit.write_file(path, body, named=named)
    return sha256(body)


def read(path: Path, digest: str) -> Weights:
    """Read a file whose SHA-256 is known. Raises CorruptError for one that is missing, changed or not safetensors."""
    try:
        body = path.read_bytes()
    except FileNotFoundError as error:
        raise CorruptError(f"{path} is missing", HINT) from error
    if sha256(body) != digest:
        raise CorruptError(f"{path} does not match its digest", HINT)
    if body[8:9] != b"{":  # eight bytes of length, then JSON: what neither a pickle nor a zip has there
        raise CorruptError(f"{path} is not safetensors", "pickle and zip files are never opened: they can run code")
    try:
        return dict(sorted(safetensors.numpy.load(body).items()))  # the library gives them in any order
    except safetensors.SafetensorError as error:
        raise CorruptError(f"{path} cannot be read: {error}", HINT) from error
