"""Names and digests: what may be a name, and how a value becomes an id.

Ids are SHA-256 over canonical JSON (sorted keys, UTF-8, no spaces), cut to 12 hex digits for snapshots, versions and
runs (a store holds thousands of these, not billions) and 32 for documents. Files are named by the whole digest.
"""

import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_RESERVED = {"blobs", "commits", "objects", "refs", "tags", "lineage", "locks"}
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?")  # no file's name on Windows, whatever follows the dot


def is_name(text: str) -> bool:
    """Whether a corpus may be called this: it becomes a folder, on any system and on S3."""
    unusable = text in _RESERVED or _DEVICE.fullmatch(text) or text.endswith(".") or ".." in text
    return bool(_NAME.fullmatch(text)) and not unusable


def slug(text: str) -> str:
    """The nearest valid corpus name to any text (``My Poems (1).txt`` -> ``my-poems-1``)."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:48].strip("-")
    return name if is_name(name) else f"own-{name}".rstrip("-")


def canonical(value: Any) -> bytes:
    """The one JSON form of a value: equal values give equal bytes."""
    return msgspec.json.encode(value, order="sorted")


def pretty(value: Any) -> bytes:
    """The same for people: indented, with a final newline."""
    return msgspec.json.format(canonical(value), indent=1) + b"\n"


def content_id(value: Any, digits: int = 12) -> str:
    """Hex digits that name a value: 12 of them a snapshot, version or run."""
    return hashlib.sha256(canonical(value)).hexdigest()[:digits]


def document_id(source: str, position: str | int = "") -> str:
    """32 hex digits that name a document: where it is, never what it says, so an edit keeps the id."""
    return hashlib.sha256(f"{source}\n{position}".encode()).hexdigest()[:32]


def sha256(body: bytes) -> str:
    """Hex digest of bytes."""
    return hashlib.sha256(body).hexdigest()


def file_sha256(path: Path) -> str:
    """Hex digest of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def rows_digest(rows: Iterable[tuple[str, ...]]) -> str:
    """Digest of rows of strings, each row and field with its length before it, so no two different tables agree."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(len(row).to_bytes(8, "little"))
        for field in row:
            data = field.encode()
            digest.update(len(data).to_bytes(8, "little"))
            digest.update(data)
    return digest.hexdigest()


@cache
def code_digest(*packages: str) -> str:
    """12 hex digits over the source of whole packages and single modules, by path: what a stage was made by.

    Takes import names; raises ModuleNotFoundError for one that is missing.
    """
    root = Path(__file__).parent.parent.parent
    files = sorted({path for name in packages for path in _sources(root / name.replace(".", "/"))})
    return rows_digest((p.relative_to(root).as_posix(), p.read_text(encoding="utf-8")) for p in files)[:12]


def _sources(place: Path) -> list[Path]:
    module = place.with_name(f"{place.name}.py")
    found = [module] if module.is_file() else list(place.rglob("*.py"))
    if not found:
        raise ModuleNotFoundError(f"no source at {place}")
    return found
