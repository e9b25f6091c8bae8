"""What some tests need beyond Python: looked for here; a test that lacks it skips and says what to install.

With CORPUSMILL_REQUIRE=all, as in CI, lacking it is a failure.
"""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.postgres import programs

SHARED = Path(__file__).parents[2] / "shared"
PROGRAMS = {"chromium": "apt-get install chromium", "strace": "apt-get install strace"}
NOBODY = 65534  # the user id that owns nothing, by convention


def program(name: str) -> str:
    """The path of a program, or the test is skipped."""
    return shutil.which(name) or _lacking(f"{name} is not installed: {PROGRAMS[name]}")


def package(name: str, extra: str) -> None:
    """Nothing, or the test is skipped that needs a package of an extra."""
    if importlib.util.find_spec(name) is None:
        _lacking(f"{name} is not installed: pip install 'corpusmill[{extra}]'")


def postgres() -> None:
    """A PostgreSQL server can be started, or the test is skipped."""
    if not programs():
        _lacking("PostgreSQL is not installed: apt-get install postgresql")


def shared(name: str) -> Path:
    """A folder of real material beside the checkout, or the test is skipped."""
    folder = SHARED / name
    return folder if folder.is_dir() else _lacking(f"{folder} is absent: the tests on real material need it")


@contextmanager
def disk(folder: Path, size: str) -> Iterator[Path]:
    """A real, empty file system of its own on `folder`, as large as `size` (``2m``), or the test is skipped."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode:
        _lacking("a small disk cannot be mounted here: run the tests as root on Linux")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def ordinary_user(folder: Path) -> Iterator[None]:
    """Whoever runs the tests, but not root, to whom no file is forbidden; owns `folder` and sees the way to it."""
    if os.geteuid():
        yield
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    for parent in [p for p in folder.parents if p.stat().st_uid == 0 and "pytest" in str(p)]:
        parent.chmod(0o755)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def _lacking(reason: str):
    if os.environ.get("CORPUSMILL_REQUIRE") == "all":
        pytest.fail(reason)
    pytest.skip(reason)
