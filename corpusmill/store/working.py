"""The working copy of a store in a bucket: a folder, filled as things are asked for.

Of it nothing is believed: manifests are compared with the bucket's whenever they are listed, by the tag that the
bucket gives to each other body, and files are checked against their digests when they come. What lies beside a
manifest that was replaced goes with it. What was published after it began to be fetched is not taken for it.
"""

import hashlib
import platform
import shutil
import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import BinaryIO, TypeVar

import msgspec

from corpusmill.errors import CorruptError, StoreError
from corpusmill.store import commit
from corpusmill.store.blobs import blob_path
from corpusmill.store.commit import MANIFEST
from corpusmill.store.ids import content_id, sha256
from corpusmill.store.objects import Entry, Objects, PassingError

AT_ONCE = 8  # requests
COMMITS = "commits/"
OBJECTS = "objects/"
_MACHINE = ".machine"
_TAG = ".tag"  # beside a manifest: the bucket's tag of what was fetched
_ATTEMPTS = 3  # to fetch a file that breaks off on the way, or comes with a wrong digest
Item = TypeVar("Item")
Made = TypeVar("Made")


class Record(msgspec.Struct, frozen=True):
    """What a commit has to put into its folder."""

    folder: str
    files: dict[str, str]  # path in it -> SHA-256
    changed: list[str] | None = None  # where what was there is replaced: paths of files that are other than they were


def machine(root: Path) -> str:
    """What tells this working copy from others, and a copy of its disk too."""
    path = root / _MACHINE
    if not path.is_file():
        commit.write_file(path, uuid.uuid4().hex.encode())
    return content_id([path.read_text(encoding="utf-8"), platform.node()])


def take(root: Path, bucket: Objects, path: Path) -> None:
    """Make a file that may be replaced here what it is in the bucket, or absent."""
    try:
        body = bucket.get(path.relative_to(root).as_posix())
    except FileNotFoundError:
        path.unlink(missing_ok=True)
        return
    if not path.is_file() or path.read_bytes() != body:
        commit.write_file(path, body)


def take_all(root: Path, bucket: Objects, folder: Path) -> None:
    """The same for all such files in a folder."""
    prefix = f"{folder.relative_to(root).as_posix()}/"
    here = {path for path in folder.iterdir() if path.is_file()} if folder.is_dir() else set()
    each(lambda path: take(root, bucket, path), here | {inside(root, entry.key) for entry in bucket.list(prefix)})


def pull(root: Path, bucket: Objects, prefix: str) -> bool:
    """Make the manifests in a folder, or right below, those of the bucket: what is gone there goes here.

    Returns whether one that was here is another now, which happens when something had to be forgotten.
    """
    here = {path for path in (root / prefix).glob(f"*/{MANIFEST}") if not path.parent.name.startswith(".")}
    here |= {path for path in [root / prefix / MANIFEST] if path.is_file()}
    depth = prefix.count("/")
    listed = {inside(root, entry.key): entry for entry in bucket.list(prefix) if _is_manifest(entry.key, depth)}
    for path in here - listed.keys():
        shutil.rmtree(path.parent)
    changed = [path for path, entry in listed.items() if path not in here or _tag(path) != entry.tag]
    return any(each(lambda path: _refresh(bucket, path, listed[path]), changed))


def fetch(root: Path, bucket: Objects, folder: str, digests: Mapping[str, str]) -> None:
    """Have every file of a folder here. `digests` names those that it must have, with the SHA-256 where it is known.

    What the bucket has not either stays absent: whoever reads it says so. Raises CorruptError, StoreError.
    """
    if all((root / folder / path).is_file() for path in digests):
        return
    manifest = root / folder / MANIFEST
    known = manifest.read_bytes() if manifest.is_file() else b""
    there = {entry.key.removeprefix(f"{folder}/"): entry.key for entry in bucket.list(f"{folder}/")}
    record = _record(bucket, known)
    sources = there | {path: object_key(digest) for path, digest in record.items()}
    sums = {path: digest for path, digest in digests.items() if digest} | record
    wanted = [path for path in sources if path != MANIFEST and not inside(root, f"{folder}/{path}").is_file()]
    try:
        each(lambda path: _get(bucket, sources[path], inside(root, f"{folder}/{path}"), sums.get(path)), wanted)
    except (CorruptError, FileNotFoundError):
        _refuse_replaced(bucket, manifest, folder, known)
        raise
    _refuse_replaced(bucket, manifest, folder, known)


