"""Run benchmarks: ``python -m benchmarks`` runs all, ``--list`` names them, ``NAME [options]`` runs one."""

import ast
import importlib
import os
import sys
from pathlib import Path
from types import ModuleType

from corpusmill.errors import CorpusmillError

BENCHMARKS = (
    "train",
    "engine",
    "client",
    "polite",
    "scale",
    "archive",
    "near",
    "build",
    "driver",
    "store",
    "bucket",
    "trace",
    "sample",
    "baselines",
    "gpu",
    "encode",
    "cluster",
    "orchestration",
    "kills",
    "refreshes",
)  # modules beside this one: `main(arguments)` runs, the docstring says what is measured


def main(arguments: list[str]) -> None:
    """Run what is asked for, or all."""
    if arguments == ["--list"]:
        for name in BENCHMARKS:
            source = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
            print(f"{name:10} {(ast.get_docstring(ast.parse(source)) or '').splitlines()[0]}")
        return
    if arguments and arguments[0] not in BENCHMARKS:
        sys.exit(f"no benchmark is named {arguments[0]!r}; there are: {', '.join(BENCHMARKS)}")
    for name in arguments[:1] or BENCHMARKS:
        _module(name).main(arguments[1:])


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"benchmarks.{name}")


if __name__ == "__main__":
    # As the command line does: short spins between threads, and one thread for numpy's small products.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        main(sys.argv[1:])
    except (CorpusmillError, OSError) as error:
        sys.exit(f"benchmarks: {error}")
