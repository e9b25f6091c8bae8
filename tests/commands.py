"""``python -m`` as a process of its own, forked from one that has imported what most commands need: half the time.

    done = commands.call("corpusmill", "show", "bible@v1", folder=tmp_path, environment=os.environ | {…})

That a program starts by itself is what others test; here many commands follow one another.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["tests.warm"])


def call(
    module: str, *arguments: str, folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a module to its end in a folder, with this environment and no other; what it said, and its exit status."""
    with tempfile.TemporaryDirectory() as told:
        out, err = Path(told, "out"), Path(told, "err")
        process = _SERVER.Process(target=_run, args=(module, arguments, folder, dict(environment), out, err))
        process.start()
        try:
            process.join()
        finally:
            process.kill()  # where a test is stopped
        said = [path.read_text(encoding="utf-8") for path in (out, err)]
    return subprocess.CompletedProcess([module, *arguments], process.exitcode, *said)


def _run(
    module: str, arguments: tuple[str, ...], folder: Path, environment: dict[str, str], out: Path, err: Path
) -> None:
    """Be the program: in its folder, with its environment, arguments and streams."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in ((1, out), (2, err)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(file, number)
        os.close(file)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
