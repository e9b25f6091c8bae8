"""A store for one piece of work, inside another's folder and so on the same disk; gone when the work ends.

Readers never see it, since its name begins with a dot; what a killed process left is swept by the next.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from corpusmill.store import Store, commit, tombstones
from corpusmill.store.blobs import blob_path
from corpusmill.types import Snapshot


@contextmanager
def scratch(store: Store, *shared: str) -> Iterator[Store]:
    """A store of its own that sees these folders of `store` as they are; they are only to be read."""
    commit.sweep(store.root)
    with commit.work_folder(store.root / "scratch") as root:
        for name in shared:
            link = root / name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to((store.root / name).absolute(), target_is_directory=True)
        yield Store(root)


@contextmanager
def to_build(store: Store, snapshot: Snapshot) -> Iterator[Store]:
    """A store of its own with the raw bodies of a snapshot, and what is to stay forgotten.

    Bodies are links of its own: what a build removes of them there stays in `store`.
    """
    with scratch(store) as other:
        for digest in {file.sha256 for file in snapshot.files if file.sha256}:
            body, link = blob_path(store.root, digest).absolute(), blob_path(other.root, digest)
            if body.is_file():
                link.parent.mkdir(parents=True, exist_ok=True)
                try:
                    link.hardlink_to(body)
                except OSError:  # a file system without hard links, or a body with as many as there may be
                    link.symlink_to(body)
        stones = tombstones.path_of(store, snapshot.corpus)
        if stones.is_file():
            tombstones.path_of(other, snapshot.corpus).parent.mkdir()
            shutil.copyfile(stones, tombstones.path_of(other, snapshot.corpus))
        yield other
