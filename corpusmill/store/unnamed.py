"""What lies in a store without being named by anything: leftovers, which harm nobody and take room."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from corpusmill.store import Store
from corpusmill.store.blobs import blob_path
from corpusmill.store.commit import is_dead
from corpusmill.types import Run, Snapshot, Version

Stray = tuple[str, str, str]
"""A path, what it is, and what to do."""
_KINDS = ("snapshots", "versions", "runs")


def strays(store: Store, things: Iterable[Snapshot | Version | Run]) -> Iterator[Stray]:
    """What dead writers left, and raw bodies that no snapshot names."""
    for path in _places(store):
        if is_dead(path):
            yield str(path), "was left by a writer that was killed", "the next writer there removes it"
    yield from _bodies(store, things)


def _places(store: Store) -> Iterator[Path]:
    """Where writers write."""
    folders = [store.root, *(store.root / "blobs").glob("*/"), *(store.root / "refs").glob("*/")]
    folders += [store.corpus(corpus) / kind for corpus in store.corpora() for kind in _KINDS]
    for folder in folders:
        yield from sorted(folder.glob(".*"))


def _bodies(store: Store, things: Iterable[Snapshot | Version | Run]) -> Iterator[Stray]:
    named = {
        blob_path(store.root, file.sha256) for thing in things if isinstance(thing, Snapshot) for file in thing.files
    }
    spare = [path for path in (store.root / "blobs").glob("??/[!.]*") if path not in named]
    if spare:
        size = sum(path.stat().st_size for path in spare)
        what = f"holds {len(spare):,} raw bodies ({size:,} bytes) that no snapshot names"
        yield str(store.root / "blobs"), what, "a collect that was stopped goes on with them; else gc removes them"
