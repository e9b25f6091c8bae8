"""The stage: Store -> a folder of pages that anybody can read with nothing but a browser.

    site = reports.site.write(store, Path("site"))

What is there already and made from the same is left as it is. All that is new is written beside first, so that a
failure leaves the site as it was; then each file takes its place at once, whole, the list of files last.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from corpusmill.errors import UsageError
from corpusmill.store import Store, commit
from corpusmill.store.ids import file_sha256, pretty
from corpusmill.types import Progress, silent
from reports.site.plan import Page, plan

LIST = "site.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Listed:
    """A file of a site: the digest of what it was made from, and its own."""

    made_from: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """``site.json``: every file of a site besides itself."""

    corpusmill_site: int
    files: Mapping[str, Listed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What was done: where the site is, and how many of its files were written, left as they were, and removed."""

    site: str  # path of the first page
    files: int
    written: int
    unchanged: int
    removed: int


def write(store: Store, output: Path, *, progress: Progress = silent) -> Site:
    """Write the site of a store into a folder, or bring the one that is there up to date.

    Raises UsageError for a folder that holds something else or lies in the store, CorruptError for damage in the store,
    BusyError while another writes there, StoreError.
    """
    output = output.resolve()
    _refuse_others(store, output)
    with commit.disk_errors(output):
        commit.make_folder(output)
        with commit.exclusive(output / ".lock", f"writing the site in {output}"):
            return _write(store, output, progress)


def _write(store: Store, output: Path, progress: Progress) -> Site:
    commit.sweep(output)
    old = _listing(output) or {}
    progress("site", 0, 0, "reading the manifests")
    pages = plan(store)
    kept = {page.path: old[page.path] for page in pages if _is_there(output, page, old)}
    missing = [page for page in pages if page.path not in kept]
    with commit.work_folder(output / "site") as work:
        made = _made(work, missing, progress)
        _placed(work, output, made)
    files = kept | made
    gone = sorted(old.keys() - files.keys())
    listing = pretty(Listing(corpusmill_site=FORMAT, files=files))
    _removed(output, gone)
    if made or gone or not (output / LIST).is_file() or (output / LIST).read_bytes() != listing:
        commit.write_file(output / LIST, listing)
    progress("site", len(missing), len(missing), f"{len(files):,} files")
    first = str(output / pages[0].path)
    return Site(site=first, files=len(files), written=len(made), unchanged=len(kept), removed=len(gone))


def _is_there(output: Path, page: Page, old: Mapping[str, Listed]) -> bool:
    """Whether a file was made from the same and is as it was then."""
    listed, path = old.get(page.path), output / page.path
    return bool(listed and listed.made_from == page.key and path.is_file() and file_sha256(path) == listed.sha256)


def _made(work: Path, pages: Iterable[Page], progress: Progress) -> dict[str, Listed]:
    """Write pages into the work folder."""
    pages = list(pages)
    made = {}
    for done, page in enumerate(pages):
        progress("site", done, len(pages), page.path)
        commit.write_file(work / page.path, page.make())
        made[page.path] = Listed(page.key, file_sha256(work / page.path))
    return made


def _placed(work: Path, output: Path, made: Iterable[str]) -> None:
    """Move files from the work folder to where they belong, each at once."""
    folders = set()
    for path in made:
        final = output / path
        commit.make_folder(final.parent)
        (work / path).replace(final)
        folders.add(final.parent)
    for folder in sorted(folders):
        commit.fsync(folder)


def _removed(output: Path, paths: Iterable[str]) -> None:
    """Delete pages of what the store has no more, and folders that this leaves empty."""
    for path in paths:
        place = output / path
        place.unlink(missing_ok=True)
        for folder in list(place.relative_to(output).parents)[:-1]:
            if (output / folder).is_dir() and not any((output / folder).iterdir()):
                (output / folder).rmdir()


def _refuse_others(store: Store, output: Path) -> None:
    """Write only where nothing is, or a site of ours. Raises UsageError."""
    if output.is_relative_to(store.root.resolve()):
        raise UsageError(f"{output} is in the store", "name a folder elsewhere with -o")
    if output.exists() and not output.is_dir():
        raise UsageError(f"{output} is a file", "name a folder with -o")
    others = output.is_dir() and any(not path.name.startswith(".") for path in output.iterdir())
    if others and _listing(output) is None:
        raise UsageError(f"{output} is not empty and holds no site of corpusmill", "name another folder with -o")


def _listing(output: Path) -> Mapping[str, Listed] | None:
    """What a site of ours says it consists of; None where there is none."""
    try:
        found = msgspec.json.decode((output / LIST).read_bytes(), type=Listing)
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    sound = all(not PurePosixPath(path).is_absolute() and ".." not in PurePosixPath(path).parts for path in found.files)
    return found.files if sound and found.corpusmill_site == FORMAT else None
