"""A small store with something of everything, for tests that damage, interrupt and starve it.

With CORPUSMILL_FAULTS=all in the environment these tests do all that they can; else a part, drawn by a seed.
"""

import os
from collections.abc import Callable
from pathlib import Path

import collectors
from corpusmill.store import Store
from corpusmill.store.ids import pretty
from corpusmill.types import Run, Snapshot, Version
from model import checkpoint, weights
from preprocess.build import build
from tests.corpusmill.samples import run
from tests.preprocess.snapshots import corpus, take

ALL = os.environ.get("CORPUSMILL_FAULTS") == "all"
NAME = "mill"


def times(some: int, whole: int) -> int:
    """How often to do what the whole of a test does `whole` times."""
    return whole if ALL else some


def texts(number: int) -> bytes:
    """A raw file, another for each number: most of its passages are those of all others."""
    passages = [f"Passage {n} of a mill that turns and turns, whoever comes to look at it." for n in range(20)]
    return "\n\n".join([f"Visit {number} to the mill, of which there will be more.", *passages]).encode()


def bodies(number: int) -> dict[str, bytes]:
    """The raw files of a number; one of them nobody can read."""
    return {"file:mill.txt": texts(number), "file:number.bin": b"\0%d" % number}


def collected(store: Store, number: int, published: Callable[[Snapshot], object] = id) -> Snapshot:
    """The snapshot of this number, its bodies kept and published."""
    snapshot = take(store, NAME, bodies(number))
    collectors._publish(store, snapshot)
    published(snapshot)
    store.set_latest(NAME, "snapshot", snapshot.id)
    return snapshot


def built(store: Store, number: int) -> Version:
    """The version of this number, published as `corpusmill build` does it, in this process alone."""
    return build(corpus(NAME), collected(store, number), store, processes=0)[0]


def trained(store: Store, version: Version, seed: int = 0, saved: Callable[[str, int], object] | None = None) -> Run:
    """A run with a checkpoint as training leaves it; nothing was learnt."""
    import numpy as np

    identity = f"{seed:012x}"
    folder = store.run_work_folder(NAME, identity)
    parameters = {"head.bias": np.arange(300, dtype=np.float32) + seed}
    for iteration in (4, 5):  # the second save must not lose the first
        path, digest = checkpoint.write_best(folder, iteration, parameters)
        best = checkpoint.Best(iteration=iteration, nats_per_char=1.5, bits_per_byte=2.0, path=path, sha256=digest)
        standing = checkpoint.Standing(started_at="2026-01-01T00:00:00Z", iteration=iteration, best=best)
        checkpoint.save(folder, standing, {**parameters, "optimiser": np.ones(500, np.float32)})
        if saved:
            saved(identity, iteration)
    (folder / "config.json").write_bytes(pretty({"hidden": 16}))
    files = {
        p.relative_to(folder).as_posix(): weights.sha256(p.read_bytes()) for p in folder.rglob("*.*") if p.is_file()
    }
    made = run(identity, version.id, NAME, version_ref=version.ref, checkpoint=path, files=files, clock={})
    assert store.publish(folder, store.run_folder(NAME, identity), made)
    return made


def filled(root: Path) -> Store:
    """Two versions of two snapshots, and a run."""
    store = Store(root)
    built(store, 1)
    trained(store, built(store, 2))
    return store
