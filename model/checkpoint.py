"""Where a training stands, on disk: the best weights, all that is needed to go on, and one JSON that names both.

    checkpoints/best-000400.safetensors   the weights that predicted the validation split best
    checkpoints/last-000425.safetensors   weights, optimiser, hidden state and random state at the last save
    checkpoints/last-000420.safetensors   the same at the mark: where training goes back to when it fails
    checkpoints/state.json                their digests, and the numbers; replacing it is the commit

A save that dies half-way leaves the one before: what `state.json` does not name is swept later. It knows arrays
and numbers, neither networks nor torch.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from corpusmill.errors import CorruptError
from corpusmill.store import commit
from corpusmill.store.ids import pretty
from corpusmill.store.seal import broken, seal
from model import weights
from model.batches import START, Position
from model.weights import Weights

FOLDER = "checkpoints"
STATE = f"{FOLDER}/state.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """The best evaluation so far, and its weights."""

    iteration: int
    nats_per_char: float
    bits_per_byte: float
    path: str  # relative to the run's folder
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Setback:
    """A batch that could not be learnt from, and what was done about it."""

    iteration: int  # that was to be
    back_to: int  # the iteration of the mark
    said: str  # the loss
    documents: tuple[str, ...]  # that were in the batch, the worst stream's first
    rate: float  # share of the learning rate from here on


@dataclass(slots=True, kw_only=True)
class Standing:
    """Everything that a training knows besides its arrays; all of it outlives an interruption."""

    started_at: str  # UTC, ISO 8601
    iteration: int = 0
    position: Position = field(default_factory=lambda: dict(START))  # of the next batch
    seconds: float = 0.0  # of wall clock spent training, evaluations included, waiting between two sessions not
    cpu_seconds: float = 0.0  # of this process over the same time
    saved: float = 0.0  # seconds at the last save
    best: Best | None = None
    evaluations: int = 0  # that were due, and done or spared
    looked: float = 0.0  # seconds that those took which were done, their samples included
    worse: int = 0  # evaluations since the best one
    bits_per_byte: float | None = None  # of the last evaluation
    lines: int = 0  # of metrics.jsonl that were due
    loss: float | None = None  # mean over the last line of metrics.jsonl, of an id
    nats: float = 0.0  # loss of an id, summed over the iterations since the last line, or the last one's own
    steps: int = 0  # those iterations
    busy: float = 0.0  # seconds that these took, evaluations not included
    noted: bool = False  # whether their line is written, so that the next iteration begins the next mean
    setbacks: tuple[Setback, ...] = ()  # times that training went back to its mark
    rate: float = 0.0  # of the last iteration
    owed: bool = False  # whether what was due after the last iteration was cut off: line, evaluation, sample

    def count(self, nats: float, seconds: float, rate: float) -> None:
        """Add an iteration."""
        if self.noted:
            self.nats, self.steps, self.busy, self.noted = 0.0, 0, 0.0, False
        self.iteration += 1
        self.rate, self.owed = rate, True
        self.nats += nats
        self.steps += 1
        self.busy += seconds

    def note(self) -> None:
        """A line was written. An evaluation that turns out to be due right after it says the same of the training."""
        self.loss = self.nats / self.steps
        self.noted = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A standing, and the file that holds its arrays."""

    standing: Standing
    path: str  # relative to the run's folder
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is on disk: where training goes on, and where it goes back to."""

    last: Kept
    mark: Kept


def write_best(folder: Path, iteration: int, parameters: Weights) -> tuple[str, str]:
    """Write weights that are the best so far; `save` makes them count. Returns path and SHA-256."""
    path = f"{FOLDER}/best-{iteration:06d}.safetensors"
    return path, weights.write(folder / path, parameters, named=False)


def save(folder: Path, standing: Standing, arrays: Weights, mark: Kept | None = None) -> State:
    """Write a run's state so that training goes on from exactly here; then drop what it replaces.

    Without a `mark` from before, this is it.
    """
    path = f"{FOLDER}/last-{standing.iteration:06d}.safetensors"
    last = Kept(standing=replace(standing), path=path, sha256=weights.write(folder / path, arrays))
    state = State(last=last, mark=mark or last)
    commit.write_file(folder / STATE, seal(pretty(state)))
    sweep(folder, state)
    return state


def resume(folder: Path) -> State | None:
    """What `save` wrote last, or None if nothing was saved. Raises CorruptError."""
    try:
        body = (folder / STATE).read_bytes()
        state = msgspec.json.decode(body, type=State)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CorruptError(f"{folder / STATE} is damaged: {error}", weights.HINT) from error
    if broken(body):
        raise CorruptError(f"{folder / STATE} is damaged: it is not what was sealed", weights.HINT)
    return state


def arrays(folder: Path, kept: Kept) -> Weights:
    """The arrays of a standing. Raises CorruptError."""
    return weights.read(folder / kept.path, kept.sha256)


def sweep(folder: Path, state: State) -> None:
    """Remove checkpoints that the state does not name: those before it, and those of a save that never came to it."""
    best = state.last.standing.best
    keep = {state.last.path, state.mark.path, best.path if best else ""}
    for path in (folder / FOLDER).glob("*.safetensors"):
        if f"{FOLDER}/{path.name}" not in keep:
            path.unlink()
