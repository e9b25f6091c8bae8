"""What a server does by itself, on SQLite and on PostgreSQL: schedules that fire, and training that an event starts."""

import time
from pathlib import Path

import pytest

from benchmarks.rig import until
from corpusmill.store import Store


def test_a_schedule_has_a_scheduled_run_within_15_seconds(rig):
    start = time.monotonic()
    deployed = rig.deploy_every(3600, "hourly")

    found = until(lambda: rig.runs(deployed), 120)
    took = time.monotonic() - start
    rig.ask("DELETE", f"deployments/{rig.deployment(deployed)['id']}")

    assert took <= 15
    assert {run["state_type"] for run in found} == {"SCHEDULED"}


@pytest.fixture
def experiments(rig):
    """A rig whose worker runs experiments too."""
    rig.divert("experiment/experiment", "cpu")
    yield rig
    rig.divert("experiment/experiment", "gpu")


def test_a_published_version_starts_training_that_ends_with_a_report(experiments, source):
    rig = experiments
    target = source.declare("trained", rig.folder / "datasets")
    source.change("trained")

    refreshed = rig.begin("refresh/python", corpus=target)
    state = rig.ended(refreshed, 240)
    (experiment,) = until(lambda: [run for run in rig.runs("experiment/experiment") if _is_of(run, "trained@v1")], 120)

    assert state == "COMPLETED", rig.logged(refreshed)
    assert rig.ended(experiment["id"], 240) == "COMPLETED", rig.logged(experiment["id"])
    store = Store(Path(rig.store))
    (run,) = store.runs("trained")
    assert run.version_ref == "trained@v1"
    assert (store.run_folder("trained", run.id) / "report.html").is_file()


def _is_of(run, version):
    return run["parameters"]["version"] == version
