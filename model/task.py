"""What there is to learn, and where a training reads next.

task = read(version, store, options, folder, peers)
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpusmill.errors import TrainError
from corpusmill.store import Store, shards
from corpusmill.types import Version
from model.batches import Batch, Position, Window, batches, shortest, windows
from model.checkpoint import Standing
from model.options import TrainOptions
from model.parallel import ALONE, Peers
from model.passage import Passage, joined, resets
from model.rates import fraction
from model.tuning import Begun, started
from model.weights import Weights
from preprocess.ids import encoded, learnt
from preprocess.vocab import Ids, Tokens

EVALUATION_STREAMS = 32  # the validation text is read in so many places side by side unless `reset` says otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What there is to learn, and the folder that shows for it."""

    options: TrainOptions
    vocabulary: Tokens
    ids: Ids  # of the train split
    starts: NDArray[np.int64]  # of its documents, in `ids`
    named: Callable[[Sequence[int]], Sequence[str]]  # numbers of documents -> what to call them
    validation: Passage  # as much of the split as evaluations score
    folder: Path
    each: float = 1.0  # characters that an id of the train split stands for, on average
    wide: float = 1.0  # bytes that a character takes, on average of the validation text
    start: Weights | None = None  # to begin with, instead of drawn ones
    peers: Peers = ALONE  # the processes that learn it together

    @property
    def reset(self) -> int:
        """How often evaluations zero the hidden state, in tokens."""
        tokens = len(self.vocabulary.starts(self.validation.text))
        return self.options.reset or math.ceil(tokens / EVALUATION_STREAMS)

    def stream(self, standing: Standing, *, whole: bool) -> Iterator[tuple[Batch | Window, Position]]:
        """The batches from where it stands; their places alone, unless `whole`, for a learner that has the text."""
        options, peers = self.options, self.peers
        between = len(self.vocabulary.encode(options.separator))
        forgotten = resets(self.starts, between) if options.boundaries == "reset" else None
        how = options.batch, options.length, options.seed, standing.position, forgotten, peers.share(options.batch)
        if whole:
            return batches(self.ids, *how, pieces=options.pieces)
        return windows(len(self.ids), *how, pieces=options.pieces)

    def ended(self, standing: Standing) -> str:
        """What ends the training here: "steps", "epochs", "budget" or "early"; "" if nothing does."""
        options = self.options
        if fraction(options, len(self.ids), standing) >= 1:
            return "steps" if options.steps else "epochs" if options.epochs else "budget"
        return "early" if options.patience and standing.worse >= options.patience else ""

    def reached(self, standing: Standing, parts: int) -> int:
        """How many of so many equal parts of the run are done."""
        return int(fraction(self.options, len(self.ids), standing) * parts + 1e-9)

    def documents(self, batch: Batch | Window, worst: int) -> tuple[str, ...]:
        """The documents that a batch is of, those of the worst stream first."""
        order = [worst, *(stream for stream in range(len(batch.places)) if stream != worst)]
        places = batch.places[order]
        spans = np.searchsorted(self.starts, [places, places + self.options.length - 1], side="right")
        numbers = dict.fromkeys(n for first, last in spans.T for n in range(max(int(first) - 1, 0), int(last)))
        return tuple(self.named(list(numbers)))


def read(version: Version, store: Store, begun: Begun, folder: Path, peers: Peers) -> Task:
    """Make the vocabulary, and read or make the ids. Raises TrainError when there is too little text of either kind."""
    options = begun.options
    held_out = shards.texts(store.version_folder(version), version.shards, "validation")
    validation = joined(held_out, options.separator, options.validation_characters)
    if not validation.text:
        raise TrainError(f"{version.ref} has no validation text", "change its [split], or give it more documents")
    own = learnt(version, store, options.unit, options.separator, options.min_count)
    vocabulary, start = started(begun, own)
    train = encoded(version, store, vocabulary, options.separator)["train"]
    _refuse(version, options, len(train.ids), len(own))
    between = len(options.separator) * (len(train.starts) - 1)
    characters = sum(shard.characters for shard in version.shards if shard.split == "train") + between
    return Task(
        options=options,
        vocabulary=vocabulary,
        ids=train.ids,
        starts=train.starts,
        named=lambda numbers: _names(version, store, numbers),
        validation=validation,
        folder=folder,
        each=characters / len(train.ids),
        wide=len(validation.text.encode("utf-8", "surrogatepass")) / len(validation.text),
        start=start,
        peers=peers,
    )


def _refuse(version: Version, options: TrainOptions, length: int, vocabulary: int) -> None:
    """Raise TrainError where there is too little to learn."""
    if length < (needed := shortest(options.batch, options.length)):
        raise TrainError(
            f"{version.ref} has {length:,} {options.unit}s to train on, and needs {needed:,}",
            f"give it more text, or lower train.batch (it is {options.batch}) or train.length (it is {options.length})",
        )
    if vocabulary == 1:
        hint = f"lower train.min_count (it is {options.min_count:,})"
        raise TrainError(f"no {options.unit} of {version.ref} occurs often enough to be learnt", hint)


def _names(version: Version, store: Store, numbers: Sequence[int]) -> list[str]:
    """What to call documents of the train split, by their place in it: id and title or source."""
    wanted = set(numbers)
    documents = enumerate(shards.documents(store.version_folder(version), version.shards, "train"))
    found = {place: f"{each.id} ({each.title or each.source})" for place, each in documents if place in wanted}
    return [found[number] for number in numbers]
