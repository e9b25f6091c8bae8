"""Flows, the worker and the server killed in the middle of a refresh through a worker: the next one finishes it."""

import time
from pathlib import Path

import pytest

from benchmarks.rig import end, until
from corpusmill.store import Store


@pytest.fixture
def collecting(sqlite_rig, source, request):
    """A refresh of a new corpus while it collects: its name, by which deployment, its target and the run."""
    corpus = f"killed-{request.node.callspec.id}" if hasattr(request.node, "callspec") else "cancelled"
    by = {"killed-flow": "refresh/abc", "killed-worker": "refresh/anna", "killed-server": "refresh/latex"}
    target = source.declare(corpus, sqlite_rig.folder / "datasets")
    source.change(corpus)
    deployment = by.get(corpus, "refresh/linux")  # of its own: each lets one refresh run at a time
    run = sqlite_rig.begin(deployment, corpus=target)
    assert until(lambda: source.asked[corpus, 1], 240), sqlite_rig.logged(run)
    return corpus, deployment, target, run


def kill_flow(rig, run):
    assert end(rig.pid(run))


def kill_worker(rig, _run):
    rig.kill("worker")
    rig.start_worker(limit=3)


def kill_server(rig, _run):
    rig.kill("server")
    rig.start_server()


@pytest.mark.parametrize(
    ("kill", "outcomes"),
    [(kill_flow, {"CRASHED"}), (kill_worker, {"COMPLETED", "CRASHED"}), (kill_server, {"COMPLETED", "CRASHED"})],
    ids=["flow", "worker", "server"],
)
def test_what_is_killed_ends_and_the_next_refresh_finishes_with_one_version(
    sqlite_rig, source, collecting, kill, outcomes
):
    corpus, deployment, target, run = collecting

    kill(sqlite_rig, run)
    ended = sqlite_rig.ended(run, 240)
    again = sqlite_rig.begin(deployment, corpus=target)

    assert ended in outcomes, sqlite_rig.logged(run)
    assert sqlite_rig.ended(again, 240) == "COMPLETED", sqlite_rig.logged(again)
    store = Store(Path(sqlite_rig.store))
    assert [version.ref for version in store.versions(corpus)] == [f"{corpus}@v1"]
    assert source.stage(store, corpus) == "published"


def test_a_cancelled_refresh_ends_within_15_seconds_and_keeps_what_came(sqlite_rig, source, collecting):
    corpus, deployment, target, run = collecting
    start = time.monotonic()

    sqlite_rig.set_state(run, "CANCELLING")
    ended = sqlite_rig.ended(run, 240)
    took = time.monotonic() - start
    again = sqlite_rig.begin(deployment, corpus=target)

    assert (ended, took <= 15) == ("CANCELLED", True), took
    assert sqlite_rig.ended(again, 240) == "COMPLETED"
    assert [version.number for version in Store(Path(sqlite_rig.store)).versions(corpus)] == [1]
