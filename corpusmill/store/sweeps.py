"""What sweeps leave in the store, as far as others must know of it: where it lies, which runs it names.

    for name in sweeps.names(store, "bible"):
        sweeps.trials(store, "bible", name)     # [Trial(corpus, run, status, error), …]
    sweeps.by_run(store)                        # {"bible/runs/3fa9…": ["bible/sweeps/sizes"]}

    STORE/<corpus>/sweeps/<name>.json           sealed; with the corpus that the sweep names first

The settings in it are for who trains (`model.sweep.result`). It holds figures of no text and none of its words, but for
what an error says.
"""

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from corpusmill.errors import CorruptError
from corpusmill.store import Store, commit, working
from corpusmill.store.ids import is_name
from corpusmill.store.seal import broken, seal

FOLDER = "sweeps"
HINT = "remove it, and repeat the sweep: the runs it names are kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One training that a sweep asked for; of one that failed `run` is the id that it would have had."""

    corpus: str
    run: str
    status: str
    error: str = ""

    @property
    def ref(self) -> str:
        """How the command line names the run."""
        return f"{self.corpus}/runs/{self.run}"

    @property
    def failed(self) -> bool:
        """Whether there is no run of it."""
        return self.status == "failed"


@dataclass(frozen=True, slots=True)
class _Record:
    entries: tuple[Trial, ...]


def ref_of(corpus: str, name: str) -> str:
    """How the command line names a sweep."""
    return f"{corpus}/{FOLDER}/{name}"


def path_of(store: Store, corpus: str, name: str) -> Path:
    """Where a sweep's record lies, or will."""
    return store.corpus(corpus) / FOLDER / f"{name}.json"


def names(store: Store, corpus: str) -> list[str]:
    """The sweeps that are kept with a corpus, sorted."""
    folder = store.corpus(corpus) / FOLDER
    if store.bucket:
        working.take_all(store.root, store.bucket, folder)
    return sorted(path.stem for path in folder.glob("*.json") if is_name(path.stem))


def read(store: Store, corpus: str, name: str) -> bytes | None:
    """A record as it lies, or None where there is none. Raises CorruptError for one that is not what was sealed."""
    path = path_of(store, corpus, name)
    store.take(path)
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        return None
    if broken(body):
        raise CorruptError(f"{path} is damaged: it is not what was sealed", HINT)
    return body


def write(store: Store, corpus: str, name: str, body: bytes) -> None:
    """Put a record, an indented JSON object, in the place of the one before. Raises StoreError."""
    path = path_of(store, corpus, name)
    commit.write_file(path, seal(body))
    store.keep(path)


def trials(store: Store, corpus: str, name: str) -> list[Trial]:
    """What a sweep asked for, in its order; nothing, where there is no such sweep. Raises CorruptError."""
    body = read(store, corpus, name)
    try:
        return list(msgspec.json.decode(body, type=_Record).entries) if body else []
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CorruptError(f"{path_of(store, corpus, name)} is damaged: {error}", HINT) from error


def by_run(store: Store) -> dict[str, list[str]]:
    """Refs of all sweeps that name a run, by the run's ref."""
    found = defaultdict[str, list[str]](list)
    for corpus in store.corpora():
        for name in names(store, corpus):
            with suppress(CorruptError):  # `verify` tells of it; the run is none the worse
                for ref in dict.fromkeys(trial.ref for trial in trials(store, corpus, name) if not trial.failed):
                    found[ref].append(ref_of(corpus, name))
    return dict(found)
