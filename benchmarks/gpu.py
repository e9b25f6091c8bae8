"""How fast a GPU trains: characters per second with and without graphs, what a step costs, and models side by side.

    python -m benchmarks gpu [--sizes 2x128 2x256 2x512 3x512] [--batch 100] [--length 100] [--seconds 3] [--smoke]

Three tables. The first trains LSTMs on random ids of 87 characters that lie on the GPU, in bfloat16 and float32, each
iteration recorded in a CUDA graph and not, and tells characters per second and microseconds per step of a layer, there
and back. The second advances 1, 2, 4 and 8 equal models on streams of their own and tells the sum of their speeds over
that of one. From both the time follows that the 72 models of Karpathy, Johnson and Li 2015 take (experiments/
paper-2015.toml: three cells, one to three layers, four sizes, 50 epochs of two texts), each reckoned as the measured
LSTM of the nearest width.
Where there is no GPU it says so and measures nothing; `--smoke` runs the same on the processor, in seconds, to see that
it runs.
"""

import argparse
import math
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch

from corpusmill.errors import UsageError
from model import machine
from model.accelerator.flight import Flight, together
from model.accelerator.learner import STRIDE, Accelerated
from model.batches import START, Window, windows
from model.options import TrainOptions

CHARACTERS = 87  # of the paper's War and Peace
TEXT = 1_000_000  # ids to read, more than any measurement does
RATE = 2e-3
LAYERS, CELLS, WIDTHS, EPOCHS = (1, 2, 3), 3, (64, 128, 256, 512), 50  # of the paper's grid
TRAINED = 0.8 * 3.3e6 + 0.9 * 6.2e6  # characters of its two training splits, about


@dataclass(frozen=True, slots=True)
class Place:
    """Where, and for how long each figure is taken."""

    device: torch.device
    seconds: float

    def wait(self) -> None:
        """Until all that was asked for is done."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks gpu", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", nargs="+", default=["2x128", "2x256", "2x512", "3x512"], help="layers x units")
    parser.add_argument("--batch", type=int, default=100, help="streams (default 100)")
    parser.add_argument("--length", type=int, default=100, help="characters of a window (default 100)")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each figure (default 3)")
    parser.add_argument("--smoke", action="store_true", help="tiny, on the processor: no figures worth keeping")
    asked = parser.parse_args(arguments)
    if not asked.smoke and not torch.cuda.is_available():
        print("no NVIDIA GPU here: nothing is measured (--smoke runs the benchmark on the processor)")
        return
    place = Place(machine.CPU, 0.0) if asked.smoke else Place(torch.device("cuda"), asked.seconds)
    batch, length = (4, 8) if asked.smoke else (asked.batch, asked.length)
    shapes = [_size(size) for size in (["1x8", "2x8"] if asked.smoke else asked.sizes)]
    print("on the processor, to see that it runs" if asked.smoke else torch.cuda.get_device_name())
    made = [TrainOptions(layers=n, hidden=size, batch=batch, length=length, optimizer="adamw") for n, size in shapes]
    steps = speeds(made, place)
    overlap = streams(made[0], place)
    grid(made[0], steps, overlap)


def speeds(shapes: Sequence[TrainOptions], place: Place) -> dict[int, float]:
    """Print characters per second of each size; returns seconds of a recorded bfloat16 layer-step by width."""
    print(f"{'size':>6} {'type':>9} {'graph':>6} {'characters/s':>13} {'µs per layer-step':>18}")
    steps = {}
    for options in shapes:
        for precision in (torch.bfloat16, torch.float32):
            for graphs in (True, False):
                seconds = _alone(options, precision, place, graphs=graphs)
                step = seconds / options.length / options.layers
                if graphs and precision == torch.bfloat16:
                    steps[options.hidden] = step
                kind = str(precision).removeprefix("torch.")
                rate = options.batch * options.length / seconds
                size = f"{options.layers}x{options.hidden}"
                print(
                    f"{size:>6} {kind:>9} {'yes' if graphs else 'no':>6} {rate:>13,.0f} {1e6 * step:>18.2f}", flush=True
                )
    return steps


def streams(options: TrainOptions, place: Place) -> float:
    """Print how much faster several models are together; returns the most."""
    print(f"\n{'models':>6} {'characters/s':>13} {'over one':>9}")
    rates = []
    for count in (1, 2, 4, 8):
        learners = [_learner(options, torch.bfloat16, place) for _ in range(count)]
        list(together([_flight(learner, options, 1) for learner in learners]))  # recorded, warm
        stretches, seconds = 1, 0.0
        while not seconds or (seconds < place.seconds and stretches < 1 << 20):
            stretches *= 4
            place.wait()
            started = time.perf_counter()
            list(together([_flight(learner, options, stretches) for learner in learners]))
            place.wait()
            seconds = time.perf_counter() - started
        rates.append(count * stretches * STRIDE * options.batch * options.length / seconds)
        print(f"{count:>6} {rates[-1]:>13,.0f} {rates[-1] / rates[0]:>9.2f}", flush=True)
    return max(rates) / rates[0]


def grid(options: TrainOptions, steps: dict[int, float], overlap: float) -> None:
    """Print what the paper's 72 models would take at these costs of a layer-step and this overlap."""
    iterations = EPOCHS * TRAINED / (options.batch * options.length)
    each = iterations * options.length * sum(LAYERS) * CELLS  # layer-steps of the models of one width
    hours = each * sum(steps[_nearest(width, steps)] for width in WIDTHS) / 3600
    total = each * len(WIDTHS)
    print(f"\nthe 72 models of 2015 are {total:.2g} layer-steps with {options.batch} streams: reckoned from the above,")
    print(f"{hours:.2f} hours one after the other, {hours / overlap:.2f} side by side; evaluations are not counted")


def _nearest(width: int, measured: Iterable[int]) -> int:
    return min(measured, key=lambda other: abs(math.log(other / width)))


def _alone(options: TrainOptions, precision: torch.dtype, place: Place, *, graphs: bool) -> float:
    """Seconds of an iteration of one model."""
    learner = _learner(options, precision, place, graphs=graphs)
    learner.advance(*_stretch(options))
    place.wait()
    done, started = 0, time.perf_counter()
    while not done or time.perf_counter() - started < place.seconds:
        learner.advance(*_stretch(options))
        done += STRIDE
    place.wait()
    return (time.perf_counter() - started) / done


def _learner(options: TrainOptions, precision: torch.dtype, place: Place, *, graphs: bool = True) -> Accelerated:
    ids = np.random.default_rng(1).integers(1, CHARACTERS, TEXT, np.uint8)
    with machine.seeded(1):
        return Accelerated(options, CHARACTERS, ids, precision, device=place.device, graphs=graphs)


def _stretch(options: TrainOptions) -> tuple[list[Window], list[float]]:
    found = islice(windows(TEXT, options.batch, options.length, 1, START), STRIDE)
    return [window for window, _ in found], [RATE] * STRIDE


def _flight(learner: Accelerated, options: TrainOptions, stretches: int) -> Flight:
    return Flight(learner, iter([_stretch(options)] * stretches))


def _size(text: str) -> tuple[int, int]:
    if not re.fullmatch(r"\d+x\d+", text):
        raise UsageError(f"{text!r} is no size", "layers x units, e.g. 2x256")
    layers, hidden = map(int, text.split("x"))
    return layers, hidden
