"""What lies in a store without being named by anything, which takes room, and what a sweep names that is gone.

Neither harms anybody: who removed a run meant it, and the sweep's table says so.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from corpusmill.errors import CorruptError
from corpusmill.store import Store, sweeps
from corpusmill.store.blobs import blob_path
from corpusmill.store.commit import is_dead
from corpusmill.types import Run, Snapshot, Version

Stray = tuple[str, str, str]
"""A path, what it is, and what to do."""
_KINDS = ("snapshots", "versions", "runs", sweeps.FOLDER)


def strays(store: Store, things: Iterable[Snapshot | Version | Run]) -> Iterator[Stray]:
    """What dead writers left, raw bodies that no snapshot names, and sweeps whose runs are gone."""
    things = list(things)
    for path in _places(store):
        if is_dead(path):
            yield str(path), "was left by a writer that was killed", "the next writer there removes it"
    yield from _bodies(store, things)
    yield from _sweeps(store, {thing.ref for thing in things if isinstance(thing, Run)})


def _places(store: Store) -> Iterator[Path]:
    """Where writers write."""
    folders = [store.root, *(store.root / "blobs").glob("*/"), *(store.root / "refs").glob("*/")]
    folders += [store.corpus(corpus) / kind for corpus in store.corpora() for kind in _KINDS]
    for folder in folders:
        yield from sorted(folder.glob(".*"))


def _sweeps(store: Store, runs: set[str]) -> Iterator[Stray]:
    for corpus in store.corpora():
        for name in sweeps.names(store, corpus):
            with suppress(CorruptError):  # that is told elsewhere
                trials = sweeps.trials(store, corpus, name)
                if gone := [trial.ref for trial in trials if not trial.failed and trial.ref not in runs]:
                    more = f" and {len(gone) - 1:,} more" if len(gone) > 1 else ""
                    hint = "repeat the sweep to train what was removed again"
                    yield str(sweeps.path_of(store, corpus, name)), f"names runs that are gone, {gone[0]}{more}", hint


def _bodies(store: Store, things: Iterable[Snapshot | Version | Run]) -> Iterator[Stray]:
    named = {
        blob_path(store.root, file.sha256) for thing in things if isinstance(thing, Snapshot) for file in thing.files
    }
    spare = [path for path in (store.root / "blobs").glob("??/[!.]*") if path not in named]
    if spare:
        size = sum(path.stat().st_size for path in spare)
        what = f"holds {len(spare):,} raw bodies ({size:,} bytes) that no snapshot names"
        yield str(store.root / "blobs"), what, "a collect that was stopped goes on with them; else gc removes them"
