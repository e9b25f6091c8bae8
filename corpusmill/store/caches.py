"""What a machine has of a corpus beside what is published: caches, journals, trainings that were cut off.

    clean(store, corpus)        # after something of the corpus had to be forgotten

Of a store in a bucket every machine has its own, so each cleans its own working copy: before it works on the corpus
(`heed`), and when it sees that what was published is another now. What somebody here is at work on is left, and then
cleaned the next time. ``<corpus>/.heeded`` says for which list of tombstones all was.
"""

import shutil
from contextlib import ExitStack, suppress

from corpusmill.errors import BusyError
from corpusmill.store import Store, commit, recited, tombstones
from corpusmill.store.ids import sha256

_HEEDED = ".heeded"
_DOING = "cleaning up what had to be forgotten"


def heed(store: Store, corpus: str) -> None:
    """Clean a working copy if more was forgotten than it was cleaned of. Raises CorruptError, StoreError."""
    path = tombstones.path_of(store, corpus)
    store.take(path)
    marker = path.with_name(_HEEDED)
    if path.is_file() and (not marker.is_file() or marker.read_text(encoding="utf-8") != sha256(path.read_bytes())):
        clean(store, corpus)


def clean(store: Store, corpus: str) -> None:
    """Remove what a working copy has of a corpus that may hold something forgotten. Raises CorruptError, StoreError."""
    stones = tombstones.load(store, corpus)
    for kind in ("snapshots", "versions", "runs"):
        store.shown(corpus, kind)  # what was replaced goes with all beside it
    for path in (store.root / "blobs").glob("??/*"):
        if stones.has("blob", path.parent.name + path.name):
            path.unlink(missing_ok=True)
    for folder in (store.corpus(corpus) / "runs").glob("[!.]*"):
        for name in (recited.FILE, recited.REPORT):
            store.take(folder / name)
    for path in (store.root / "lineage").glob("*.jsonl"):
        store.take(path)
    with suppress(BusyError), ExitStack() as locks:
        for stage in ("collect", "build"):
            locks.enter_context(store.lock_here(corpus, stage, _DOING))
        remove(store, corpus)
        remove_trainings(store, corpus)
        path = tombstones.path_of(store, corpus)
        if path.is_file():
            commit.write_file(path.with_name(_HEEDED), sha256(path.read_bytes()).encode())


def remove(store: Store, corpus: str) -> None:
    """Remove caches and journals, while nobody collects or builds."""
    folder = store.corpus(corpus)
    for name in (".parsed", ".parts", "ids", "traces", "baselines"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for path in folder.glob(".collect-*"):
        path.unlink()


def remove_trainings(store: Store, corpus: str) -> None:
    """Remove trainings that were cut off; of a version that changes none can go on."""
    for folder in (store.corpus(corpus) / "runs").glob(".*.work"):
        name = folder.name.removeprefix(".").removesuffix(".work")
        with suppress(BusyError), store.lock_here(corpus, name, _DOING):
            shutil.rmtree(folder)
