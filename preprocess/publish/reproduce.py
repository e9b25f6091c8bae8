"""A version built again from its snapshot, and whether it is the same: rows, splits, drops, files, statistics.

    reproduce(version, store).verdict           # "identical"

It takes the sections that the version was built with, not those its TOML has today, and works in a scratch store, so
nothing is left in the store. `again` tries other circumstances; here they are this machine's own.
"""

from collections.abc import Iterator

import pyarrow as pa

from corpusmill.errors import BuildError, CorruptError, ParseError, SpecError, UnknownNameError
from corpusmill.store import Store, blobs, pins
from corpusmill.store.ids import code_digest
from corpusmill.store.scratch import to_build
from corpusmill.types import Progress, Snapshot, Version, silent
from corpusmill.verdict import Verdict, changed, code_changed
from preprocess.build import build
from preprocess.publish.again import corpus_of, difference
from preprocess.recipe import CODE, libraries

_UNRECORDED = "nothing on record: another processor, or a shard that an earlier version's libraries wrote"


def reproduce(
    version: Version,
    store: Store,
    *,
    any_code: bool = False,
    processes: int | None = None,
    progress: Progress = silent,
) -> Verdict:
    """Build a version once more and compare. With `any_code`, though this is not the code that built it.

    Raises StoreError where there is no room for it.
    """
    try:
        snapshot = store.snapshot(version.corpus, version.snapshot)
        store.fetch(snapshot)
    except (UnknownNameError, CorruptError) as error:
        return Verdict(ref=version.ref, verdict="impossible", why=(f"of its snapshot, {error.message}",))
    if obstacles := tuple(_obstacles(version, snapshot, store, any_code=any_code)):
        return Verdict(ref=version.ref, verdict="impossible", why=obstacles)
    with pins.held(store, version), pins.held(store, snapshot), to_build(store, snapshot) as other:
        try:
            again, _ = build(corpus_of(version), snapshot, other, processes=processes, progress=progress)
        except (CorruptError, SpecError) as error:
            return Verdict(ref=version.ref, verdict="impossible", why=(error.message,))
        except (BuildError, ParseError) as error:
            why = tuple(_otherwise(version))
            return Verdict(ref=version.ref, verdict="different", difference=f"the build fails: {error}", why=why)
        found = difference(version, store.version_folder(version), again, other.version_folder(again))
    return _judged(version, again, found)


def _judged(version: Version, again: Version, found: str) -> Verdict:
    """The id digests every row, split and drop; what besides may differ are files and measures of them."""
    rows = sum(shard.rows for shard in version.shards)
    told = f"{len(version.shards):,} shards, {rows:,} rows, the ledger of drops, statistics"
    why = tuple(_otherwise(version))
    if not found:
        return Verdict(ref=version.ref, verdict="identical", compared=told, why=why)
    if again.id == version.id:
        told, why = f"{told}; every row, split and drop is the same", why or (_UNRECORDED,)
        return Verdict(ref=version.ref, verdict="same data, other numerics", compared=told, difference=found, why=why)
    return Verdict(ref=version.ref, verdict="different", compared=told, difference=found, why=why)


def _obstacles(version: Version, snapshot: Snapshot, store: Store, *, any_code: bool) -> Iterator[str]:
    """What is in the way."""
    for removal in version.removals:
        yield f"documents were removed from it at {removal.at} ({removal.documents:,}): {removal.reason}"
    gone = [file for file in snapshot.files if file.sha256 and not blobs.blob_path(store.root, file.sha256).is_file()]
    if gone:
        more = f", and of {len(gone) - 1:,} files more" if len(gone) > 1 else ""
        yield f"the raw bytes of {gone[0].url} (blob {gone[0].sha256}) are gone{more}"
    if version.code_digest != (now := code_digest(*CODE)) and not any_code:
        yield code_changed(version.code_digest, now)


def _otherwise(version: Version) -> Iterator[str]:
    """What is on record of how it was built, and is otherwise here."""
    if version.code_digest != (now := code_digest(*CODE)):
        yield code_changed(version.code_digest, now)
    yield from changed("", version.libraries, {**libraries(), "pyarrow": pa.__version__})
