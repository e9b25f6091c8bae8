"""Workers that ask the same host, against a real server: what the host sees, and what one knows of the other."""

import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import httpx
import pytest

from benchmarks.polite import visit
from corpusmill.http import ALONE
from flows import api, politeness
from flows.politeness import PREFIX, SLOTS, Limits
from tests.flows.programs import ROOT, send

EARLY = 0.3  # seconds by which one request may be longer on its way to the host than the next: a busy machine
HOLDER = """
import sys, time
from prefect.client.orchestration import get_client
from flows.politeness import Limits
with get_client(sync_client=True) as client:
    print(Limits(client, sys.exit).turn(sys.argv[1], 0.6), flush=True)
    time.sleep(60)
"""


@pytest.fixture
def host():
    return f"Host-{random.randbytes(6).hex()}.example:8080"


@pytest.fixture
def gates(prefect_here):
    """As many workers as are asked for, in one process; `said` is what they had to say."""
    from prefect.client.orchestration import get_client

    said = []
    with get_client(sync_client=True) as client:
        yield lambda: Limits(client, said.append)
    assert said == []


def limit(server, host: str) -> dict:
    return send("GET", f"{server.url}/v2/concurrency_limits/{PREFIX}{host.lower()}")


def wait_for_turn(gate: Limits, host: str, delay: float) -> tuple[float, float]:
    """The turn came between these two moments."""
    while True:
        asked = time.monotonic()
        if not (left := gate.turn(host, delay)):
            return asked, time.monotonic()
        time.sleep(left)


@pytest.mark.parametrize("shared", [True, False])
def test_a_host_sees_the_pace_of_one_only_if_those_who_ask_share_a_gate(server, shared):
    environment = server.environment(PYTHONPATH=str(ROOT))
    moments, turns = visit(2, 6, 1.0, environment, shared=shared)
    assert (len(moments), len(turns)) == (6, 6 + 2 if shared else 0)  # two for robots.txt
    assert (min(after - before for before, after in pairwise(sorted(moments))) >= 1.0 - EARLY) is shared


def test_two_workers_take_turns(gates, host):
    one, other = gates(), gates()
    turns = [wait_for_turn(gate, host, 0.5) for gate in (one, other, one, other)]
    assert min(came - asked for (asked, _), (_, came) in pairwise(turns)) >= 0.48


def test_whoever_waits_is_told_what_is_left_of_the_delay(gates, host):
    one, other = gates(), gates()
    assert one.turn(host, 60.0) == 0.0
    assert 40 < other.turn(host, 60.0) < 60 * 1.05


