"""Version -> Run: what is to be learnt, whether it was learnt already, and the manifest of what was.

    run, made = fit(corpus, version, store)

A run is made in a work folder that outlives an interruption; asked for again, it goes on where it was. Its id digests
version, options, code and the weights it starts from, so nothing is trained twice. torch is imported only when there is
something to train.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from corpusmill.errors import Interrupted, TrainError
from corpusmill.store import Store, commit, pins, recited
from corpusmill.store.ids import code_digest, content_id, file_sha256, pretty
from corpusmill.types import Corpus, Progress, Run, Version, silent
from model.load import VOCABULARY, load
from model.options import TrainOptions
from model.tuning import grown, resolved
from model.weights import Weights
from preprocess.vocab import Tokens, merged

if TYPE_CHECKING:
    from model.checkpoint import Standing
    from model.loop import Task

CONFIG = "config.json"  # the resolved options, for whoever looks into a work folder


def fit(
    corpus: Corpus, version: Version, store: Store, *, parents: Store | None = None, progress: Progress = silent
) -> tuple[Run, bool]:
    """Train a model on a version as the corpus's ``[train]`` says; False = that had been done before.

    A run to start from is looked for in `parents`, by default the same store. Raises SpecError, UnknownNameError (for
    that run), TrainError (too little text, a loss that is not a number), BusyError, StoreError, CorruptError, and
    Interrupted after SIGINT or SIGTERM, with everything saved for the next call to go on.
    """
    begun = Begun(*resolved(corpus, parents or store), parents or store)
    name = run_id(version, begun.options, begun.parent)
    manifest = store.run_folder(version.corpus, name) / commit.MANIFEST
    made = False
    if not manifest.is_file():
        with commit.disk_errors(manifest.parent), store.lock(version.corpus, name, f"training {version.ref}"):
            if not manifest.is_file():  # another process may have published it since it was looked for
                with pins.held(store, version):
                    made = _make(name, version, store, begun, progress)
    return store.run(version.corpus, name), made


def run_id(version: Version, options: TrainOptions, parent: Run | None = None) -> str:
    """What names a run: the data, the options as `tuning.resolved` gives them, the code, the weights to start from."""
    started = {"init": parent.files[parent.checkpoint]} if parent else {}
    return content_id({"version": version.content, "train": msgspec.to_builtins(options), "code": code(), **started})


def code() -> str:
    """Digest of the code that decides what a run becomes: this package, the vocabulary and the ids."""
    return code_digest("model", "preprocess.vocab", "preprocess.ids")


@dataclass(frozen=True, slots=True)
class Begun:
    """What a training goes by: its options, and the run that it starts from with where that lies."""

    options: TrainOptions
    parent: Run | None
    parents: Store


def _make(name: str, version: Version, store: Store, begun: Begun, progress: Progress) -> bool:
    """Train in the work folder and publish it; says whether it was published by this call."""
    from model import loop, machine, stop

    options = begun.options

    progress("train", 0, 0, f"reading {version.ref}")
    folder = store.run_work_folder(version.corpus, name)
    task = _task(version, store, begun, folder)
    commit.write_file(folder / CONFIG, pretty(options))
    paced = machine.pace(options.threads, repeatable=bool(options.steps or options.epochs))
    with paced as pace, machine.seeded(options.seed), stop.on_signals() as stopped:
        standing, ended = loop.train(task, stopped, pace, progress)
    if stopped.signum is not None:
        raise Interrupted(stopped.signum)
    facts = machine.facts(str(pace), f"{machine.engine(options.engine)} {options.cell}")
    run = _manifest(name, version, task, standing, ended, facts)
    if begun.parent:
        weights = begun.parent.files[begun.parent.checkpoint]
        run = replace(run, parent=begun.parent.ref, parent_checkpoint=weights)
    published = store.publish(folder, store.run_folder(version.corpus, name), run)
    recited.inherit(run, store)
    return published


def _task(version: Version, store: Store, begun: Begun, folder: Path) -> "Task":
    """Make the vocabulary, and read or make the ids. Raises TrainError when there is too little text of either kind."""
    from corpusmill.store import shards
    from model.loop import Task
    from model.passage import joined
    from preprocess.ids import encoded, learnt

    options = begun.options
    held_out = shards.texts(store.version_folder(version), version.shards, "validation")
    validation = joined(held_out, options.separator, options.validation_characters)
    if not validation.text:
        raise TrainError(f"{version.ref} has no validation text", "change its [split], or give it more documents")
    own = learnt(version, store, options.unit, options.separator, options.min_count)
    vocabulary, start = _started(begun, own)
    train = encoded(version, store, vocabulary, options.separator)["train"]
    _refuse(version, options, len(train.ids), len(own))
    commit.write_file(folder / VOCABULARY, vocabulary.to_json())
    between = len(options.separator) * (len(train.starts) - 1)
    characters = sum(shard.characters for shard in version.shards if shard.split == "train") + between
    return Task(
        options=options,
        vocabulary=vocabulary,
        ids=train.ids,
        starts=train.starts,
        each=characters / len(train.ids),
        start=start,
        named=lambda numbers: _names(version, store, numbers),
        validation=validation,
        folder=folder,
    )


def _refuse(version: Version, options: TrainOptions, length: int, vocabulary: int) -> None:
    """Raise TrainError where there is too little to learn."""
    from model.batches import shortest

    if length < (needed := shortest(options.batch, options.length)):
        raise TrainError(
            f"{version.ref} has {length:,} {options.unit}s to train on, and needs {needed:,}",
            f"give it more text, or lower train.batch (it is {options.batch}) or train.length (it is {options.length})",
        )
    if vocabulary == 1:
        hint = f"lower train.min_count (it is {options.min_count:,})"
        raise TrainError(f"no {options.unit} of {version.ref} occurs often enough to be learnt", hint)


def _started(begun: Begun, own: Tokens) -> tuple[Tokens, Weights | None]:
    """The vocabulary to train with and the weights to start from, if any. Raises CorruptError."""
    if not begun.parent:
        return own, None
    with pins.held(begun.parents, begun.parent):
        trained = load(begun.parent, begun.parents)
    vocabulary = merged(trained.vocabulary, own)
    return vocabulary, grown(trained.weights, trained.vocabulary, vocabulary)


def _names(version: Version, store: Store, numbers: Sequence[int]) -> list[str]:
    """What to call documents of the train split, by their place in it: id and title or source."""
    from corpusmill.store import shards

    wanted = set(numbers)
    documents = enumerate(shards.documents(store.version_folder(version), version.shards, "train"))
    found = {place: f"{each.id} ({each.title or each.source})" for place, each in documents if place in wanted}
    return [found[number] for number in numbers]


def _manifest(
    name: str, version: Version, task: "Task", standing: "Standing", ended: str, machine: Mapping[str, str]
) -> Run:
    """Draw the ladder from the best weights, and put on record all that the work folder then holds."""
    from model import checkpoint, journal, weights
    from model.machine import libraries
    from model.sample import Sampler

    best, options = standing.best, task.options
    assert best, "a run ends with an evaluation"
    parameters = weights.read(task.folder / best.path, best.sha256)
    journal.ladder(task.folder, Sampler(parameters, task.vocabulary, options), options.samples, options.seed)
    files, timed = _files(task.folder), (journal.METRICS, checkpoint.STATE)
    return Run(
        corpus=version.corpus,
        id=name,
        version=version.id,
        version_ref=version.ref,
        config=msgspec.to_builtins(options),
        code_digest=code(),
        libraries=libraries(),
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


def _clock(standing: "Standing", task: "Task") -> dict[str, object]:
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
