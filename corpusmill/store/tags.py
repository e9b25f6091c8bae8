"""Tags: names that people give to versions, ``bible@paper``; a version that has one is never cleared away.

    tags.put(store, version, "paper")
    tags.of(store, "bible")             # {"paper": 3}

A tag is one small file, ``refs/<corpus>/tags/<name>``, that holds the version's name. It can be moved and deleted.
"""

import re

from corpusmill.errors import UnknownNameError, UsageError
from corpusmill.spec import nearest
from corpusmill.store import Store
from corpusmill.store.ids import is_name
from corpusmill.types import Version

_NUMBER = re.compile(r"v?\d+")  # is a version's own name
_STORED = re.compile(r"v(\d{6,})")


def put(store: Store, version: Version, name: str) -> int | None:
    """Give a version a name, or move the name to it; returns the number of the version that had it.

    Raises UsageError for what cannot be one.
    """
    check(name)
    before = of(store, version.corpus).get(name)
    store.set_latest(version.corpus, f"tags/{name}", version.name)
    return before


def remove(store: Store, corpus: str, name: str) -> int:
    """Delete a tag; returns the number of the version that had it. Raises UsageError, UnknownNameError."""
    check(name)
    known = of(store, corpus)
    if name not in known:
        raise UnknownNameError(f"{corpus}@{name} is no tag", nearest(name, known, "tags"))
    store.unset(corpus, f"tags/{name}")
    return known[name]


def of(store: Store, corpus: str) -> dict[str, int]:
    """Every tag of a corpus and the number of its version, by name. Raises CorruptError for a damaged one."""
    names = filter(is_tag, store.pointers(corpus, "tags"))
    found = {name: _STORED.fullmatch(store.latest(corpus, f"tags/{name}") or "") for name in names}
    return {name: int(number[1]) for name, number in found.items() if number}


def is_tag(name: str) -> bool:
    """Whether a tag may be called this: as a corpus may, but not as a version is."""
    return is_name(name) and not _NUMBER.fullmatch(name)


def check(name: str) -> None:
    """Raise UsageError for what cannot be a tag."""
    if not is_tag(name):
        hint = "use a-z, 0-9, dot, dash and underscore, up to 63, and not v1 or 1, which name versions"
        raise UsageError(f"{name!r} cannot be a tag", hint)
