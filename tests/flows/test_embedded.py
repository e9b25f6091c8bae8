"""A flow with a server of its own, as a program: what it leaves, how it ends, and that nothing stays behind."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from msgspec import json as msgjson

from corpusmill.errors import FlowError
from flows import api
from flows.stages import Job
from tests.flows.programs import ROOT, environment, until

STAGES = ("build", "collect", "report", "train")
CLOCK = ("clock", "collected_at", "fetched_at")
SEAL = "sha256"  # of a whole manifest, these included
COMMAND = Path(__file__).with_name("command.py")


@pytest.fixture
def begin(embedded_home):
    """Begin a job as a flow, in a session of its own as a terminal gives it; returns program and API once it trains."""
    programs = []

    def start(job: Job) -> tuple[subprocess.Popen, str]:
        program = subprocess.Popen(
            [sys.executable, str(COMMAND), msgjson.encode(job).decode(), str(embedded_home)],
            env=environment(embedded_home / "user", PYTHONPATH=str(ROOT), http_proxy="http://127.0.0.1:9"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        programs.append(program)
        return program, program.stdout.readline().strip()

    yield start
    for program in programs:
        program.kill()
        program.communicate()


def recorded(home: Path) -> tuple[str, list[tuple[str, str]]]:
    """How the newest flow run ended, and the state of each of its task runs."""
    with sqlite3.connect(home / "prefect.db") as database:
        newest = "SELECT id, state_type FROM flow_run ORDER BY created DESC LIMIT 1"
        run, state = database.execute(newest).fetchone()
        tasks = database.execute("SELECT name, state_type FROM task_run WHERE flow_run_id = ? ORDER BY name", [run])
        return state, tasks.fetchall()


def closed(url: str) -> bool:
    """Whether nobody listens there any more."""
    parts = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((parts.hostname, parts.port)) != 0


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def undated(files: dict[str, bytes]) -> dict[str, bytes]:
    """Without the files that say when something was fetched."""
    return {path: body for path, body in files.items() if not path.endswith("croissant.json")}


def timeless(value):
    """A manifest, or what is in one, without what tells the time."""
    if isinstance(value, dict):
        return {name: timeless(inner) for name, inner in value.items() if name not in CLOCK}
    return [timeless(inner) for inner in value] if isinstance(value, list) else value


def manifests(folder: Path) -> list[dict]:
    read = [json.loads(path.read_bytes()) for path in sorted(folder.glob("*/manifest.json"))]
    return [timeless({name: value for name, value in each.items() if name != SEAL}) for each in read]


def test_plain_and_flow_leave_the_same(begin, embedded_home, plain, tmp_path):
    job, expected = plain
    program, url = begin(replace(job, store=str(tmp_path)))

    out, err = program.communicate(timeout=60)

    assert err == ""
    moved = json.loads(out.replace(str(tmp_path), job.store))
    assert moved == json.loads(msgjson.encode(expected))
    assert recorded(embedded_home) == ("COMPLETED", [(f"{stage} verses.txt", "COMPLETED") for stage in STAGES])
    assert closed(url)
    assert not (embedded_home / "user" / ".prefect").exists()
    ours, theirs = (Path(store, "verses") for store in (tmp_path, job.store))
    assert undated(tree(ours / "versions")) == undated(tree(theirs / "versions"))
    assert manifests(ours / "snapshots") == manifests(theirs / "snapshots")
    assert manifests(ours / "runs") == manifests(theirs / "runs") != []


def test_ctrl_c_stops_at_once_is_recorded_and_can_be_gone_on_from(begin, embedded_home, plain, tmp_path):
    job = replace(plain[0], store=str(tmp_path), overrides=(*plain[0].overrides, "train.steps=1000000"))
    program, url = begin(job)

    os.killpg(program.pid, signal.SIGINT)  # as the terminal does: to every program of the command
    out, err = program.communicate(timeout=60)

    assert (out, err) == ("stopped by signal 2\n", "")
    crashed = [("build verses.txt", "COMPLETED"), ("collect verses.txt", "COMPLETED"), ("train verses.txt", "CRASHED")]
    assert recorded(embedded_home) == ("CRASHED", crashed)
    assert closed(url)
    assert list((tmp_path / "verses" / "runs").glob(".*.work/checkpoints/last-*"))


def test_a_killed_command_leaves_no_server(embedded_home):
    program = (
        "import sys, time, pathlib\n"
        "from flows import api\n"
        "with api._running_server(pathlib.Path(sys.argv[1])) as url:\n"
        "    print(url, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(embedded_home)],
        env=environment(embedded_home / "user", PYTHONPATH=str(ROOT)),
        stdout=subprocess.PIPE,
        text=True,
    ) as killed:
        url = killed.stdout.readline().strip()
        open_before = not closed(url)
        killed.kill()

    assert open_before
    assert until(lambda: closed(url), 120)


def test_a_server_that_cannot_start_says_where_to_look(tmp_path, monkeypatch):
    monkeypatch.setenv("PREFECT_SERVER_DATABASE_CONNECTION_URL", "nonsense")

    with pytest.raises(FlowError, match=r"server did not start .* --plain") as failed, api._running_server(tmp_path):
        pass

    log = tmp_path / api.LOG
    assert str(log) in failed.value.hint
    assert "Could not parse" in log.read_text()
