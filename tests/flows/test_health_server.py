"""`corpusmill status` beside a real server: what its flow runs and workers tell."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from corpusmill.cli import app
from flows.health import needs
from flows.health.server import listen
from flows.service.ask import Api
from tests.corpusmill.samples import keep, run, snapshot, version
from tests.flows.programs import send

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def deployed(server) -> dict[str, uuid.UUID]:
    """Deployments of one's own corpora, in a pool that no worker serves."""
    flow = send("POST", f"{server.url}/flows/", {"name": "refresh"})["id"]
    send("POST", f"{server.url}/work_pools/", {"name": "lonely", "type": "process"})
    made = {}
    for name in ("mended", "broken", "heldup", "busy", "overdue", "waiting", "dead"):
        body = {"name": f"health-{name}", "flow_id": flow, "work_pool_name": "lonely", "tags": ["corpusmill"]}
        made[name] = send("POST", f"{server.url}/deployments/", body)["id"]
    return made


@pytest.fixture(scope="module")
def lived(server, deployed) -> set[str]:
    """Flow runs of each kind; returns the corpora they are about."""

    def make(corpus: str, *states: tuple[str, str], due: timedelta = timedelta()) -> None:
        url = f"{server.url}/deployments/{deployed[corpus]}/create_flow_run"
        at = (NOW + due).isoformat()
        first = {"type": "SCHEDULED", "name": "Scheduled", "state_details": {"scheduled_time": at}}
        body = {"parameters": {"corpus": corpus}, "tags": ["corpusmill", corpus], "state": first}
        made = send("POST", url, body)["id"]
        for kind, name in states:
            state = {"type": kind, "name": name, "message": f"{corpus} {name}"}
            send("POST", f"{server.url}/flow_runs/{made}/set_state", {"state": state, "force": True})

    begun = ("RUNNING", "Running")
    make("mended", begun, ("FAILED", "Failed"))
    make("mended", begun, ("COMPLETED", "Completed"))
    make("broken", begun, ("COMPLETED", "Completed"))
    make("broken", begun, ("FAILED", "Failed"))
    make("heldup", begun, ("FAILED", "Held"))
    make("dead", begun, ("CRASHED", "Crashed"))
    make("busy", begun)
    make("overdue", due=timedelta(minutes=-5))
    make("waiting", due=timedelta(hours=2))
    make("waiting", due=timedelta(hours=1))
    return set(deployed)


def test_flow_runs_are_told_by_what_became_of_them(server, lived):
    heard = listen(Api(server.url), 1, datetime.now(UTC), lived)

    assert heard.why == ""
    assert [(each.name, each.state, each.why) for each in heard.failed] == [
        ("refresh/health-broken", "Failed", "broken Failed"),
        ("refresh/health-dead", "Crashed", "dead Crashed"),
    ]
    assert [each.corpus for each in heard.held] == ["heldup"]
    assert [(each.name, each.corpus) for each in heard.running] == [("refresh/health-busy", "busy")]
    assert [(each.corpus, each.pool, each.seconds >= 300) for each in heard.late] == [("overdue", "lonely", True)]
    assert set(heard.next) == {"waiting"}
    assert abs(datetime.fromisoformat(heard.next["waiting"]) - NOW - timedelta(hours=1)) < timedelta(seconds=5)
    assert heard.workers["lonely"] == 0
    assert heard.paused == ()


def test_what_is_older_than_the_days_is_not_told(server, lived):
    heard = listen(Api(server.url), 1, datetime.now(UTC) + timedelta(days=2), lived)

    assert (heard.failed, heard.held) == ((), ())


def test_what_needs_somebody_is_told_with_the_pool_and_the_flow_run(server, lived):
    heard = listen(Api(server.url), 1, datetime.now(UTC), lived)

    told = [(need.kind, need.corpus) for need in needs.of([], [], heard, days=35)]
    late, broken, *_ = needs.of([], [], heard, days=35)

    assert told == [("late", ""), ("failed", "broken"), ("failed", "dead")]
    assert "no worker of pool lonely is online" in late.what
    assert late.command == "corpusmill up, or: prefect worker start --pool lonely"
    assert broken.what == "flow run refresh/health-broken has failed: broken Failed"
    assert broken.command.startswith("prefect flow-run logs ")


def test_a_worker_is_online_and_a_pool_is_paused(server, lived):
    url = f"{server.url}/work_pools/lonely"
    send("POST", f"{url}/workers/heartbeat", {"name": "hand"})
    send("PATCH", url, {"is_paused": True})
    try:
        heard = listen(Api(server.url), 1, datetime.now(UTC), lived)
        late = next(need for need in needs.of([], [], heard, days=35) if need.kind == "late")
    finally:
        send("PATCH", url, {"is_paused": False})

    assert (heard.workers["lonely"], heard.paused) == (1, ("lonely",))
    assert "the workers of lonely are busy" in late.what


def test_the_command_shows_both(server, lived, store, monkeypatch):
    keep(store, snapshot(corpus="busy"), version(corpus="busy"), run(corpus="busy"))
    monkeypatch.setenv("PREFECT_API_URL", server.url)
    given = ["status", "busy", "--days", "36500", "--store", str(store.root)]

    done, as_json = (CliRunner().invoke(app, [*given, *more]) for more in ([], ["--json"]))

    assert done.exit_code == 0, done.output
    assert f"server {server.url}: workers online: " in done.stdout
    assert "  running: refresh/health-busy  Running, " in done.stdout
    said = json.loads(as_json.stdout)["server"]
    assert [each["corpus"] for each in said["running"]] == ["busy"]
    assert said["workers"].keys() >= {"lonely"}


def test_a_server_that_refuses_us_is_told_of(server, lived):
    heard = listen(Api(server.url.replace("/api", "/nowhere")), 1, datetime.now(UTC), lived)

    assert "is not where Prefect's API is" in heard.why
    assert "PREFECT_API_URL" in heard.hint