def test_workers_that_make_the_limit_at_once_make_one_and_one_of_them_passes(gates, host):
    workers = [gates() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        lefts = list(pool.map(lambda gate: gate.turn(host, 5.0), workers))
    assert sorted(left > 0 for left in lefts) == [False, True, True, True]


def test_a_worker_that_is_killed_holds_the_others_up_for_one_delay(gates, prefect_here, host):
    command = [sys.executable, "-c", HOLDER, host]
    with subprocess.Popen(
        command, cwd=ROOT, env=prefect_here.environment(PYTHONPATH=str(ROOT)), stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout.readline() == "0.0\n"
        began = time.monotonic()
        worker.send_signal(signal.SIGKILL)
    assert wait_for_turn(gates(), host, 0.6)[1] - began < 5


def test_a_rest_is_kept_by_all_and_the_longer_one_counts(gates, host):
    one, other = gates(), gates()
    one.turn(host, 0.5)
    one.rest(host, 3600.0)
    other.rest(host, 60.0)
    assert other.turn(host, 0.5) == pytest.approx(3600, abs=10)
    one.rest(host, 1e10)  # the most that fits is still long
    assert other.turn(host, 0.5) > 5e6


def test_after_a_rest_the_pace_is_what_it_was(gates, prefect_here, host):
    one, other = gates(), gates()
    one.turn(host, 0.5)
    began = time.monotonic()
    one.rest(host, 0.7)
    assert wait_for_turn(other, host, 0.5)[1] - began >= 0.68
    assert limit(prefect_here, host)["slot_decay_per_second"] == SLOTS / 0.5


def agreed(server, host: str) -> float:
    """Seconds between requests that all keep to."""
    return SLOTS / limit(server, host)["slot_decay_per_second"]


def requests_until(wanted: float, server, gate: Limits, host: str, delay: float, most: int = 10) -> int:
    """After how many turns the others were told of `wanted` seconds; a busy server puts it off from one to the next."""
    for made in range(1, most + 1):
        wait_for_turn(gate, host, delay)
        if agreed(server, host) == pytest.approx(wanted):
            return made
    raise AssertionError(f"{agreed(server, host)} after {most} turns, {wanted} expected")


def test_a_slower_host_is_told_at_once_and_a_quicker_one_when_it_stays_so(gates, prefect_here, host):
    one, other = gates(), gates()
    wait_for_turn(one, host, 0.1)
    requests_until(0.4, prefect_here, other, host, 0.4)
    assert requests_until(0.2, prefect_here, one, host, 0.1) >= 5


@pytest.mark.parametrize(("delays", "wanted"), [([0.4], 0.4), ([0.1] * 5, 0.15)], ids=["slower", "quicker"])
def test_a_busy_server_is_told_the_next_time(gates, prefect_here, host, monkeypatch, delays, wanted):
    gate = gates()
    wait_for_turn(gate, host, 0.3)
    ask, busy = gate._client.request, 3

    def request(method, *rest, **named):
        nonlocal busy
        if method == "PATCH" and busy:
            busy -= 1
            response = httpx.Response(503, request=httpx.Request(method, prefect_here.url))
            raise httpx.HTTPStatusError("busy", request=response.request, response=response)
        return ask(method, *rest, **named)

    monkeypatch.setattr(gate._client, "request", request)
    for delay in delays:
        wait_for_turn(gate, host, delay)
    assert (busy, agreed(prefect_here, host)) == (2, pytest.approx(0.3))  # one try: the host waits to be asked
    assert requests_until(wanted, prefect_here, gate, host, delays[0]) >= 3


@pytest.mark.parametrize(
    "spoilt",
    [{"limit": 1}, {"slot_decay_per_second": 0.0}, None],
    ids=["made by hand", "without decay", "deleted"],
)
def test_a_limit_that_cannot_hold_a_pace_is_mended(gates, prefect_here, host, spoilt):
    gate, url = gates(), f"{prefect_here.url}/v2/concurrency_limits/{PREFIX}{host.lower()}"
    gate.turn(host, 0.2)
    send("PATCH" if spoilt else "DELETE", url, spoilt)
    wait_for_turn(gate, host, 0.2)
    found = limit(prefect_here, host)
    assert (found["limit"], found["slot_decay_per_second"]) == (SLOTS, pytest.approx(SLOTS / 0.2))


def test_a_server_that_is_gone_is_said_once_and_each_keeps_its_own_pace(prefect_here, host):
    from prefect.client.orchestration import get_client
    from prefect.settings import temporary_settings

    said = []
    with temporary_settings({"api.url": "http://127.0.0.1:9/api"}), get_client(sync_client=True) as client:
        gate = Limits(client, said.append)
        assert [gate.turn(host, 1.0) for _ in range(3)] == [0.0, 0.0, 0.0]
        gate.rest(host, 60.0)
    assert [line.partition(":")[0] for line in said] == [
        "the other workers' requests are not known, since Prefect's server does not answer"
    ]


def test_collecting_passes_the_gate_where_a_server_is_configured(prefect_here, host):
    from prefect import flow
    from prefect.settings import temporary_settings

    @flow(name="gate")
    def gate_of(own: bool):
        mark = api._OWN.set(own)
        try:
            with politeness.shared() as gate:
                return gate.turn(host, 60.0), gate.turn(host, 60.0), gate is ALONE
        finally:
            api._OWN.reset(mark)

    assert gate_of(own=True) == (0.0, 0.0, True)
    taken, left, alone = gate_of(own=False)
    assert (taken, alone) == (0.0, False)
    assert left > 40
    with temporary_settings({"api.url": None}), politeness.shared() as gate:
        assert gate is ALONE
