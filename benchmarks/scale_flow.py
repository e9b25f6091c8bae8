"""Task runs that do nothing, events, or turns at a gate: ``python -m benchmarks.scale_flow KIND COUNT``."""

import sys

from prefect import flow, task
from prefect.client.orchestration import get_client
from prefect.events import emit_event

from flows.politeness import Limits


@task(name="nothing")
def nothing() -> None:
    """Do nothing."""


@flow(name="nothing")
def tasks(count: int) -> None:
    """Many tasks, one after the other."""
    for _ in range(count):
        nothing()


def events(count: int) -> None:
    """Many events, sent at exit."""
    for number in range(count):
        emit_event("corpusmill.scale", resource={"prefect.resource.id": f"corpusmill.scale.{number}"})


def turns(count: int) -> None:
    """Many turns to ask some hosts, none of which has to be waited for."""
    with get_client(sync_client=True) as client:
        gate = Limits(client, sys.exit)
        for number in range(count):
            gate.turn(f"scale-{number % 20}", 0.01)


if __name__ == "__main__":
    count = int(sys.argv[2])
    match sys.argv[1]:
        case "tasks":
            tasks(count)
        case "events":
            events(count)
        case _:
            turns(count)
