"""One of several who ask a host: ``python -m benchmarks.polite_worker ADDRESS PAGES SHARED``, for `benchmarks.polite`.

It says that it is ready, waits for a line, fetches its pages and prints the seconds that each turn at the gate took.
"""

import json
import os
import sys
import time

from corpusmill.http import ALONE, Client, Gate, Network
from flows.politeness import Limits


class Timed:
    """A gate, and how long it takes to let one pass."""

    def __init__(self, gate: Gate) -> None:
        """Nobody has passed."""
        self._gate = gate
        self.turns: list[float] = []

    def turn(self, host: str, delay: float) -> float:
        """As the gate."""
        began = time.perf_counter()
        left = self._gate.turn(host, delay)
        if not left:
            self.turns.append(time.perf_counter() - began)
        return left

    def rest(self, host: str, seconds: float) -> None:
        """As the gate."""
        self._gate.rest(host, seconds)


def main(address: str, pages: int, gate: Gate) -> list[float]:
    """Fetch."""
    timed = Timed(gate)
    client = Client(Network(allow_private=True), gate=timed)
    print("ready", flush=True)
    sys.stdin.readline()
    for page in range(pages):
        client.get(f"{address}/{os.getpid()}/{page}").read()
    return timed.turns


if __name__ == "__main__":
    if sys.argv[3] == "0":
        main(sys.argv[1], int(sys.argv[2]), ALONE)
        print("[]")
    else:
        from prefect.client.orchestration import get_client

        with get_client(sync_client=True, httpx_settings={"timeout": 5.0}) as client:
            print(json.dumps(main(sys.argv[1], int(sys.argv[2]), Limits(client, sys.exit))))
