"""What a training leaves for people: ``metrics.jsonl`` and ``samples/``.

    metrics.jsonl         {"iteration", "seconds", "characters", "nats_per_char", "rate", "characters_per_second",
                           "validation": null or {"nats_per_char", "bits_per_byte", "characters", "reset"}} a line
    samples/000400.json   {"iteration", "temperature", "text"}: what the model wrote then
    setbacks.json         [{"iteration", "back_to", "said", "documents", "rate"}]: where training went back, if it did
    samples/ladder.json   [{"temperature", "text"}]: what the best weights write at each temperature

The losses are nats per character: of the training text the mean since the line before, dropout on (of bytes or words,
by how many characters one has on average); of the validation split as `score` has it. Seconds count from the start of
training. It knows neither networks nor torch.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from corpusmill.store import commit
from corpusmill.store.ids import canonical, pretty
from model.checkpoint import Setback
from model.options import SampleOptions
from model.sample import Sampler
from model.sampling.choose import Sampling
from model.stop import Stop

METRICS = "metrics.jsonl"
SAMPLES = "samples"
SETBACKS = "setbacks.json"


def line(folder: Path, metrics: dict[str, Any]) -> None:
    """Add a line to ``metrics.jsonl``."""
    with (folder / METRICS).open("ab") as file:
        file.write(canonical(metrics) + b"\n")


def sample(folder: Path, sampler: Sampler, options: SampleOptions, iteration: int, seed: int, stop: Stop) -> None:
    """Let the model as it is write. Raises Interrupted, with nothing written."""
    how = Sampling(length=options.length, temperature=options.temperature, seed=seed)
    text = _text(sampler, options.prime, how, stop)
    written = {"iteration": iteration, "temperature": options.temperature, "text": text}
    commit.write_file(folder / SAMPLES / f"{iteration:06d}.json", pretty(written))


def ladder(folder: Path, sampler: Sampler, options: SampleOptions, seed: int, stop: Stop) -> None:
    """Let the finished model write at each temperature, from the same seed. Raises Interrupted."""
    hows = [Sampling(length=options.length, temperature=t, seed=seed) for t in options.temperatures]
    rungs = [{"temperature": how.temperature, "text": _text(sampler, options.prime, how, stop)} for how in hows]
    commit.write_file(folder / SAMPLES / "ladder.json", pretty(rungs))


def _text(sampler: Sampler, prime: str, how: Sampling, stop: Stop) -> str:
    pieces = []
    for piece in sampler.stream(prime, how):
        stop.heed()
        pieces.append(piece)
    return "".join(pieces)


def setback(folder: Path, found: Setback) -> None:
    """Put on record that training went back."""
    commit.write_file(folder / SETBACKS, pretty([found]))


def forget_setback(folder: Path, known: Sequence[Setback]) -> None:
    """Forget one that was on record and in no checkpoint yet: it will come again, or not."""
    if not known:
        (folder / SETBACKS).unlink(missing_ok=True)


def rewind(folder: Path, iteration: int) -> None:
    """Forget what was written after an iteration: training goes on from there and will write it anew."""
    if (folder / METRICS).is_file():
        commit.write_file(folder / METRICS, b"".join(_until(folder / METRICS, iteration)))
    for path in (folder / SAMPLES).glob("*.json"):
        if path.stem.isdecimal() and int(path.stem) > iteration:
            path.unlink()


def _until(path: Path, iteration: int) -> Iterator[bytes]:
    """The whole lines up to an iteration; a process that was killed may have left half a line at the end."""
    for whole in path.read_bytes().splitlines(keepends=True):
        if whole.endswith(b"\n") and msgspec.json.decode(whole)["iteration"] <= iteration:
            yield whole
