"""Versions and runs from Python: in a notebook, or in a training of one's own.

    bible = corpusmill.load("bible@v3")
    bible.dataset.to_table(columns=["title", "text"])
    model = corpusmill.load("bible/runs/9eef")
    model.sample("In the beginning", 200, temperature=0.7)

What is loaded is a manifest and where it lies; texts, ids and weights are read when they are asked for. Everything can
be read and nothing written, caches aside. It decides nothing: each method calls what the command line calls.
"""

from pathlib import Path

from corpusmill import spec
from corpusmill.api.run import OpenRun
from corpusmill.api.version import OpenVersion
from corpusmill.errors import UnknownNameError, UsageError
from corpusmill.store import Store, refs
from corpusmill.types import Run, Version

__all__ = ["OpenRun", "OpenVersion", "Where", "corpora", "load", "runs", "versions"]

Where = Store | Path | str | None
"""A store, or where one is; None is what `CORPUSMILL_STORE` says, else the user's data folder."""


def load(ref: str, store: Where = None) -> OpenVersion | OpenRun:
    """The version or run that a ref names: ``bible`` (its latest version), ``bible@v3``, ``bible/runs/ID``.

    Raises UnknownNameError, saying what it could have meant; UsageError for a snapshot; CorruptError.
    """
    where = _opened(store)
    found = refs.resolve(where, ref)
    if isinstance(found, Version):
        return OpenVersion(found, where)
    if isinstance(found, Run):
        return OpenRun(found, where)
    hint = f"build it: corpusmill build {found.corpus} --snapshot {found.id}"
    raise UsageError(f"{ref} is a snapshot, and versions and runs are what can be loaded", hint)


def corpora(store: Where = None) -> list[str]:
    """The names of what is in the store, sorted."""
    return _opened(store).corpora()


def versions(corpus: str, store: Where = None) -> list[OpenVersion]:
    """The versions of a corpus, first to last. Raises UnknownNameError."""
    where = _opened(store)
    return [OpenVersion(version, where) for version in where.versions(_known(corpus, where))]


def runs(corpus: str, store: Where = None) -> list[OpenRun]:
    """The finished runs of a corpus, oldest first. Raises UnknownNameError."""
    where = _opened(store)
    return [OpenRun(run, where) for run in where.runs(_known(corpus, where))]


def _opened(store: Where) -> Store:
    """The store that is meant, as the command line finds it."""
    if isinstance(store, Store):
        return store
    from corpusmill.cli.settings import open_store

    return open_store(None if store is None else str(store))


def _known(corpus: str, store: Store) -> str:
    """A corpus's name. Raises UnknownNameError with the nearest where nothing of it is in the store."""
    known = store.corpora()
    if corpus not in known:
        raise UnknownNameError(f"{corpus!r} is not in {store.place}", spec.nearest(corpus, known, "corpora"))
    return corpus
