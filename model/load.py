"""A finished run -> what is needed to use it: weights and vocabulary, each checked against its digest, and the options.

It knows no torch, so sampling starts fast.
"""

from dataclasses import dataclass

import msgspec

from corpusmill.errors import CorruptError
from corpusmill.store import Store
from corpusmill.store.ids import sha256
from corpusmill.types import Run
from model import weights
from model.options import TrainOptions
from model.weights import Weights
from preprocess.vocab import Tokens, from_json

VOCABULARY = "vocabulary.json"


@dataclass(frozen=True, slots=True)
class Trained:
    """The best weights of a run, and what their ids mean."""

    weights: Weights
    vocabulary: Tokens
    options: TrainOptions  # what it was trained with


def load(run: Run, store: Store) -> Trained:
    """Read a run's best checkpoint. Raises CorruptError naming the file that is missing or damaged."""
    folder = store.run_folder(run.corpus, run.id)
    parameters = weights.read(folder / run.checkpoint, run.files.get(run.checkpoint, ""))
    vocabulary = _vocabulary(run, store)
    if len(parameters["head.bias"]) != len(vocabulary):
        raise CorruptError(f"{folder}: the vocabulary is not the one that {run.checkpoint} learnt", weights.HINT)
    return Trained(parameters, vocabulary, msgspec.convert(run.config, TrainOptions))


def _vocabulary(run: Run, store: Store) -> Tokens:
    path = store.run_folder(run.corpus, run.id) / VOCABULARY
    if not path.is_file():
        raise CorruptError(f"{path} is missing", weights.HINT)
    body = path.read_bytes()
    if sha256(body) != run.files.get(VOCABULARY):
        raise CorruptError(f"{path} does not match its digest", weights.HINT)
    return from_json(body)