def fetch_blobs(root: Path, bucket: Objects, digests: Iterable[str]) -> None:
    """Have these bodies here. One that the bucket has not either stays absent."""

    def get(path: Path) -> None:
        try:
            _get(bucket, path.relative_to(root).as_posix(), path)
        except FileNotFoundError:
            return

    each(get, {path for path in (blob_path(root, digest) for digest in digests) if not path.is_file()})


def each(do: Callable[[Item], Made], items: Iterable[Item]) -> list[Made]:
    """Do something with several at once; the first error is raised."""
    with ThreadPoolExecutor(AT_ONCE, "bucket") as executor:
        return [done.result() for done in [executor.submit(do, item) for item in items]]


def inside(root: Path, key: str) -> Path:
    """Where an object goes in the working copy. Raises CorruptError for a key that would lead elsewhere."""
    parts = key.split("/")
    if any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts):
        raise CorruptError(f"the bucket holds {key!r}, which is no path", "remove it there")
    return root.joinpath(*parts)


def object_key(digest: str) -> str:
    """Where a file lies by its digest."""
    return f"{OBJECTS}{digest[:2]}/{digest[2:]}"


def note_of(manifest: bytes) -> str:
    """Where it is noted what the commit of a manifest has to put in its place."""
    return f"{COMMITS}{sha256(manifest)}.json"


def _record(bucket: Objects, manifest: bytes) -> dict[str, str]:
    """Where the files of a commit are that is not finished; empty for one that is."""
    try:
        return msgspec.json.decode(bucket.get(note_of(manifest)), type=Record).files if manifest else {}
    except FileNotFoundError:
        return {}


def _refuse_replaced(bucket: Objects, manifest: Path, folder: str, known: bytes) -> None:
    """Raise where what came may be of another version of a thing than its manifest here; then nothing of it stays."""
    try:
        replaced = bool(known) and bucket.get(f"{folder}/{MANIFEST}") != known
    except FileNotFoundError:
        replaced = True
    if replaced:
        shutil.rmtree(manifest.parent, ignore_errors=True)
        what = f"{bucket}: {folder} was changed or removed while it was fetched"
        raise StoreError(what, "repeat the command")


def _refresh(bucket: Objects, path: Path, entry: Entry) -> bool:
    """Take a manifest that is new or was changed; what lies beside a changed one goes. Returns whether one was."""
    try:
        body = bucket.get(entry.key)
    except FileNotFoundError:  # gone since it was listed
        return False
    old = path.read_bytes() if path.is_file() else body
    if old != body:
        shutil.rmtree(path.parent)
    if not path.is_file():
        commit.write_file(path, body)
    commit.write_file(path.with_name(_TAG), entry.tag.encode())
    return old != body


def _tag(path: Path) -> str:
    beside = path.with_name(_TAG)
    return beside.read_text(encoding="utf-8") if beside.is_file() else ""


def _get(bucket: Objects, key: str, path: Path, digest: str | None = None) -> None:
    """Fetch one file, whole or not at all. Raises CorruptError, FileNotFoundError."""
    for left in reversed(range(_ATTEMPTS)):
        try:
            with commit.replacing(path) as file:
                _stream(bucket, key, file, digest)
        except (PassingError, CorruptError):
            if not left:
                raise
        else:
            return


def _stream(bucket: Objects, key: str, file: BinaryIO, digest: str | None) -> None:
    seen = hashlib.sha256()
    for piece in bucket.pieces(key):
        seen.update(piece)
        file.write(piece)
    if digest not in (None, seen.hexdigest()):
        raise CorruptError(f"{bucket}: {key} does not match its digest", "restore it from a copy, or make it again")


def _is_manifest(key: str, depth: int) -> bool:
    path = PurePosixPath(key)
    return path.name == MANIFEST and len(path.parts) - depth in (1, 2) and not path.parent.name.startswith(".")
