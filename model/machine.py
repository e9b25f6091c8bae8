"""What a machine offers to a training, and what of it is written down: threads, number format, kernels.

The same seed gives the same weights on the same kind of machine with the same number of threads; another processor may
change the last bits, and the loss curve with them. So a run records all of this.
"""

import math
import os
import platform
import statistics
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import safetensors
import torch

from corpusmill.errors import UsageError

CPU = torch.device("cpu")
TRIES = 5  # iterations that a number of threads has to show its speed
HOPELESS = 3.0  # times slower than the fewest threads: not worth the rest of the tries
REST_SECONDS = 30.0  # of training between two trials
MOST_THREADS = 4  # an LSTM's products are small: more threads wait for one another longer than they work


@contextmanager
def threads(wanted: int = 0) -> Iterator[int]:
    """Within the block torch has so many threads, 0 meaning what the machine has, at most 4; gives the number.

    Numbers too small for the normal format count as zero there, since some processors are far slower with them; nowhere
    else, since it changes what ``x > 0`` means to the rest of the program.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(wanted or min(_cores(), MOST_THREADS))
    torch.set_flush_denormal(True)
    try:
        yield torch.get_num_threads()
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(before)


class Pace:
    """How many threads to train with, found by trying while it works, since it depends on what else the machine does.

    Two threads beat one while two cores are idle; on busy ones, or with few streams, they may be slower than one. So
    each number has a few iterations in turn, the faster one goes on, and after half a minute they are tried again.
    `number` is that of the next iteration.
    """

    def __init__(self, choices: tuple[int, ...]) -> None:
        """`choices` from few to many; a single one is simply taken."""
        self._choices = choices
        self._plan: list[int] = []
        self._times: dict[int, list[float]] = {}
        self._rest = 0.0
        self._begin()

    def __str__(self) -> str:
        """``2``, or ``1 or 2`` where it tries."""
        return " or ".join(map(str, self._choices))

    def took(self, seconds: float) -> None:
        """Learn what an iteration took, and choose the number of the next."""
        if self._plan:
            number = self._plan.pop(0)
            self._times[number].append(seconds)
            if seconds > HOPELESS * min(self._times[self._choices[0]]) and len(self._times[number]) > 1:
                self._plan = [other for other in self._plan if other != number]
            self.number = self._plan[0] if self._plan else self._fastest()
            self._rest = REST_SECONDS
        else:
            self._rest -= seconds
            if self._rest < 0:
                self._begin()

    def _begin(self) -> None:
        several = len(self._choices) > 1
        self._plan = [number for number in self._choices for _ in range(TRIES)] if several else []
        self._times = {number: [] for number in self._choices}
        self._rest = math.inf
        self.number = self._choices[0]

    def _fastest(self) -> int:
        return min(self._choices, key=lambda number: statistics.median(self._times[number]))


@contextmanager
def pace(wanted: int, *, repeatable: bool) -> Iterator[Pace]:
    """Within the block a training tells what its iterations take; `wanted` 0 means to try, if it need not repeat.

    Another number gives other last bits, since each thread's gradients are summed first; so what must repeat has one.
    Each has a share of the streams, and torch works alone in it.
    """
    most = min(_cores(), MOST_THREADS)
    choices = (wanted,) if wanted else (1,) if repeatable or most == 1 else (1, most)
    with threads(1):
        yield Pace(choices)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Within the block torch draws from this seed; after it, from where it was before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def precision(place: torch.device = CPU) -> torch.dtype:
    """bfloat16 where the processor or GPU multiplies it, half as costly as float32 there; else float32."""
    if place.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    capabilities = torch.cpu.get_capabilities()
    fast = capabilities.get("avx512_bf16") or capabilities.get("amx_bf16")
    return torch.bfloat16 if fast else torch.float32


def device(wanted: str) -> torch.device:
    """Where to train: as wanted, or on a GPU if there is one. Raises UsageError for one that is not there."""
    there = torch.cuda.is_available()
    if wanted == "cuda" and not there:
        hint = "leave train.device at auto, or install the build of torch for its CUDA"
        raise UsageError("train.device is cuda, and torch finds no NVIDIA GPU here", hint)
    return torch.device("cuda" if there and wanted != "cpu" else "cpu")


def engine(wanted: str, place: torch.device = CPU) -> str:
    """What computes the recurrent layers: as wanted, or the faster one, numba on a processor; on a GPU it is cuDNN.

    Raises UsageError for numba on a GPU.
    """
    if place.type == "cpu":
        return "numba" if wanted == "auto" else wanted
    if wanted == "numba":
        raise UsageError("train.engine is numba, which computes on processors alone", "set train.device to cpu")
    return "cudnn"


def facts(number: str, computed: str, place: torch.device, processes: int) -> Mapping[str, str]:
    """What may change the last bits of a result, with the number of threads (``2``, ``1 or 2``) and the engine."""
    return {
        "kernel": computed,
        "dtype": str(precision(place)).removeprefix("torch."),
        "device": "cpu" if place.type == "cpu" else _gpu(place),
        "processes": str(processes),
        "threads": number,
        "cpu": torch.backends.cpu.get_cpu_capability(),
        "processor": platform.machine(),
        "system": platform.system(),
    }


def _gpu(place: torch.device) -> str:
    """``NVIDIA H100 80GB HBM3, CUDA 12.8, cuDNN 91002``: what decides which kernels compute."""
    cudnn = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
    return f"{torch.cuda.get_device_name(place)}, CUDA {torch.version.cuda}, cuDNN {cudnn}"


def libraries() -> Mapping[str, str]:
    """Versions of everything that computes."""
    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "safetensors": safetensors.__version__,
    }


def _cores() -> int:
    """Processors this process may use; a container or a batch system may allow fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
