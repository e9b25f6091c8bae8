"""What a command is given, NAME|FILE|FOLDER|URL, -> Corpus.

A name is looked up in the catalogue; a TOML file is a corpus like those; any other file, a folder or an address of
one's own becomes a corpus declared on the spot. An own corpus is later known by its name too: the store remembers where
it came from.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from corpusmill import spec
from corpusmill.errors import CollectError, SpecError, UnknownNameError, UsageError
from corpusmill.store import Store
from corpusmill.store.ids import content_id, is_name, slug
from corpusmill.types import Corpus

OWN_LICENCE = "LicenseRef-unknown"
_ABOUT = "A corpus of your own."


def corpus_for(target: str, store: Store, overrides: Iterable[str] = ()) -> Corpus:
    """The corpus a command means.

    Raises UnknownNameError, SpecError, UsageError for a broken address, CollectError for a path that is not there.
    """
    if target in spec.names():
        return spec.load(target, overrides)
    if origin := _own_origin(target, store):
        return _own(target, origin, overrides)
    if _is_address(target):
        return _own(_free_name(target, target, store), target, overrides)
    if _is_there(target):
        if Path(target).suffix == ".toml":
            return _declared(Path(target), overrides)
        origin = str(Path(target).resolve())
        return _own(_free_name(Path(origin).stem, origin, store), origin, overrides)
    if "/" in target or Path(target).suffix:
        raise CollectError(f"{target} does not exist", "check the path")
    known = sorted({*spec.names(), *store.corpora()})
    raise UnknownNameError(f"no corpus is named {target!r}", spec.nearest(target, known, "corpora"))


def _is_address(target: str) -> bool:
    try:
        return urlsplit(target).scheme in ("http", "https")
    except ValueError as error:
        raise UsageError(f"{target!r} is not an address: {error}", "write it as https://host/path") from error


def _is_there(path: str) -> bool:
    """Whether a path leads anywhere; what the store remembers of it needs a name in UTF-8."""
    try:
        there = bool(path) and Path(path).exists()
        if there:
            str(Path(path).resolve()).encode()
    except OSError as error:
        raise CollectError(f"{path!r}: {error.strerror}", "check the path") from error
    except UnicodeEncodeError as error:
        raise CollectError(f"the name of {path!r} is not UTF-8", "rename it") from error
    return there


def _declared(path: Path, overrides: Iterable[str]) -> Corpus:
    """A corpus file outside the catalogue, named by its stem."""
    if not is_name(path.stem):
        raise SpecError(
            f"{path}: a corpus cannot be named {path.stem!r}", f"rename the file, say to {slug(path.stem)}.toml"
        )
    return spec.read(path, overrides)


def _own_origin(name: str, store: Store) -> str:
    """Where an own corpus of this name came from; empty when the store has none."""
    snapshot = store.latest_snapshot(name) if is_name(name) else None
    own = snapshot and all(file.licence == OWN_LICENCE for file in snapshot.files)
    return snapshot.origin if snapshot and own else ""


def _free_name(wanted: str, origin: str, store: Store) -> str:
    """A name of its own for each origin: the plain one, unless another corpus has it."""
    name = slug(Path(urlsplit(wanted).path).stem or wanted if _is_address(wanted) else wanted)
    taken = name in spec.names() or _own_origin(name, store) not in ("", origin)
    return f"{name}-{content_id(origin)[:4]}" if taken else name


def is_undeclared(corpus: Corpus) -> bool:
    """Whether a corpus was declared on the spot, so that nobody said what kind of material it is."""
    return corpus.about == _ABOUT and corpus.licence == OWN_LICENCE


def _own(name: str, origin: str, overrides: Iterable[str]) -> Corpus:
    """A corpus declared on the spot, as if by a TOML."""
    address = _is_address(origin)
    source = {"transport": "files", "urls": [origin]} if address else {"transport": "local", "path": origin}
    table: dict[str, Any] = {
        "title": Path(urlsplit(origin).path if address else origin).name or origin,
        "about": _ABOUT,
        "licence": OWN_LICENCE,
        "licence_note": "Nobody has stated a licence; find out before you share anything made of it.",
        "language": "und",
        "source": source,
        "parse": {"kind": "text"},
        "clean": {"steps": ["line_ends", "nfc"]},
    }
    return spec.corpus_from(table, f"{name}.toml", overrides)
