"""Others who ask the same hosts: a gate that each request of each of them passes, on whatever machine it is made.

    client = Client(gate=gate)   # above the client's own pace, which stays

It is a promise of three lines, kept elsewhere: `flows.politeness` keeps it among the workers of a Prefect server.
"""

from typing import Protocol


class Gate(Protocol):
    """What those who share a host have agreed on. It neither waits nor fails: where it is of no use, it lets pass."""

    def turn(self, host: str, delay: float) -> float:
        """Take the next turn to ask `host` and return 0.0, or the seconds after which to try again.

        `delay` is what lies between two requests of whoever asks.
        """

    def rest(self, host: str, seconds: float) -> None:
        """Let nobody ask `host` for so long."""


class Alone:
    """Nobody else asks."""

    def turn(self, host: str, delay: float) -> float:  # noqa: ARG002 - every turn is its own
        """At once."""
        return 0.0

    def rest(self, host: str, seconds: float) -> None:
        """Nobody is there to be told."""


ALONE = Alone()
