"""A version's croissant.json alone, in a folder of its own: to publish beside shards that lie elsewhere."""

from pathlib import Path

from corpusmill.interchange import croissant, folder
from corpusmill.interchange.folder import Exported
from corpusmill.store import Store
from corpusmill.types import Progress, Version, silent


def write(store: Store, version: Version, target: Path, progress: Progress = silent) -> Exported:
    """Made of the manifests, so versions from before it was published with them have one too.

    Raises UsageError, StoreError.
    """
    snapshot = store.snapshot(version.corpus, version.snapshot)
    with folder.filled(target) as work:
        (work / croissant.FILE).write_bytes(croissant.encode(version, snapshot))
    progress("export", 1, 1, croissant.FILE)
    return folder.written(target, "croissant", version)
