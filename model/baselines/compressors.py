"""What zstd, xz and PPMd need for a text, by itself and where it comes after the training text, in bits per byte.

    for found in compressed(train, text):
        print(found.name, found.alone, found.after_training)

After the training text means: the size of both as one file less that of the training text, the nearest a compressor
comes to a model that has learnt from it. Each may look back over all it has read: zstd with `--long` and xz have a
window as large as that, PPMd has 256 MB for its contexts and begins anew where they are full. On a command line that is
`zstd -19 --long`, `xz -9` and `7z a -m0=PPMd:o=8:mem=256m`.

PPMd is Shkarin's variant H (PPM: one step to practicality, DCC 2002) as in 7-Zip; of its orders 5 to 32, 6 is best for
Shakespeare and 8 for War and Peace, each by less than two hundredths of a bit. All three read the training text twice,
the time of which `benchmarks/baselines.py` measures.
"""

import lzma
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pyppmd
import zstandard

from corpusmill.types import Progress, silent

PPMD_ORDER, PPMD_MEMORY = 8, 256 << 20
_WINDOW = (10, 31)  # bits that zstd's windows may have
_SMALLEST = 1 << 12  # of xz's windows, in bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Compressed:
    """What a compressor makes of a text, in bits per byte."""

    name: str
    alone: float
    after_training: float


def compressed(train: bytes, text: bytes, progress: Progress = silent) -> Iterator[Compressed]:
    """Ask each compressor; the text is not empty."""
    steps, done = 3 * len(COMPRESSORS), 0
    for name, size in COMPRESSORS.items():
        sizes = []
        for body in (text, train, train + text):
            progress("compress", done, steps, f"{name}, {len(body):,} bytes")
            sizes.append(size(body))
            done += 1
        alone, before, after = sizes
        yield Compressed(name=name, alone=8 * alone / len(text), after_training=8 * (after - before) / len(text))
    progress("compress", done, steps, f"{len(text):,} bytes after {len(train):,}")


def zstd(body: bytes) -> int:
    """Bytes of ``zstd -19 --long``, its window no smaller than the body."""
    window = min(max((len(body) - 1).bit_length(), _WINDOW[0]), _WINDOW[1])
    chosen = zstandard.ZstdCompressionParameters.from_level(19, window_log=window, enable_ldm=True)
    return len(zstandard.ZstdCompressor(compression_params=chosen).compress(body))


def xz(body: bytes) -> int:
    """Bytes of ``xz -9``, its window as large as the body."""
    chosen = {"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": max(len(body), _SMALLEST)}
    return len(lzma.compress(body, filters=[chosen]))


def ppmd(body: bytes) -> int:
    """Bytes of PPMd, variant H."""
    encoder = pyppmd.Ppmd7Encoder(PPMD_ORDER, PPMD_MEMORY)
    return len(encoder.encode(body)) + len(encoder.flush())


COMPRESSORS: Mapping[str, Callable[[bytes], int]] = {
    "zstd -19 --long": zstd,
    "xz -9": xz,
    f"PPMd-H order {PPMD_ORDER}": ppmd,
}
"""By the name that is told."""
