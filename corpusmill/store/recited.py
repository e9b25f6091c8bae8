"""Runs that learnt from what is to be forgotten: said beside them, and what they wrote of it to the letter taken out.

    runs/<id>/tainted.json      {"removed": [{"at", "reason", "documents", "samples"}]}

The weights stay: nothing takes one text out of them, and a run that started from them has learnt from it too. So does
the vocabulary that they are of, which of words may have one that stood nowhere else. Who finds that too little removes
the run. What a training said of the documents it stumbled over goes too. A report shows texts of the version, so it
goes, to be written again; so do texts that were asked of the run later.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from corpusmill.errors import UnknownNameError
from corpusmill.store import Store, commit
from corpusmill.store.ids import pretty, sha256
from corpusmill.store.scrubbed import NAMED, NOTHING, Naming
from corpusmill.store.seal import is_sealed, seal
from corpusmill.types import Run

FILE = "tainted.json"
REPORT = "report.html"
WRITTEN = "samples.json"  # texts that a run was asked for after its training
GONE = "[removed: it repeated a text that was to be forgotten]"
WINDOW = 48  # characters that a sample may share with a text; a shorter text is looked for whole
TOLD = ("setbacks.json", "checkpoints/state.json")  # where a training names documents that it stumbled over
_SHORTEST = 16  # characters of a text that is worth looking for


@dataclass(frozen=True, slots=True)
class Taint:
    """One removal after the training."""

    at: str  # UTC, ISO 8601
    reason: str
    documents: int  # of its training and validation text
    samples: int  # of its samples that repeated some of it, and are gone


class Reciting:
    """Texts that are to be forgotten and what they are called, and whether another has some of one."""

    def __init__(self, texts: Collection[str], naming: Naming = NOTHING) -> None:
        """Nothing is read yet."""
        self._texts, self.naming = texts, naming

    def among(self, samples: Collection[str]) -> set[str]:
        """The samples that share a run of characters with one of the texts."""
        windows: dict[str, set[str]] = {}
        for sample in samples:
            for start in range(len(sample) - WINDOW + 1):
                windows.setdefault(sample[start : start + WINDOW], set()).add(sample)
        found: set[str] = set()
        for text in self._texts if samples else ():
            if len(text) < WINDOW:
                found.update(sample for sample in samples if len(text) >= _SHORTEST and text in sample)
                continue
            for start in range(len(text) - WINDOW + 1):
                found |= windows.get(text[start : start + WINDOW], set())
        return found


def taint(run: Run, store: Store, reciting: Reciting, at: str, reason: str, documents: int) -> bool:
    """Say so beside a run, clear its samples and what it says of documents.

    Returns whether it had a report, which is gone.
    """
    folder = store.run_folder(run.corpus, run.id)
    cleared, unnamed = _cleared(folder, run, reciting), _unnamed(folder, run, reciting.naming)
    known = taints(store, run)
    if not any((t.at, t.reason, t.documents) == (at, reason, documents) for t in known) and (documents or cleared):
        told = {"removed": [*known, Taint(at, reason, documents, len(cleared))]}
        commit.write_file(folder / FILE, pretty(told))
        store.keep(folder / FILE)
    had = (folder / REPORT).is_file()
    store.remove(folder / REPORT, folder / WRITTEN)
    if written := cleared | unnamed:
        files, timed = (_updated(those, written) for those in (run.files, run.clock.get("files", {})))
        store.replace(folder, folder, replace(run, files=files, clock={**run.clock, "files": timed}))
    return had


def inherit(run: Run, store: Store) -> None:
    """Say beside a run that started from another's weights what is said beside that one."""
    parent = parent_of(store, run)
    if parent and (said := taints(store, parent)):
        path = store.run_folder(run.corpus, run.id) / FILE
        commit.write_file(path, pretty({"removed": [replace(each, samples=0) for each in said]}))
        store.keep(path)


def parent_of(store: Store, run: Run) -> Run | None:
    """The run whose weights a run started from; None where there was none, or it is gone."""
    corpus, _, name = run.parent.partition("/runs/")
    with suppress(UnknownNameError):
        return store.run(corpus, name) if run.parent else None
    return None


def descended(store: Store, runs: Iterable[Run]) -> list[tuple[Run, Run]]:
    """Every run of any corpus that started from one of these, or from such a run, after the one that it started from.

    A run that was fine-tuned often comes after all that it goes back to.
    """
    known = {run.ref: run for run in runs}
    children = [run for corpus in store.corpora() for run in store.runs(corpus) if run.parent]
    found = list[tuple[Run, Run]]()
    while more := [(known[run.parent], run) for run in children if run.parent in known and run.ref not in known]:
        found += more
        known |= {run.ref: run for _, run in more}
    return found


def taints(store: Store, run: Run) -> list[Taint]:
    """What was taken out of a run's texts after it had learnt from them, oldest first."""
    path = store.run_folder(run.corpus, run.id) / FILE
    store.take(path)
    if not path.is_file():
        return []
    return msgspec.json.decode(path.read_bytes(), type=dict[str, list[Taint]])["removed"]


def _cleared(folder: Path, run: Run, reciting: Reciting) -> dict[str, str]:
    """Samples that were cleared, by their path in the run's folder, and their new SHA-256."""
    made = {}
    for path in sorted((folder / "samples").glob("*.json")):
        name, body = path.relative_to(folder).as_posix(), path.read_bytes()
        told = msgspec.json.decode(body)
        if found := reciting.among(set(_strings(told))):
            body = pretty(_with(told, dict.fromkeys(found, GONE)))
            commit.write_file(path, body)
        if found or (GONE in _strings(told) and sha256(body) != run.files.get(name)):  # who cleared it then was killed
            made[name] = sha256(body)
    return made


def _unnamed(folder: Path, run: Run, naming: Naming) -> dict[str, str]:
    """Files that named documents and do no more, by their path in the run's folder, and their new SHA-256."""
    made = {}
    for path in (folder / name for name in TOLD if (folder / name).is_file()):
        name, body = path.relative_to(folder).as_posix(), path.read_bytes()
        if naming.among(body.decode(errors="replace")):
            told = msgspec.json.decode(body)
            sealed = told.pop("sha256", "") if is_sealed(body) else ""
            gone = {text: NAMED for text in _strings(told) if naming.among(text)}
            body = seal(pretty(_with(told, gone))) if sealed else pretty(_with(told, gone))
            commit.write_file(path, body)
        if NAMED.encode() in body and sha256(body) != run.digests.get(name):
            made[name] = sha256(body)
    return made


def _updated(digests: Mapping[str, str], written: Mapping[str, str]) -> dict[str, str]:
    return {name: written.get(name, digest) for name, digest in digests.items()}


def _strings(told: Any) -> Iterator[str]:
    if isinstance(told, str):
        yield told
    for inner in told.values() if isinstance(told, dict) else told if isinstance(told, list) else ():
        yield from _strings(inner)


def _with(told: Any, gone: Mapping[str, str]) -> Any:
    if isinstance(told, dict):
        return {key: _with(value, gone) for key, value in told.items()}
    if isinstance(told, list):
        return [_with(value, gone) for value in told]
    return gone.get(told, told) if isinstance(told, str) else told
