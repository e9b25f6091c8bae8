"""What a machine has of a corpus beside what is published: caches, journals, trainings that were cut off.

    clean(store, corpus)        # after something of the corpus had to be forgotten

Of a store in a bucket every machine has its own, so each cleans its own working copy: before it works on the corpus
(`heed`), and when it sees that what was published is another now. What somebody here is at work on is left, and then
cleaned the next time. ``<corpus>/.heeded`` says for which list of tombstones all was.
"""

import shutil
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from corpusmill.errors import BusyError
from corpusmill.store import Store, commit, recited, sweeps, tombstones
from corpusmill.store.ids import sha256

_HEEDED = ".heeded"
_DOING = "cleaning up what had to be forgotten"


@dataclass(frozen=True, slots=True)
class _Config:
    """Of a training's settings, the run that it started from."""

    init: str = ""


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
    for each in store.corpora():
        sweeps.names(store, each)  # those that were replaced come again
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
    """Remove trainings that were cut off: of a version that changes none can go on.

    Those of other corpora go too that started from a run which had learnt from it: their samples may recite it.
    """
    for each in store.corpora():
        for folder in (store.corpus(each) / "runs").glob(".*.work"):
            if each == corpus or _is_of_tainted(store, folder):
                name = folder.name.removeprefix(".").removesuffix(".work")
                with suppress(BusyError), store.lock_here(each, name, _DOING):
                    shutil.rmtree(folder)


def _is_of_tainted(store: Store, work: Path) -> bool:
    """Whether a training started from a run that had learnt from what was forgotten."""
    try:
        init = msgspec.json.decode((work / "config.json").read_bytes(), type=_Config).init
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):  # it was cut off before there was one
        return False
    corpus, _, name = init.partition("/runs/")
    path = store.root / corpus / "runs" / name / recited.FILE
    if init:
        store.take(path)
    return bool(init) and path.is_file()
