"""What a build needs of a cluster: a handful of verbs, which Ray and Dask carry out alike, and where one is.

    with cluster_at("ray://10.0.0.1:10001") as cluster:
        ticket = cluster.submit(facts, function, *arguments)

A cluster calls `work.call` on machines that have this code; what for, others know. What goes wrong in there comes back
as a value, so that an error of `result` is always the cluster's own.
"""

import importlib
import importlib.util
import re
import socket
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from corpusmill.errors import BuildError, UsageError

Ticket = Any
"""Stands for a call that was submitted."""

CONNECTING = 10.0  # seconds to wait for a cluster to answer
_KINDS = {"ray": ("ray", "preprocess.cluster.on_ray"), "dask": ("distributed", "preprocess.cluster.on_dask")}
_ADDRESS = re.compile(r"(?P<kind>[a-z]+)://(?P<host>\[[0-9a-fA-F:.]+\]|[^\s:/\[\]]+):(?P<port>\d{1,5})/?")


class DiedError(Exception):
    """A call came to no end: its process or its machine is gone."""


class Cluster(Protocol):
    """Machines on which `work.call` is called. Raises BuildError where they cannot be reached any more."""

    def processors(self) -> int:
        """How many calls run at once."""

    def on_each(self, *arguments: Any) -> Mapping[str, Any]:
        """What a call gives on every machine, or process, by its name; an exception where it fails."""

    def submit(self, *arguments: Any) -> Ticket:
        """Have it called once somewhere; again, where its process dies."""

    def wait(self, tickets: Collection[Ticket], seconds: float) -> Collection[Ticket]:
        """Some that are done; none, where none is after some seconds."""

    def result(self, ticket: Ticket) -> Any:
        """What a call that is done gave. Raises DiedError."""

    def cancel(self, tickets: Collection[Ticket]) -> None:
        """End these calls, and the work for them."""

    def close(self) -> None:
        """Leave."""


def check(on: str) -> None:
    """See that an address is one of a cluster, and that its extra is installed. Asks nobody.

    Raises UsageError, BuildError.
    """
    kind, _, port = _parts(on)
    if not 0 < port < 1 << 16:
        raise UsageError(f"{on}: {port} is no port", "write ray://HOST:10001 or dask://HOST:8786")
    package, _ = _KINDS[kind]
    if importlib.util.find_spec(package) is None:
        raise BuildError(f"{on} needs {package}, which is not installed", f"pip install 'corpusmill[{kind}]'")


@contextmanager
def cluster_at(on: str) -> Iterator[Cluster]:
    """The cluster at an address. Raises UsageError, and BuildError where it does not answer."""
    check(on)
    kind, host, port = _parts(on)
    try:
        socket.create_connection((host.strip("[]"), port), CONNECTING).close()
    except OSError as error:
        hint = "start the cluster, or check the address; ray:// is its client port, 10001 by default"
        raise BuildError(f"{on} cannot be reached: {error.strerror or error}", hint) from error
    cluster: Cluster = importlib.import_module(_KINDS[kind][1]).joined(f"{host}:{port}")
    try:
        yield cluster
    finally:
        cluster.close()


def gone(address: str) -> BuildError:
    """What a build fails with whose cluster does not answer any more."""
    hint = "look after the cluster, then repeat the command: what was finished is kept"
    return BuildError(f"{address} does not answer any more", hint)


def said(error: BaseException) -> str:
    """The first line of what a library says that says something."""
    lines = (line.strip() for line in str(error).splitlines())
    return next((line for line in lines if line), type(error).__name__)


def _parts(on: str) -> tuple[str, str, int]:
    found = _ADDRESS.fullmatch(on)
    if not found or found["kind"] not in _KINDS:
        raise UsageError(f"{on!r} is no address of a cluster", "write ray://HOST:10001 or dask://HOST:8786")
    return found["kind"], found["host"], int(found["port"])
