"""Sweep -> trials: which settings each has, in full, before anything is trained.

    trials, twice = plan(load("experiments/manele.toml"))
    trials[0].settings                      # {"split.scheme": "document", "train.hidden": 100, …}

Texts x [[trial]] x [grid] x [random] x seeds: each is laid over the ones before it. The same file gives the same trials
on any machine.
"""

import itertools
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from corpusmill import processors, spec
from corpusmill.errors import SpecError
from corpusmill.store.ids import canonical
from corpusmill.types import Corpus, Table
from model.options import TrainOptions
from model.sweep.file import Draw, Settings, Sweep

SMALL = 128  # units in a layer up to which a second thread waits longer than it works
SEED = "train.seed"
_MOST_THREADS = 4  # that a training may take for itself, as in `machine`
_DIGITS = 4  # of numbers that are drawn: more tell nothing, and nobody can read them


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One training to make: on which text, with which settings laid over those of its corpus."""

    text: str  # as the sweep file names it
    settings: Settings

    @property
    def split(self) -> Settings:
        """The settings that decide the version."""
        return {key: value for key, value in self.settings.items() if key.startswith("split.")}

    @property
    def place(self) -> bytes:
        """What two trials share whose scores may be compared, and which a halving sets against one another."""
        return canonical([self.text, self.split])

    @property
    def configuration(self) -> bytes:
        """What trials share that differ in their seeds alone."""
        return canonical([self.text, {key: value for key, value in self.settings.items() if key != SEED}])


def plan(sweep: Sweep) -> tuple[list[Trial], int]:
    """The trials of a sweep in the order of its file, and how many were there twice and are left out."""
    trials = [
        Trial(text=text.name, settings={**sweep.base, **text.settings, **given, **point, **drawn, **seed, **last})
        for text in sweep.texts
        for given in sweep.given or ({},)
        for point in _points(sweep.grid)
        for drawn in _drawn(sweep)
        for seed in ([{SEED: seed} for seed in sweep.seeds] or [{}])
        for last in (sweep.overrides,)
    ]
    once = {canonical([trial.text, trial.settings]): trial for trial in trials}
    return list(once.values()), len(trials) - len(once)


def varied(trials: Sequence[Trial]) -> list[str]:
    """The settings in which trials differ, in the order of their first mention."""
    names = dict.fromkeys(name for trial in trials for name in trial.settings)
    return [name for name in names if len({canonical(trial.settings.get(name)) for trial in trials}) > 1]


def resolved(corpus: Corpus, trial: Trial, where: str) -> Corpus:
    """A trial's own corpus: its settings laid over the sections, all checked. Raises SpecError naming the sweep file.

    What is small, and need not repeat to the last bit, gets the one thread that it is fastest with, since several are
    trained side by side; so a run's id does not depend on how many those are.
    """
    train = _laid_over(corpus.train, trial.settings, "train.")
    options = spec.options(TrainOptions, train, where, "train")
    if options.hidden <= SMALL and not options.threads and not options.steps:
        train["threads"] = 1
    return replace(corpus, train=train, split=_laid_over(corpus.split, trial.settings, "split."), declared_in=where)


def options_of(corpus: Corpus) -> TrainOptions:
    """The options of a corpus that `resolved` gave."""
    return spec.options(TrainOptions, corpus.train, corpus.declared_in, "train")


def side_by_side(options: Sequence[TrainOptions]) -> int:
    """How many of these trainings to have at once on this machine: as many as have a processor for each thread."""
    cores = processors.available()
    most = max((_threads(each, cores) for each in options), default=1)
    return max(min(cores // most, len(options)), 1)


def refuse_split_of_version(trial: Trial, where: str) -> None:
    """Raise SpecError where a trial asks for another split of a version, which has its own for good."""
    if trial.split:
        key = next(iter(trial.split))
        hint = f"name the corpus instead: {trial.text.partition('@')[0]}"
        raise SpecError(f"{where}: {key} cannot be set for {trial.text}: a version is split already", hint)


def _threads(options: TrainOptions, cores: int) -> int:
    """How many a training takes: with `steps` and none said, one; by the clock, as many as it finds of use."""
    return options.threads or (1 if options.steps else min(cores, _MOST_THREADS))


def _points(grid: Mapping[str, tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


def _drawn(sweep: Sweep) -> list[dict[str, Any]]:
    """The draws of ``[random]``; the first of many are those of few. Bergstra & Bengio 2012: better than a grid's."""
    if not sweep.draws:
        return [{}]
    source = random.Random(sweep.draw_seed)
    return [{key: _value(draw, source) for key, draw in sorted(sweep.draws.items())} for _ in range(sweep.draw_trials)]


def _value(draw: Draw, source: random.Random) -> Any:
    if draw.choice is not None:
        return draw.choice[source.randrange(len(draw.choice))]
    if draw.int is not None:
        return source.randint(*draw.int)
    if draw.uniform is not None:
        return _rounded(source.uniform(*draw.uniform))
    assert draw.loguniform is not None
    return _rounded(math.exp(source.uniform(*map(math.log, draw.loguniform))))


def _rounded(number: float) -> float:
    return float(f"{number:.{_DIGITS}g}")


def _laid_over(table: Table, settings: Settings, under: str) -> dict[str, Any]:
    """A section with the settings that belong to it, its own tables copied."""
    made: dict[str, Any] = {key: dict(value) if isinstance(value, Mapping) else value for key, value in table.items()}
    for key, value in _below(settings, under):
        *sections, last = key.split(".")
        inner = made
        for section in sections:
            inner = inner.setdefault(section, {})
        inner[last] = value
    return made


def _below(settings: Settings, under: str) -> Iterator[tuple[str, Any]]:
    return ((key.removeprefix(under), value) for key, value in settings.items() if key.startswith(under))
