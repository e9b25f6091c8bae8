"""A sweep, top to bottom: which trials are there already, the others trained side by side, and all of it on record.

    record = run(sweep, trials, grounds, store, jobs=0, retry=False, progress=silent)

It begins where texts are versions already; how they came to be is for who calls it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import msgspec

from corpusmill.errors import UnknownNameError
from corpusmill.store import Store
from corpusmill.store.commit import MANIFEST
from corpusmill.types import Corpus, Progress, Version
from model.identity import run_id
from model.sweep import crew, halving, result
from model.sweep.file import Sweep
from model.sweep.plan import Trial, options_of, resolved, side_by_side
from model.sweep.result import Entry, Record
from model.sweep.worker import Said, Task
from model.tuning import resolved as started


@dataclass(frozen=True, slots=True)
class Ground:
    """What trials of one text and split share."""

    corpus: Corpus
    version: Version


class Watcher(Protocol):
    """Whom the trainings of a sweep are told to; of what was trained before there is none."""

    def begun(self, entry: Entry) -> None:
        """A training begins; the entry's status is still open."""

    def ended(self, entry: Entry) -> None:
        """It is over, and the entry says how."""


class _Nobody:
    def begun(self, entry: Entry) -> None:
        """See Watcher."""

    def ended(self, entry: Entry) -> None:
        """See Watcher."""


NOBODY: Watcher = _Nobody()


def run(
    sweep: Sweep,
    trials: Sequence[Trial],
    grounds: Mapping[bytes, Ground],
    store: Store,
    *,
    jobs: int,
    retry: bool,
    progress: Progress,
    watcher: Watcher = NOBODY,
) -> Record:
    """Train what is not trained yet, at most `jobs` at once (0 = as the machine allows), and keep what came of it.

    `grounds` has one for the place of each trial. What failed before is not tried again, unless `retry`. Raises
    SpecError, StoreError, and a signal's exception with everything kept for the next call to go on.
    """
    first = grounds[trials[0].place].corpus.name
    before = result.load(first, sweep.name, store)
    failures = before.failures() if before and not retry else {}
    running = _Running(sweep, grounds, store, jobs, failures, progress, watcher)
    if sweep.halving:
        halving.halve(trials, halving.rungs(sweep.halving), running.train)
    else:
        running.train(trials)
    return running.record


class _Running:
    """One call of a sweep: the entries so far."""

    def __init__(
        self,
        sweep: Sweep,
        grounds: Mapping[bytes, Ground],
        store: Store,
        jobs: int,
        failures: Mapping[str, str],
        progress: Progress,
        watcher: Watcher,
    ) -> None:
        self._sweep, self._grounds, self._store, self._jobs = sweep, grounds, store, jobs
        self._failures, self._progress, self._watcher = failures, progress, watcher
        self._entries: dict[str, Entry] = {}  # by the id of its run

    @property
    def record(self) -> Record:
        """What there is so far."""
        sweep = self._sweep
        return Record(
            name=sweep.name,
            title=sweep.title,
            source=sweep.source,
            declared_in=Path(sweep.declared_in).name,
            score=sweep.score,
            entries=tuple(self._entries.values()),
            published=sweep.published,
        )

    def train(self, trials: Sequence[Trial]) -> list[float]:
        """Train those that are not there; the score of each, in order."""
        corpora = [resolved(self._grounds[t.place].corpus, t, self._sweep.declared_in) for t in trials]
        asked = [self._entry(trial, corpus) for trial, corpus in zip(trials, corpora, strict=True)]
        to_do: dict[str, Task] = {}
        for entry, corpus, trial in zip(asked, corpora, trials, strict=True):
            if known := self._known(entry):
                self._entries[entry.run] = known
            elif entry.run not in to_do:
                version = self._grounds[trial.place].version
                to_do[entry.run] = Task(corpus=corpus, version=version.name, store=self._store.place)
        if self._entries:
            result.save(self.record, self._store)
        self._train({entry.run: entry for entry in asked}, to_do)
        return [self._score(entry) for entry in asked]

    def _train(self, asked: Mapping[str, Entry], to_do: Mapping[str, Task]) -> None:
        runs = list(to_do)

        def ended(number: int, said: Said) -> None:
            entry = asked[runs[number]]
            status: result.Status = "failed" if said.error else "made" if said.made else "unchanged"
            error = f"{said.error}: {said.hint}" if said.error else ""
            self._entries[entry.run] = replace(entry, status=status, error=error, kind=said.kind)
            result.save(self.record, self._store)
            self._watcher.ended(self._entries[entry.run])

        def begun(number: int) -> None:
            self._watcher.begun(asked[runs[number]])

        if to_do:
            jobs = self._jobs or side_by_side([options_of(task.corpus) for task in to_do.values()])
            crew.train(list(to_do.values()), jobs, self._progress, ended, begun)

    def _entry(self, trial: Trial, corpus: Corpus) -> Entry:
        """What is asked for, under the id that its run will have."""
        version = self._grounds[trial.place].version
        options, parent = started(corpus, self._store)
        return Entry(
            text=trial.text,
            corpus=version.corpus,
            version=version.ref,
            run=run_id(version, options, parent),
            config=msgspec.to_builtins(options),
            status="unchanged",
        )

    def _known(self, entry: Entry) -> Entry | None:
        """What came of it before, here or in any other sweep or training."""
        if entry.run in self._entries:
            return self._entries[entry.run]
        if (self._store.run_folder(entry.corpus, entry.run) / MANIFEST).is_file():
            return entry
        error = self._failures.get(entry.run)
        return replace(entry, status="failed", error=error, kind=result.DIVERGED) if error else None

    def _score(self, entry: Entry) -> float:
        if self._entries[entry.run].status == "failed":
            return math.inf
        try:
            return float(self._store.run(entry.corpus, entry.run).best[self._sweep.score])
        except UnknownNameError:  # somebody removed it since
            return math.inf
