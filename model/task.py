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
from preprocess.ids import counts, encoded
from preprocess.vocab import Ids, Vocabulary

EVALUATION_STREAMS = 32  # the validation text is read in so many places side by side unless `reset` says otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What there is to learn, and the folder that shows for it."""

    options: TrainOptions
    vocabulary: Vocabulary
    ids: Ids  # of the train split
    starts: NDArray[np.int64]  # of its documents, in `ids`
    named: Callable[[Sequence[int]], Sequence[str]]  # numbers of documents -> what to call them
    validation: Passage  # as much of the split as evaluations score
    folder: Path
    peers: Peers = ALONE  # the processes that learn it together

    @property
    def reset(self) -> int:
        """How often evaluations zero the hidden state, in characters."""
        return self.options.reset or math.ceil(len(self.validation.text) / EVALUATION_STREAMS)

    def stream(self, standing: Standing, *, whole: bool) -> Iterator[tuple[Batch | Window, Position]]:
        """The batches from where it stands; their places alone, unless `whole`, for a learner that has the text."""
        options, peers = self.options, self.peers
        forgotten = resets(self.starts, options.separator) if options.boundaries == "reset" else None
        how = options.batch, options.length, options.seed, standing.position, forgotten, peers.share(options.batch)
        return batches(self.ids, *how) if whole else windows(len(self.ids), *how)

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


def read(version: Version, store: Store, options: TrainOptions, folder: Path, peers: Peers) -> Task:
    """Make the vocabulary, and read or make the ids. Raises TrainError when there is too little text of either kind."""
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
    train = encoded(version, store, vocabulary, options.separator)["train"]
    return Task(
        options=options,
        vocabulary=vocabulary,
        ids=train.ids,
        starts=train.starts,
        named=lambda numbers: _names(version, store, numbers),
        validation=validation,
        folder=folder,
        peers=peers,
    )


def _names(version: Version, store: Store, numbers: Sequence[int]) -> list[str]:
    """What to call documents of the train split, by their place in it: id and title or source."""
    wanted = set(numbers)
    documents = enumerate(shards.documents(store.version_folder(version), version.shards, "train"))
    found = {place: f"{each.id} ({each.title or each.source})" for place, each in documents if place in wanted}
    return [found[number] for number in numbers]
