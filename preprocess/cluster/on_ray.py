"""A Ray cluster, through Ray's client."""

import logging
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from corpusmill.errors import BuildError
from preprocess.cluster.machines import DiedError, Ticket, gone, said
from preprocess.cluster.work import call

_remote: Any = ray.remote  # its own types know neither all options nor calls of any length
_AGAIN = 2  # times that a call is made whose process or machine dies, and that a head is asked


def joined(place: str) -> "Ray":
    """The cluster whose client port is at ``host:port``. Raises BuildError."""
    address = f"ray://{place}"
    warnings.filterwarnings("ignore", "More than 10MB of messages")  # a call tells all files of a bundle
    for left in reversed(range(_AGAIN)):
        try:
            ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
            break
        except Exception as error:  # each kind of refusal has a type of its own
            ray.shutdown()
            if left and isinstance(error, ConnectionError):  # a head that is busy does not start its side in time
                continue
            hint = "it has to be the client's port of a cluster with the same Python and the same Ray"
            raise BuildError(f"{address} refuses: {said(error)}", hint) from error
    return Ray(address)


class Ray:
    """See `machines.Cluster`."""

    def __init__(self, address: str) -> None:
        """`address` is for people: this process is connected already."""
        self._address = address

    def processors(self) -> int:
        """See Cluster."""
        return sum(int(node["Resources"]["CPU"]) for node in self._nodes())

    def on_each(self, *arguments: Any) -> dict[str, Any]:
        """See Cluster."""
        asked = {}
        for node in self._nodes():
            here = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            name = f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']})"
            with self._there():
                asked[name] = _remote(num_cpus=0, scheduling_strategy=here)(call).remote(*arguments)
        return {name: self._answered(ticket) for name, ticket in asked.items()}

    def submit(self, *arguments: Any) -> Ticket:
        """See Cluster."""
        with self._there():
            return self._call.remote(*arguments)

    def wait(self, tickets: Collection[Ticket], seconds: float) -> Collection[Ticket]:
        """See Cluster."""
        with self._there():
            done, _ = ray.wait([*tickets], timeout=seconds)
        return list(done)

    def result(self, ticket: Ticket) -> Any:
        """See Cluster."""
        with self._there():
            try:
                return ray.get(ticket)
            except RayError as error:
                raise DiedError(said(error)) from error

    def cancel(self, tickets: Collection[Ticket]) -> None:
        """See Cluster. Their processes are ended."""
        for ticket in tickets:
            with suppress(Exception):  # it is over, or so is the cluster
                ray.cancel(ticket, force=True)

    def close(self) -> None:
        """See Cluster."""
        ray.shutdown()

    @cached_property
    def _call(self) -> Any:
        return _remote(num_cpus=1, max_retries=_AGAIN - 1)(call)

    def _nodes(self) -> list[dict[str, Any]]:
        """Those that work: a head may be there to lead only."""
        with self._there():
            return [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]

    def _answered(self, ticket: Ticket) -> Any:
        try:
            return self.result(ticket)
        except DiedError as error:
            return error

    @contextmanager
    def _there(self) -> Iterator[None]:
        """What Ray's client says where the cluster does not answer any more."""
        try:
            yield
        except ConnectionError as error:
            raise gone(self._address) from error
