"""What needs somebody, first things first, each with the command that helps: a rule is a row in a table."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flows import cadence
from flows.health.server import Orchestra
from flows.health.shelf import Shelf
from flows.health.stages import Last

_LONG = 300  # characters of a message; whoever follows the command sees all of it


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that needs somebody."""

    kind: str  # a key of RULES
    corpus: str  # empty where it is about none
    what: str
    command: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What the rules look at."""

    corpora: Sequence[Shelf]
    last: Sequence[Last]
    server: Orchestra | None
    days: int

    @property
    def held(self) -> set[str]:
        """Corpora of which somebody has to look at a snapshot: that is told once, not as a failure too."""
        return {each.corpus for each in self.corpora if each.held}


def of(corpora: Sequence[Shelf], last: Sequence[Last], server: Orchestra | None, *, days: int) -> Iterator[Need]:
    """All of it, in the order of the rules. `days`: how old a look at a source may be."""
    seen = Seen(corpora, last, server, days)
    for kind, rule in RULES.items():
        for corpus, what, command in rule(seen):
            yield Need(kind, corpus, what, command)


Told = Iterable[tuple[str, str, str]]
"""Corpus, what, command."""


def _damaged(seen: Seen) -> Told:
    for each in seen.corpora:
        if each.damaged:
            yield each.corpus, each.damaged, f"corpusmill verify {each.corpus}"


def _unreachable(seen: Seen) -> Told:
    if seen.server and seen.server.why:
        yield "", seen.server.why, "corpusmill doctor"


def _paused(seen: Seen) -> Told:
    for pool in seen.server.paused if seen.server else ():
        yield "", f"work pool {pool} is paused: nothing in it begins", f"prefect work-pool resume {pool}"


def _late(seen: Seen) -> Told:
    """By pool; one without a worker is no harm while nothing waits for it."""
    late = seen.server.late if seen.server else ()
    for pool in dict.fromkeys(run.pool for run in late):
        waiting = [run for run in late if run.pool == pool]
        names = ", ".join(dict.fromkeys(run.name for run in waiting))
        what = f"{len(waiting):,} late, the first by {duration(waiting[0].seconds)} ({_short(names)})"
        if seen.server and seen.server.workers.get(pool):
            yield "", f"{what}; the workers of {pool} are busy, or its limit is reached", "prefect work-pool ls"
        else:
            command = f"corpusmill up, or: prefect worker start --pool {pool}"
            yield "", f"{what}; no worker of pool {pool} is online", command


def _held(seen: Seen) -> Told:
    why = {each.corpus: each.why for each in seen.last if each.stage == "collect"}
    for each in seen.corpora:
        if each.held:
            what = why.get(each.corpus) or f"{each.corpus}: what came last looks wrong, so it is held"
            command = f"corpusmill show {each.held}; then corpusmill collect {each.corpus} --accept"
            yield each.corpus, _short(what), command


def _failed(seen: Seen) -> Told:
    """What failed, by the store; a flow run that failed is told of where the store knows of no stage that did."""
    known = set(seen.held)
    for last in seen.last:
        if last.end == "failed" and last.corpus not in seen.held:
            known.add(last.corpus)
            yield last.corpus, _short(f"{last.stage} of {last.corpus} failed: {last.why}"), _again(last)
    for run in seen.server.failed if seen.server else ():
        if not run.corpus or run.corpus not in known:
            what = f"flow run {run.name} has {run.state.lower()}: {run.why}"
            retry = f"; then prefect flow-run retry {run.id}" if run.pool else ""
            yield run.corpus, _short(what), f"prefect flow-run logs {run.id}{retry}"


def _unfinished(seen: Seen) -> Told:
    """What was stopped or cut off; trainings are told of by what they left, which a repetition goes on with."""
    for last in seen.last:
        if last.end != "failed" and last.stage != "train" and last.corpus not in seen.held:
            yield last.corpus, f"{last.stage} of {last.corpus} was {last.end}; it goes on where it was", _again(last)
    given = {each.corpus: each.given for each in seen.last if each.stage == "train"}
    for each in seen.corpora:
        for run in each.stopped:
            what = f"training {each.corpus}/runs/{run} was cut off; repeated with the same settings, it goes on"
            yield each.corpus, what, f"corpusmill train {given.get(each.corpus) or each.corpus}"


def _stale(seen: Seen) -> Told:
    for each in seen.corpora:
        if not each.declared or each.days is None or each.held:
            continue
        if each.days >= cadence.patience(cadence.schedule(each.corpus), seen.days):
            what = f"{each.corpus} was not refreshed for {each.days:,} days"
            yield each.corpus, what, f"corpusmill refresh {each.corpus}"


RULES: Mapping[str, Callable[[Seen], Told]] = {
    "damaged": _damaged,
    "server": _unreachable,
    "paused": _paused,
    "late": _late,
    "held": _held,
    "failed": _failed,
    "unfinished": _unfinished,
    "stale": _stale,
}


def duration(seconds: float) -> str:
    """``"3 days"``, ``"2 h"``, ``"5 min"``, ``"40 s"``."""
    for unit, many in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= many * (2 if unit == "days" else 1):
            return f"{seconds // many:,.0f} {unit}"
    return f"{seconds:.0f} s"


def _again(last: Last) -> str:
    return f"corpusmill {last.stage} {last.given if last.stage in ('train', 'report') and last.given else last.corpus}"


def _short(text: str) -> str:
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"
