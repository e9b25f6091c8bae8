"""Version -> Run: what is to be learnt, whether it was learnt already, and the manifest of what was.

    run, made = fit(corpus, version, store)

A run is made in a work folder that outlives an interruption; asked for again, it goes on where it was. Its id digests
version, options and code, so nothing is trained twice. torch is imported only when there is something to train.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from corpusmill.errors import TrainError
from corpusmill.store import Store, commit, pins
from corpusmill.store.ids import code_digest, content_id, file_sha256, pretty
from corpusmill.types import Corpus, Progress, Run, Version, silent
from model.load import VOCABULARY
from model.options import TrainOptions, checked
from preprocess.vocab import Vocabulary

if TYPE_CHECKING:
    from model.checkpoint import Standing
    from model.loop import Task
    from model.stop import Stop
    from model.weights import Weights

CONFIG = "config.json"  # the resolved options, for whoever looks into a work folder
BASELINES = "baselines.json"  # what simpler models reach on the validation text


def fit(corpus: Corpus, version: Version, store: Store, *, progress: Progress = silent) -> tuple[Run, bool]:
    """Train a model on a version as the corpus's ``[train]`` says; False = that had been done before.

    Raises SpecError, TrainError (too little text, a loss that is not a number), BusyError, StoreError, CorruptError,
    and Interrupted after SIGINT or SIGTERM, with everything saved for the next call to go on.
    """
    options = checked(corpus)
    name = run_id(version, options)
    manifest = store.run_folder(version.corpus, name) / commit.MANIFEST
    made = False
    if not manifest.is_file():
        with commit.disk_errors(manifest.parent), store.lock(version.corpus, name, f"training {version.ref}"):
            if not manifest.is_file():  # another process may have published it since it was looked for
                with pins.held(store, version):
                    made = _make(name, version, store, options, progress)
    return store.run(version.corpus, name), made


def run_id(version: Version, options: TrainOptions) -> str:
    """What names a run: the data, the options, the code."""
    return content_id({"version": version.content, "train": msgspec.to_builtins(options), "code": code()})


def code() -> str:
    """Digest of the code that decides what a run becomes: this package, the vocabulary and the ids."""
    return code_digest("model", "preprocess.vocab", "preprocess.ids")


def _make(name: str, version: Version, store: Store, options: TrainOptions, progress: Progress) -> bool:
    """Train in the work folder and publish it; says whether it was published by this call."""
    from model import loop, machine, stop

    progress("train", 0, 0, f"reading {version.ref}")
    folder = store.run_work_folder(version.corpus, name)
    task = _task(version, store, options, folder)
    commit.write_file(folder / CONFIG, pretty(options))
    paced = machine.pace(options.threads, repeatable=bool(options.steps or options.epochs))
    with paced as pace, machine.seeded(options.seed), stop.on_signals() as stopped:
        standing, ended = loop.train(task, stopped, pace, progress)
        stopped.heed()
        _compare(version, task, store, stopped, progress)
        _write_ladder(task, standing, stopped)
    run = _manifest(
        name,
        version,
        task,
        standing,
        ended,
        machine.facts(str(pace), f"{machine.engine(options.engine)} {options.cell}"),
    )
    return store.publish(folder, store.run_folder(version.corpus, name), run)


def _task(version: Version, store: Store, options: TrainOptions, folder: Path) -> "Task":
    """Make the vocabulary, and read or make the ids. Raises TrainError when there is too little text of either kind."""
    from corpusmill.store import shards
    from model.batches import shortest
    from model.loop import Task
    from model.passage import joined
    from preprocess.ids import counts, encoded

    counted, needed = counts(version, "train", store, options.separator), shortest(options.batch, options.length)
    if (length := sum(counted.values())) < needed:
        raise TrainError(
            f"{version.ref} has {length:,} characters to train on, and needs {needed:,}",
            f"give it more text, or lower train.batch (it is {options.batch}) or train.length (it is {options.length})",
        )
    held_out = shards.texts(store.version_folder(version), version.shards, "validation")
    validation = joined(held_out, options.separator, options.validation_characters)
    if not validation.text:
        raise TrainError(f"{version.ref} has no validation text", "change its [split], or give it more documents")
    vocabulary = Vocabulary.of(counted, options.min_count)
    if not vocabulary.characters:
        hint = f"lower train.min_count (it is {options.min_count:,})"
        raise TrainError(f"no character of {version.ref} occurs often enough to be learnt", hint)
    commit.write_file(folder / VOCABULARY, vocabulary.to_json())
    train = encoded(version, store, vocabulary, options.separator)["train"]
    return Task(
        options=options,
        vocabulary=vocabulary,
        ids=train.ids,
        starts=train.starts,
        named=lambda numbers: _names(version, store, numbers),
        validation=validation,
        folder=folder,
    )


def _names(version: Version, store: Store, numbers: Sequence[int]) -> list[str]:
    """What to call documents of the train split, by their place in it: id and title or source."""
    from corpusmill.store import shards

    wanted = set(numbers)
    documents = enumerate(shards.documents(store.version_folder(version), version.shards, "train"))
    found = {place: f"{each.id} ({each.title or each.source})" for place, each in documents if place in wanted}
    return [found[number] for number in numbers]


def _compare(version: Version, task: "Task", store: Store, stopped: "Stop", progress: Progress) -> None:
    """Ask what simpler models reach on the text that evaluations score. Raises Interrupted."""
    from model.baselines.measure import bounded, measure

    def heeding(stage: str, done: float, total: float, note: str) -> None:
        stopped.heed()
        progress(stage, done, total, note)

    options = task.options
    found = measure(
        version,
        store,
        task.vocabulary,
        options.separator,
        reset=task.reset,
        trained=bounded(options, version, len(task.ids)),
        scored=len(task.validation.text),
        progress=heeding,
    )
    commit.write_file(task.folder / BASELINES, pretty(found))


def _write_ladder(task: "Task", standing: "Standing", stopped: "Stop") -> None:
    """Let the best weights write at each temperature. Raises Interrupted."""
    from model import journal
    from model.sample import Sampler

    options = task.options
    sampler = Sampler(_best(task, standing), task.vocabulary, options)
    journal.ladder(task.folder, sampler, options.samples, options.seed, stopped)


def _best(task: "Task", standing: "Standing") -> "Weights":
    from model import weights

    assert standing.best, "a run ends with an evaluation"
    return weights.read(task.folder / standing.best.path, standing.best.sha256)


def _manifest(
    name: str, version: Version, task: "Task", standing: "Standing", ended: str, machine: Mapping[str, str]
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
        code_digest=code(),
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
        clock={**_clock(standing, options), "files": {name: files[name] for name in timed}},
    )


def _clock(standing: "Standing", options: TrainOptions) -> dict[str, object]:
    """What is a fact about a moment and a machine, and no other run will repeat."""
    characters = standing.iteration * options.batch * options.length
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
