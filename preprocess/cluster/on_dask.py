"""A Dask cluster, by its scheduler."""

import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

import dask
import distributed
from distributed.worker import thread_state  # type: ignore[attr-defined]

from corpusmill.errors import BuildError
from preprocess.cluster import work
from preprocess.cluster.machines import CONNECTING, DiedError, Ticket, gone, said

_QUIET = {
    "distributed.admin.large-graph-warning-threshold": "1 TiB",  # a unit is as large as it is
    "distributed.comm.timeouts.connect": f"{CONNECTING:.0f}s",
}


def joined(place: str) -> "Dask":
    """The cluster whose scheduler is at ``host:port``. Raises BuildError."""
    dask.config.set(_QUIET)
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters comes as an error
    try:
        client = distributed.Client(f"tcp://{place}", timeout=CONNECTING, set_as_default=False)
    except Exception as error:  # each kind of refusal has a type of its own
        hint = "it has to be the scheduler's port of a cluster with the same Python and the same Dask"
        raise BuildError(f"dask://{place} refuses: {said(error)}", hint) from error
    return Dask(f"dask://{place}", client)


class Dask:
    """See `machines.Cluster`."""

    def __init__(self, address: str, client: "distributed.Client") -> None:
        """`client` is connected; `address` is for people."""
        self._address, self._client = address, client

    def processors(self) -> int:
        """See Cluster."""
        return sum(self._asked(self._client.nthreads).values())

    def on_each(self, *arguments: Any) -> dict[str, Any]:
        """See Cluster."""
        found: dict[str, Any] = self._asked(lambda: self._client.run(work.call, *arguments, on_error="return"))
        return found

    def submit(self, *arguments: Any) -> Ticket:
        """See Cluster."""
        return self._asked(lambda: self._client.submit(_heedful, *arguments, pure=False))

    def wait(self, tickets: Collection[Ticket], seconds: float) -> Collection[Ticket]:
        """See Cluster."""
        with suppress(TimeoutError), self._client.as_current():
            return list(distributed.wait([*tickets], timeout=seconds, return_when="FIRST_COMPLETED").done)
        if self._client.status != "running":
            raise gone(self._address)
        return []

    def result(self, ticket: Ticket) -> Any:
        """See Cluster."""
        try:
            return ticket.result(timeout=CONNECTING)
        except Exception as error:  # `work.call` raises nothing: whatever it is, it is of the cluster
            raise DiedError(said(error)) from error

    def cancel(self, tickets: Collection[Ticket]) -> None:
        """See Cluster. What is at work notices after a unit."""
        with suppress(Exception):  # they are over, or so is the cluster
            self._client.cancel([*tickets], force=True)

    def close(self) -> None:
        """See Cluster."""
        with suppress(Exception):
            self._client.close(timeout=CONNECTING)

    def _asked(self, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except (OSError, TimeoutError, ValueError) as error:  # the last: a client that was closed
            raise gone(self._address) from error


def _heedful(*arguments: Any) -> Any:
    """On a worker: a call that ends when nobody wants its result any more."""
    worker, key = distributed.get_worker(), thread_state.key

    def wanted() -> bool:
        task = worker.state.tasks.get(key)
        return task is not None and task.state == "executing"

    with work.asking(wanted):
        return work.call(*arguments)
