"""A store in a bucket: the bucket is the truth, the folder beside it a working copy (`working`).

A commit, in this order, so that dying anywhere leaves all or nothing to be seen:

    objects/ab/cdef…          every file under its SHA-256, so that what two versions share is sent once
    commits/<digest>.json     which file goes where: the digest is that of the manifest
    …/manifest.json           created only where there is none: this is the commit, and one writer makes it
    …/data/… and the rest     copied on the server from objects/ to where other tools read them
    commits/<digest>.json     removed

What is left in commits/ tells the next writer what a dead one had still to copy. A reader does not wait for that: while
there is a note for the manifest that it has, files come from objects/.

What has to be forgotten is taken out in the same order, but that the manifest is replaced; who wants to do that keeps
others out first (`Store.alone`). Files in objects/ that no manifest names are then removed.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec

from corpusmill.errors import StoreError
from corpusmill.store import commit
from corpusmill.store.blobs import blob_path
from corpusmill.store.commit import MANIFEST
from corpusmill.store.ids import file_sha256, pretty
from corpusmill.store.objects import Objects
from corpusmill.store.working import COMMITS, Record, each, note_of, object_key
from corpusmill.types import Run, Snapshot, Version

NOTHING: Mapping[str, str] = MappingProxyType({})
_PROBED = ".probed"


def ready(root: Path, bucket: Objects) -> None:
    """See once that this bucket can be a store, before anything is made for it. Raises StoreError."""
    from corpusmill.store.bucket import probe

    known = root / _PROBED
    if not known.is_file() or known.read_text(encoding="utf-8") != str(bucket):
        probe(bucket)
        commit.write_file(known, str(bucket).encode())


def publish(
    root: Path, bucket: Objects, work: Path, final: Path, manifest: bytes, shards: Mapping[str, str] = NOTHING
) -> bool:
    """Commit a filled work folder to the bucket, and to the working copy. False where another was first.

    Of the `shards` that the manifest names (`named`), those that are not in the folder have been sent to objects/ by
    others. Raises StoreError where one is not there.
    """
    finish(bucket)
    sent = {name: digest for name, digest in shards.items() if not (work / name).is_file()}
    record = _sent(root, bucket, work, final, manifest, sent=sent)
    note = note_of(manifest)
    if not bucket.create(f"{record.folder}/{MANIFEST}", manifest):
        bucket.delete([note])
        return False
    _place(bucket, record, work)
    bucket.delete([note])
    _adopt(work, final, manifest)
    return True


def named(manifest: Snapshot | Version | Run) -> Mapping[str, str]:
    """The files of a manifest that others than its writer may have made, with their SHA-256."""
    return {shard.path: shard.sha256 for shard in manifest.shards} if isinstance(manifest, Version) else NOTHING


def replace(root: Path, bucket: Objects, work: Path, final: Path, manifest: bytes) -> None:
    """Put what is in a work folder, or in `final` itself, in the place of what the bucket has there."""
    finish(bucket)
    record = _sent(root, bucket, work, final, manifest, replaced=True)
    bucket.put(f"{record.folder}/{MANIFEST}", manifest)
    _place(bucket, record, work)
    bucket.delete([note_of(manifest)])


def finish(bucket: Objects) -> None:
    """Copy what writers that died after their commit had still to copy."""
    for note in [entry.key for entry in bucket.list(COMMITS) if entry.key.endswith(".json")]:
        try:
            record = msgspec.json.decode(bucket.get(note), type=Record)
            manifest = bucket.get(f"{record.folder}/{MANIFEST}")
        except FileNotFoundError:  # finished meanwhile, or not committed yet
            continue
        if note_of(manifest) == note:
            _place(bucket, record)
        elif record.changed is not None:  # what it replaces is there still: its writer may be about to commit
            continue
        bucket.delete([note])


def push(root: Path, bucket: Objects, path: Path) -> None:
    """Send one file of the working copy to its place, where it may be replaced: a pointer, a report."""
    bucket.put(path.relative_to(root).as_posix(), path)


def push_blobs(root: Path, bucket: Objects, digests: Iterable[str]) -> None:
    """Send the bodies that the bucket lacks."""
    paths = {blob_path(root, digest).relative_to(root).as_posix() for digest in digests}
    there = {entry.key for entry in bucket.list("blobs/")} if paths else set()
    each(lambda path: bucket.put(path, root / path), paths - there)


def _sent(
    root: Path,
    bucket: Objects,
    work: Path,
    final: Path,
    manifest: bytes,
    *,
    replaced: bool = False,
    sent: Mapping[str, str] = NOTHING,
) -> Record:
    """Send every file of a commit to objects/, and the note of where they go."""
    paths = (path for path in sorted(work.rglob("*")) if path.is_file())
    names = [path.relative_to(work).as_posix() for path in paths if path.parent != work or path.name[0] != "."]
    files = {name: file_sha256(work / name) for name in names if name != MANIFEST}
    changed = [name for name in files if _is_new(work, final, name)] if replaced else None
    record = Record(final.relative_to(root).as_posix(), {**files, **sent}, changed)
    each(lambda name: send(bucket, work / name, files[name]), files)
    each(lambda name: _refuse_absent(bucket, name, sent[name]), sent)
    bucket.put(note_of(manifest), pretty(record))
    return record


def _is_new(work: Path, final: Path, name: str) -> bool:
    """Whether a file that is to replace another may be other than that: of a shard that is a link it is known."""
    old = final / name
    return work == final or not old.is_file() or not old.samefile(work / name)


def send(bucket: Objects, path: Path, digest: str) -> None:
    """Send a file to objects/, where whoever commits it finds it by its SHA-256."""
    if bucket.size(object_key(digest)) != path.stat().st_size:
        bucket.put(object_key(digest), path)


def _refuse_absent(bucket: Objects, name: str, digest: str) -> None:
    if bucket.size(object_key(digest)) is None:
        raise StoreError(f"{bucket}: {name} is not in objects/ any more", "repeat the command: it is made again")


def _place(bucket: Objects, record: Record, work: Path | None = None) -> None:
    """Copy every file of a commit to where it belongs. Doing it twice does no harm.

    An object that is gone, since its writer was taken for dead, is sent from `work`.
    """
    there = {entry.key for entry in bucket.list(f"{record.folder}/")}

    def copy(name: str) -> None:
        target = f"{record.folder}/{name}"
        try:
            bucket.copy(object_key(record.files[name]), target)
        except FileNotFoundError:
            if not work:
                raise
            bucket.put(target, work / name)

    changed = set(record.changed or ())
    each(copy, [name for name in record.files if name in changed or f"{record.folder}/{name}" not in there])
    if record.changed is not None:
        bucket.delete(there - {f"{record.folder}/{name}" for name in (*record.files, MANIFEST)})


def _adopt(work: Path, final: Path, manifest: bytes) -> None:
    """Take over what was committed, so that it need not be fetched; a manifest may have been pulled meanwhile."""
    if commit.publish(work, final, manifest):
        return
    for path in [path for path in work.rglob("*") if path.is_file() and path.name != MANIFEST]:
        target = final / path.relative_to(work)
        commit.make_folder(target.parent)
        path.replace(target)
