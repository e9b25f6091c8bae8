"""Files on this machine: one file, a folder, or the standard library of the running Python.

``[source]`` says ``library = true`` or ``path = "/home/me/my.txt"`` (a file or a folder); `include` and `exclude` are
shell patterns on the path below the folder, in which ``*`` crosses slashes; hidden files are never taken.

Files are named relative to the folder (``stdlib:json/decoder.py``, ``file:my.txt``): where a machine keeps them is
recorded once, as the snapshot's origin.
"""

import fnmatch
import mimetypes
import os
import platform
import re
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote

from collectors.intake import Intake
from corpusmill.errors import CollectError, ContentError, SpecError
from corpusmill.http import now
from corpusmill.store.ids import sha256
from corpusmill.types import RawFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Keys of ``[source]``."""

    path: str = ""
    library: bool = False
    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises SpecError unless exactly one of path and library is given."""
        if bool(self.path) == self.library:
            raise SpecError("source: give either path or library = true", "one of the two says where the files are")


def origin(options: Options) -> str:
    """The library's version, or the path."""
    if options.library:
        return f"{platform.python_implementation()} {platform.python_version()} standard library"
    return os.fsencode(Path(options.path).resolve()).decode("utf-8", "backslashreplace")


def collect(options: Options, intake: Intake) -> Iterator[tuple[RawFile, int]]:
    """Read the files in the order of their paths.

    Raises CollectError for a path that is missing or cannot be read, ContentError for a single file that is empty.
    """
    root = Path(sysconfig.get_path("stdlib")) if options.library else Path(options.path)
    if not root.exists():
        raise CollectError(f"{root} does not exist", "check the path")
    scheme = "stdlib" if options.library else "file"
    paths = [root] if root.is_file() else list(_below(root, options))
    for path in paths:
        name = path.name if root.is_file() else path.relative_to(root).as_posix()
        body = _read(path)
        if not body and root.is_file():
            raise ContentError(f"{path} is empty", "name a file with text in it")
        yield intake.put(_record(f"{scheme}:{quote(os.fsencode(name))}", path, body), body), len(paths)


def _below(root: Path, options: Options) -> Iterator[Path]:
    """Regular files below a folder that the patterns let through, in the order of their paths.

    Links, which may lead anywhere, are not followed, and a folder that is excluded whole (``test/*``) is not entered.
    """
    included, excluded = _pattern(options.include), _pattern(options.exclude)
    names: list[str] = []
    for folder, folders, files in os.walk(root, onerror=_refuse):
        below = os.path.relpath(folder, root).removeprefix(".").replace(os.sep, "/")
        prefix = f"{below}/" if below else ""
        folders[:] = [n for n in folders if not n.startswith(".") and not excluded.fullmatch(f"{prefix}{n}/")]
        names += [f"{prefix}{name}" for name in files if not name.startswith(".")]
    wanted = sorted(name for name in names if included.fullmatch(name) and not excluded.fullmatch(name))
    return (root / name for name in wanted if (root / name).is_file() and not (root / name).is_symlink())


def _pattern(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """Any of some shell patterns; of none, what matches nothing."""
    return re.compile("|".join(map(fnmatch.translate, patterns)) or r"(?!)")


def _refuse(error: OSError) -> NoReturn:
    raise CollectError(f"{error.filename}: {error.strerror}", "make it readable or exclude it") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        _refuse(error)


def _record(url: str, path: Path, body: bytes) -> RawFile:
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
    return RawFile(
        url=url,
        final_url=url,
        status=200,
        sha256=sha256(body),
        bytes=len(body),
        media_type=mimetypes.guess_type(path.name)[0] or "",
        last_modified=changed,
        fetched_at=now(),
        robots="local file",
    )
