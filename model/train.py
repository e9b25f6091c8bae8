"""Version -> Run: what is to be learnt, whether it was learnt already, and the manifest of what was.

    run, made = fit(corpus, version, store)

A run is made in a work folder that outlives an interruption; asked for again, it goes on where it was. Its id digests
version, options, code and the weights it starts from, so nothing is trained twice. torch is imported only when there is
something to train.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from corpusmill.errors import UsageError
from corpusmill.store import Store, commit, pins, recited
from corpusmill.store.ids import file_sha256, pretty
from corpusmill.types import Corpus, Progress, Run, Version, silent
from model import identity, parallel
from model.load import VOCABULARY
from model.parallel import Peers
from model.task import Task, read
from model.tuning import Begun, resolved

if TYPE_CHECKING:
    from model.checkpoint import Standing
    from model.stop import Stop
    from model.weights import Weights

CONFIG = "config.json"  # the resolved options, for whoever looks into a work folder
BASELINES = "baselines.json"  # what simpler models reach on the validation text


def fit(
    corpus: Corpus, version: Version, store: Store, *, parents: Store | None = None, progress: Progress = silent
) -> tuple[Run, bool]:
    """Train a model on a version as the corpus's ``[train]`` says; False = that had been done before.

    Where torchrun started this process, all of its processes train together, each with the same arguments; the first
    writes, and tells the others what came of it. A run to start from is looked for in `parents`, by default the same
    store. Raises SpecError, UnknownNameError (for that run), UsageError (a batch that they cannot share), TrainError
    (too little text, a loss that is not a number), BusyError, StoreError, CorruptError, and Interrupted after SIGINT or
    SIGTERM, with everything saved for the next call to go on.
    """
    begun = Begun(*resolved(corpus, parents or store), parents or store)
    options = begun.options
    name = identity.run_id(version, options, begun.parent)
    with parallel.joined(os.environ) as peers:
        if options.batch % peers.world:
            raise UsageError(
                f"{peers.world} processes cannot share {options.batch} streams evenly",
                f"give train.batch a multiple of {peers.world}, or start as many processes as divide it",
            )
        if peers.rank:
            made = _help(name, version, store, begun, peers)
            run: Run = peers.agree(None, Run)
            return run, made
        made = _lead(name, version, store, begun, progress, peers)
        return peers.agree(store.run(version.corpus, name), Run), made


def _lead(name: str, version: Version, store: Store, begun: Begun, progress: Progress, peers: Peers) -> bool:
    """Train and publish, unless that was done before; says which."""
    manifest = store.run_folder(version.corpus, name) / commit.MANIFEST
    if not manifest.is_file():
        with commit.disk_errors(manifest.parent), store.lock(version.corpus, name, f"training {version.ref}"):
            if not manifest.is_file():  # another process may have published it since it was looked for
                with pins.held(store, version):
                    return _make(name, version, store, begun, progress, peers)
    peers.agree(value=False, kind=bool)
    return False


def _help(name: str, version: Version, store: Store, begun: Begun, peers: Peers) -> bool:
    """Train with the first process, which holds the locks and writes, once it has read the text."""
    if not peers.agree(value=False, kind=bool):
        return False
    from model import session

    task = read(version, store, begun, store.run_work_folder(version.corpus, name), peers)
    session.learn(task, silent, lambda _standing, _stopped: None)
    return True


def _make(name: str, version: Version, store: Store, begun: Begun, progress: Progress, peers: Peers) -> bool:
    """Train in the work folder and publish it; says whether it was published by this call."""
    from model import session

    folder = store.run_work_folder(version.corpus, name)
    progress("train", 0, 0, f"reading {version.ref}{_behind(folder)}")
    task = read(version, store, begun, folder, peers)
    commit.write_file(folder / VOCABULARY, task.vocabulary.to_json())
    commit.write_file(folder / CONFIG, pretty(begun.options))
    peers.agree(value=True, kind=bool)  # the text is encoded: the others may read it

    def finish(standing: "Standing", stopped: "Stop") -> None:
        _compare(version, task, store, stopped, progress)
        _write_ladder(task, standing, stopped)

    standing, ended, facts = session.learn(task, progress, finish)
    run = _manifest(name, version, task, standing, ended, facts)
    if begun.parent:
        run = replace(run, parent=begun.parent.ref, parent_checkpoint=begun.weights)
    published = store.publish(folder, store.run_folder(version.corpus, name), run)
    recited.inherit(run, store)
    return published


def _behind(folder: Path) -> str:
    """What a training that was stopped has behind it, in words. Raises CorruptError."""
    from model import checkpoint

    found = checkpoint.resume(folder)
    done = found.last.standing.iteration if found else 0
    return f", to go on after iteration {done:,}" if done else ""


def _compare(version: Version, task: Task, store: Store, stopped: "Stop", progress: Progress) -> None:
    """Ask what simpler models, of characters always, reach on the text that evaluations score. Raises Interrupted."""
    from model.baselines.measure import bounded, measure
    from preprocess.ids import counts
    from preprocess.vocab import Vocabulary

    def heeding(stage: str, done: float, total: float, note: str) -> None:
        stopped.heed()
        progress(stage, done, total, note)

    options, known = task.options, task.vocabulary
    if not isinstance(known, Vocabulary):
        known = Vocabulary.of(counts(version, "train", store, options.separator))
    found = measure(
        version,
        store,
        known,
        options.separator,
        reset=max(round(task.reset * task.each), 1),
        trained=bounded(options, version, round(len(task.ids) * task.each)),
        scored=len(task.validation.text),
        progress=heeding,
    )
    commit.write_file(task.folder / BASELINES, pretty(found))


def _write_ladder(task: Task, standing: "Standing", stopped: "Stop") -> None:
    """Let the best weights write at each temperature. Raises Interrupted."""
    from model import journal
    from model.sample import Sampler

    options = task.options
    sampler = Sampler(_best(task, standing), task.vocabulary, options)
    journal.ladder(task.folder, sampler, options.samples, options.seed, stopped)


def _best(task: Task, standing: "Standing") -> "Weights":
    from model import weights

    assert standing.best, "a run ends with an evaluation"
    return weights.read(task.folder / standing.best.path, standing.best.sha256)


def _manifest(
    name: str, version: Version, task: Task, standing: "Standing", ended: str, machine: Mapping[str, str]
) -> Run:
    """Put on record all that the work folder holds."""
    from model import checkpoint, journal
    from model.baselines import measure
    from model.machine import libraries

    best, options = standing.best, task.options
    assert best, "a run ends with an evaluation"
    parameters = _best(task, standing)
    files, timed = _files(task.folder), (journal.METRICS, checkpoint.STATE)
    return Run(
        corpus=version.corpus,
        id=name,
        version=version.id,
        version_ref=version.ref,
        config=msgspec.to_builtins(options),
        code_digest=identity.code(),
        written_by=identity.beside(),
        libraries={**libraries(), **measure.libraries()},
        machine=machine,
        vocabulary=len(task.vocabulary),
        parameters=sum(array.size for array in parameters.values()),
        iterations=standing.iteration,
        stopped=ended,
        best={
            "iteration": best.iteration,
            "nats_per_char": best.nats_per_char,
            "bits_per_byte": best.bits_per_byte,
            "characters": len(task.validation.text),
            "reset": task.reset,
        },
        checkpoint=best.path,
        files={name: digest for name, digest in files.items() if name not in timed},
        clock={**_clock(standing, task), "files": {name: files[name] for name in timed}},
    )


def _clock(standing: "Standing", task: Task) -> dict[str, object]:
    """What is a fact about a moment and a machine, and no other run will repeat."""
    characters = standing.iteration * task.options.batch * task.options.length * task.each
    return {
        "started_at": standing.started_at,
        "seconds": round(standing.seconds, 3),
        "cpu_seconds": round(standing.cpu_seconds, 3),
        "characters_per_second": round(characters / standing.seconds, 1),
    }


def _files(folder: Path) -> dict[str, str]:
    """Every file of a finished work folder with its SHA-256; what dead writers left is swept first."""
    for inside in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
        commit.sweep(inside)
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != commit.MANIFEST)
    return {path.relative_to(folder).as_posix(): file_sha256(path) for path in paths}
