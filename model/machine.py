"""What a machine offers to a training, and what of it is written down: threads, number format, kernels.

The same seed gives the same weights on the same kind of machine with the same number of threads; another processor may
change the last bits, and the loss curve with them. So a run records all of this.
"""

import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import safetensors
import torch

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


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Within the block torch draws from this seed; after it, from where it was before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def precision() -> torch.dtype:
    """bfloat16 where the processor multiplies it, half as costly as float32 there; else float32."""
    capabilities = torch.cpu.get_capabilities()
    fast = capabilities.get("avx512_bf16") or capabilities.get("amx_bf16")
    return torch.bfloat16 if fast else torch.float32


def facts(number: int) -> Mapping[str, str]:
    """What may change the last bits of a result, with the number of threads."""
    return {
        "kernel": "torch.nn.LSTM",
        "dtype": str(precision()).removeprefix("torch."),
        "threads": str(number),
        "cpu": torch.backends.cpu.get_cpu_capability(),
        "processor": platform.machine(),
        "system": platform.system(),
    }


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
