"""Two workers of one pool, each with a working copy of its own, over one store in a bucket."""

import subprocess
import sys

import httpx
import pytest

from corpusmill.store import opened
from corpusmill.types import silent
from flows.pipeline import PLAIN, refresh
from flows.stages import Job
from tests.corpusmill.store.bucket_server import KEYS
from tests.flows.programs import ROOT, send, text, until

POOL = "bucket"
ENDED = ["COMPLETED", "FAILED", "CRASHED", "CANCELLED"]
CORPORA = {"odes": 50, "hymns": 60, "psalms": 70}  # verses of each


def asked(url: str, body: dict):
    """What the server answers; nothing where it is, on SQLite, too busy to."""
    try:
        return httpx.post(url, json=body, timeout=20).raise_for_status().json()
    except (httpx.TimeoutException, httpx.HTTPStatusError):
        return []


@pytest.fixture
def bucket():
    """The address of an S3 server, a real one over HTTP, with an empty bucket."""
    command = [sys.executable, "-m", "tests.corpusmill.store.bucket_server"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        yield server.stdout.readline().strip()
        server.stdin.close()


@pytest.fixture
def deployment(server):
    """The id of a deployment of `refresh` in a pool of its own."""
    send("POST", f"{server.url}/work_pools/", {"name": POOL, "type": "process"})
    flow = send("POST", f"{server.url}/flows/", {"name": "refresh"})
    wanted = {
        "name": "bucket",
        "flow_id": flow["id"],
        "entrypoint": "flows.refresh.refresh",
        "work_pool_name": POOL,
        "enforce_parameter_schema": False,
    }
    return send("POST", f"{server.url}/deployments/", wanted)["id"]


@pytest.fixture
def workers(server, bucket, tmp_path):
    """Two that are there, each of which takes one run at a time; what they were told of the bucket."""
    place = {"CORPUSMILL_STORE": "s3://corpora/shared", "AWS_ENDPOINT_URL": bucket, **KEYS}
    started = []
    for name in ("one", "two"):
        command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--name", name, "--limit", "1"]
        environment = server.environment(
            CORPUSMILL_CACHE=str(tmp_path / name), PYTHONPATH=str(ROOT), PREFECT_WORKER_QUERY_SECONDS="1", **place
        )
        log = (tmp_path / f"{name}.log").open("w")
        started.append(subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log))
        log.close()
    try:
        assert until(lambda: len(asked(f"{server.url}/work_pools/{POOL}/workers/filter", {})) == 2, 120)
        yield place
    finally:
        for worker in started:
            worker.terminate()
        for worker in started:
            worker.wait(30)


def test_two_workers_over_one_bucket_publish_what_one_machine_does(server, deployment, workers, tmp_path, monkeypatch):
    files = {name: tmp_path / f"{name}.txt" for name in CORPORA}
    for name, file in files.items():
        file.write_text(text(CORPORA[name]), encoding="utf-8")
    local = {
        name: refresh(Job(str(file), str(tmp_path / "local")), PLAIN, silent).version for name, file in files.items()
    }

    twice = [files["odes"], *files.values()]  # one corpus by both at once
    for file in twice:
        body = {"parameters": {"corpus": str(file)}, "state": {"type": "SCHEDULED"}}
        send("POST", f"{server.url}/deployments/{deployment}/create_flow_run", body)

    def ended():
        only = {"deployments": {"id": {"any_": [deployment]}}, "flow_runs": {"state": {"type": {"any_": ENDED}}}}
        found = asked(f"{server.url}/flow_runs/filter", only)
        return found if len(found) == len(twice) else None

    came = sorted((run["state_type"], run["state"]["message"] or "") for run in until(ended, 300) or [])
    logs = [(tmp_path / f"{name}.log").read_text() for name in ("one", "two")]
    assert len(came) == len(twice), logs
    assert [state for state, _ in came[:-1]] == ["COMPLETED"] * len(CORPORA), (came, logs)
    assert came[-1][0] == "COMPLETED" or "another machine works on odes" in came[-1][1], (came, logs)
    for key, value in workers.items():
        monkeypatch.setenv(key, value)
    here = opened(str(tmp_path / "local"), {})
    there = opened(workers["CORPUSMILL_STORE"], {**workers, "CORPUSMILL_CACHE": str(tmp_path / "third")})
    for name in CORPORA:
        assert local[name] == f"{name}@v1"
        assert [version.id for version in there.versions(name)] == [version.id for version in here.versions(name)]
        assert there.latest_snapshot(name).id == here.latest_snapshot(name).id
    used = {folder.name for folder in tmp_path.iterdir() if (folder / "stores").is_dir()}
    assert {"one", "two"} <= used  # each worker had a share
