"""Other projects' readers, in an environment of their own: what they need must not decide what corpusmill runs with.

    readers.call(SCRIPT, "folder")    # runs in .venv-readers, made once; returns what it printed as JSON

A test skips where the environment cannot be made; with CORPUSMILL_REQUIRE=all, as in CI, that is a failure.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import filelock

from tests import needs

ENVIRONMENT = Path(__file__).parent.parent / ".venv-readers"
PINNED = (
    "bagit==1.9.0",
    "datasets==5.2.0",
    "deltalake==1.6.6",
    "duckdb==2.0.0",
    "mlcroissant==1.1.1",
    "pandas==3.1.1",
    "polars==2.1.0",
    "pyarrow==26.0.1",
)
LEAVE = "\nimport os, sys; sys.stdout.flush(); os._exit(0)"  # threads of theirs abort a process that ends in order
SECONDS = 840  # on a machine that does much else; alone it takes a tenth


def call(script: str, *arguments: object):
    """Run a script with the readers, offline; returns the JSON it prints."""
    with tempfile.TemporaryDirectory() as home:
        environment = {"HOME": home, "HF_HOME": home, "HF_HUB_OFFLINE": "1", "PATH": os.environ["PATH"]}
        done = subprocess.run(
            [_python(), "-c", script + LEAVE, *map(str, arguments)],
            env=environment,
            cwd=home,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def _python() -> Path:
    """The interpreter of the environment, which is made if it is not there or is another."""
    stamp = ENVIRONMENT / f".made-{hashlib.sha256(repr((PINNED, sys.version_info[:2])).encode()).hexdigest()[:12]}"
    python = ENVIRONMENT / "bin" / "python"
    with filelock.FileLock(Path(tempfile.gettempdir(), "corpusmill-readers.lock")):
        if not stamp.exists():
            shutil.rmtree(ENVIRONMENT, ignore_errors=True)
            _make(python)
            stamp.touch()
    return python


def _make(python: Path) -> None:
    quick = ["--quiet", "--disable-pip-version-check", "--prefer-binary", "--no-compile"]  # little of it is imported
    install = [sys.executable, "-m", "pip", "--python", python, "install", *quick, *PINNED]
    for command in ([sys.executable, "-m", "venv", "--without-pip", ENVIRONMENT], install):
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)
        except (subprocess.SubprocessError, OSError) as error:
            told = getattr(error, "stderr", None) or b""
            needs._lacking(f"{ENVIRONMENT.name} cannot be made: {error} {told.decode(errors='replace')[-300:]}")
