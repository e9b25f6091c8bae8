"""Calls given to a cluster, only so many at once, and what is done with each answer.

    with Gang(cluster).running() as gang:
        gang.give("parsing a.txt", took, function, *arguments)
        gang.finish()

A call whose machine dies is given again; whoever leaves early ends what is still at work.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from corpusmill.errors import BuildError
from preprocess.cluster import same
from preprocess.cluster.machines import Cluster, DiedError, Ticket

_ATTEMPTS = 3  # for one call, beside those that the cluster makes itself
_AHEAD = 2  # calls given for each processor: one is at work, one waits
_TURN = 0.5  # seconds between two looks at what is done
_LOOKED = 10.0  # seconds between two looks at whether anybody is left
PATIENCE = 120.0  # seconds without any machine after which nobody waits for another

Took = Callable[[Any], None]
"""Told what a call gave."""


@dataclass(frozen=True, slots=True)
class _Call:
    """What was given."""

    doing: str  # in words, for an error
    took: Took
    arguments: tuple[Any, ...]
    attempt: int = 1


class Gang:
    """What a cluster is doing for a build."""

    def __init__(self, cluster: Cluster) -> None:
        """Nothing is given yet."""
        self._cluster, self._facts = cluster, same.facts()
        self._calls: dict[Ticket, _Call] = {}
        self._most = _AHEAD * max(cluster.processors(), 1)
        self._looked = self._alive = time.monotonic()

    @contextmanager
    def running(self) -> Iterator["Gang"]:
        """Leave nothing at work behind."""
        try:
            yield self
        finally:
            self._cluster.cancel(list(self._calls))
            self._calls = {}

    def give(self, doing: str, took: Took, function: Callable[..., Any], *arguments: Any) -> None:
        """Have a function called; waits while there is enough to do. Raises what another has raised."""
        while len(self._calls) >= self._most:
            self._take()
        self._start(_Call(doing, took, (function, *arguments)))

    def finish(self) -> None:
        """Wait for all that was given. Raises what went wrong."""
        while self._calls:
            self._take()

    def _start(self, call: _Call) -> None:
        self._calls[self._cluster.submit(self._facts, *call.arguments)] = call

    def _take(self) -> None:
        """Wait a moment for answers, and hand them on."""
        for ticket in self._cluster.wait(list(self._calls), _TURN):
            call = self._calls.pop(ticket)
            try:
                answer = self._cluster.result(ticket)
            except DiedError as died:
                self._again(call, died)
                continue
            if isinstance(answer, BaseException):
                raise answer
            call.took(answer)
        self._refuse_deserted()

    def _again(self, call: _Call, died: DiedError) -> None:
        if call.attempt == _ATTEMPTS:
            hint = "if memory ran out, give its workers more; what was finished is kept"
            raise BuildError(f"a worker of the cluster died, again and again, while {call.doing} ({died})", hint)
        self._start(_Call(call.doing, call.took, call.arguments, call.attempt + 1))

    def _refuse_deserted(self) -> None:
        """Raise where no machine is left for a long time; follow where there are more or fewer."""
        now = time.monotonic()
        if now - self._looked < _LOOKED:
            return
        self._looked, processors = now, self._cluster.processors()
        self._most = _AHEAD * max(processors, 1)
        if processors:
            self._alive = now
        elif now - self._alive > PATIENCE:
            hint = "start workers, then repeat the command: what was finished is kept"
            raise BuildError(f"no worker is left in the cluster for {PATIENCE:.0f} s", hint)
