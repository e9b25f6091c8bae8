"""What the cells compute with: one tanh, and float32 or bfloat16 in memory. For numba, which vectorises loops over it.

Arithmetic is float32 always. What lies in memory is float32, or bfloat16 as its sixteen bits (uint16, which is how
numpy can hold it): `read` and `write` are chosen by the row's type when a kernel is compiled. Kernels are several short
loops over one row, which the compiler makes vector code of; one long loop it does not.
"""

import os
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba import types
from numba.extending import overload
from numpy.typing import NDArray
from platformdirs import user_cache_path

from corpusmill.store.ids import code_digest

Array = NDArray[Any]
f32, i32 = np.float32, np.int32
# Numba goes by the time of the one file that a function stands in: machine code of this one would outlive a change in
# those that use it, and installing a wheel changes no times at all. So each state of the code has a folder.
numba.config.CACHE_DIR = os.environ.get("NUMBA_CACHE_DIR") or str(  # type: ignore[attr-defined]
    user_cache_path("corpusmill") / "numba" / code_digest("model.engine", "model.sampling")
)
_FAR = f32(7.90531110763549805)  # tanh is 1 from here on, in float32

kernel: Callable[..., Any] = numba.njit(fastmath=True, nogil=True, error_model="numpy", cache=True)
"""Compiles a loop over rows; it lets other threads run, and its machine code is kept between processes."""


inlined: Callable[..., Any] = numba.njit(inline="always", fastmath=True, error_model="numpy", cache=True)
"""Compiles what is put into the loops that call it."""


@inlined
def tanh(x: np.float32) -> np.float32:
    """Within 4e-7 of it, relative too: the quotient of polynomials of degrees 13 and 6 that Eigen has.

    No table, no exponential and no branch, so a loop over it is eight or sixteen at a time.
    """
    x = min(max(x, -_FAR), _FAR)
    s = x * x
    over = f32(-2.76076847742355e-16) * s + f32(2.00018790482477e-13)
    over = over * s + f32(-8.60467152213735e-11)
    over = over * s + f32(5.12229709037114e-08)
    over = over * s + f32(1.48572235717979e-05)
    over = over * s + f32(6.37261928875436e-04)
    over = over * s + f32(4.89352455891786e-03)
    under = f32(1.19825839466702e-06) * s + f32(1.18534705686654e-04)
    under = under * s + f32(2.26843463243900e-03)
    under = under * s + f32(4.89352518554385e-03)
    return x * over / under


@inlined
def sigmoid(x: np.float32) -> np.float32:
    """1 / (1 + e^-x), by the tanh of half of x."""
    half: np.float32 = tanh(f32(0.5) * x)
    return f32(0.5) * half + f32(0.5)


def read(row: Any, numbers: Any) -> Any:
    """Take a row from memory into float32 numbers."""
    numbers[:] = row


def write(numbers: Any, row: Any) -> Any:
    """Put float32 numbers into memory; where that is bfloat16, rounded to nearest, ties to even."""
    row[:] = numbers


@overload(read, inline="always")
def _read(row: Any, numbers: Any) -> Any:
    if not isinstance(row.dtype, types.Integer):
        return read

    def widened(row: Any, numbers: Any) -> Any:
        bits = numbers.view(i32)
        for j in range(len(row)):
            bits[j] = i32(row[j]) << i32(16)

    return widened


@overload(write, inline="always")
def _write(numbers: Any, row: Any) -> Any:
    if not isinstance(row.dtype, types.Integer):
        return write

    def rounded(numbers: Any, row: Any) -> Any:
        bits = numbers.view(i32)
        for j in range(len(row)):
            row[j] = np.uint16((bits[j] + i32(0x7FFF) + ((bits[j] >> i32(16)) & i32(1))) >> i32(16))

    return rounded
