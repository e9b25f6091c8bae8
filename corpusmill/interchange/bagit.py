"""A version as a bag (BagIt 1.0, RFC 8493), which libraries and archives check and keep.

The payload is the version as it is published. Nothing in a bag is dated by the clock, so the same version gives the
same bag.
"""

import os
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

from corpusmill import __version__
from corpusmill.interchange import folder
from corpusmill.interchange.folder import Exported
from corpusmill.store import Store
from corpusmill.store.ids import file_sha256
from corpusmill.types import Progress, Version, silent

_DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_FOLDING = textwrap.TextWrapper(
    width=79,  # of a line in bag-info.txt, which RFC 8493, 2.2.2 recommends
    subsequent_indent="  ",
    break_long_words=False,  # an address stays one
    break_on_hyphens=False,
)


def write(store: Store, version: Version, target: Path, progress: Progress = silent) -> Exported:
    """A folder with bagit.txt, bag-info.txt, both manifests and data/. Raises UsageError, StoreError, CorruptError."""
    with folder.filled(target) as work:
        folder.copy_all(version, store, work / "data", progress)
        (work / "manifest-sha256.txt").write_text(_manifest(work, _below(work / "data")), encoding="utf-8")
        (work / "bagit.txt").write_text(_DECLARATION, encoding="utf-8")
        (work / "bag-info.txt").write_text("".join(_lines(_info(version, work))), encoding="utf-8")
        tags = sorted(path for path in work.iterdir() if path.is_file())
        (work / "tagmanifest-sha256.txt").write_text(_manifest(work, tags), encoding="utf-8")
    return folder.written(target, "bagit", version)


def _info(version: Version, work: Path) -> Mapping[str, str]:
    payload = _below(work / "data")
    return {
        "Bag-Software-Agent": f"corpusmill {__version__}",
        "External-Identifier": f"{version.ref} {version.id}",
        "External-Description": ". ".join(filter(None, (version.title, version.about))),
        "Licence": ". ".join(filter(None, (version.licence, version.licence_note))),
        "Personal-Data": version.personal_data,
        "Snapshot": version.snapshot,
        "Payload-Oxum": f"{sum(path.stat().st_size for path in payload)}.{len(payload)}",
    }


def _lines(info: Mapping[str, str]) -> Iterator[str]:
    """Each element on lines of its own; those after its first begin with white space."""
    for label, value in info.items():
        if value:
            yield "\n".join(_FOLDING.wrap(f"{label}: {' '.join(value.split())}")) + "\n"


def _below(place: Path) -> list[Path]:
    return sorted(Path(at, name) for at, _, names in os.walk(place) for name in names)


def _manifest(work: Path, paths: list[Path]) -> str:
    """A line a file: its digest, two spaces, its path from the bag's root."""
    return "".join(f"{file_sha256(path)}  {path.relative_to(work).as_posix()}\n" for path in paths)
