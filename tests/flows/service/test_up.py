"""`up` and `down` as the programs they are, with a server of their own."""

import json
import os
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from corpusmill.store import Store
from flows.service import state
from flows.service.processes import mark_of, marked
from tests.flows.programs import ROOT, environment, send, until

PREFECT_FILE = """
name: mine
pull: []
deployments:
  - name: python
    entrypoint: flows.refresh.refresh
    parameters: {corpus: python}
    work_pool: {name: cpu}
    concurrency_limit: 1
    schedules: [{slug: weekly, cron: "0 5 * * 1", timezone: UTC, active: true}]
  - name: bible
    entrypoint: flows.refresh.refresh
    parameters: {corpus: bible}
    work_pool: {name: cpu}
    schedules: [{slug: monthly, cron: "0 5 1 * *", timezone: UTC, active: false}]
  - name: experiment
    entrypoint: flows.experiment.experiment
    work_pool: {name: cpu}
"""
WHO = ("mill", "a-secret-of-its-own")  # of a server that lives for a test
SECRET = ":".join(WHO)


class Mill:
    """The program, with a store, a home and a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.store, self.folder = Store(folder / "store"), folder
        self.state = state.folder_of(self.store)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/api"
        (folder / "mine.yaml").write_text(PREFECT_FILE, encoding="utf-8")
        self.up = ("up", f"--port={self.port}", f"--prefect-file={folder / 'mine.yaml'}")

    def environment(self, **more: str) -> dict[str, str]:
        own = {"CORPUSMILL_STORE": self.store.place, "PYTHONPATH": str(ROOT), "DO_NOT_TRACK": "1"}
        return environment(self.folder, **own, **more)

    def call(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "corpusmill", *arguments],
            cwd=self.folder,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            check=False,
        )

    def findings(self) -> dict[str, str]:
        """The worst that doctor says of each thing."""
        found = json.loads(self.call("doctor", "--json").stdout)["findings"]
        worst = sorted(found, key=lambda each: ["well", "mind", "wrong"].index(each["state"]))
        return {each["check"]: f"{each['state']} {each['what']}" for each in worst}

    def told(self) -> state.Up:
        return state.read(self.state)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=60).status_code == 404
    except httpx.TransportError:
        return False


def automations(mill: Mill) -> list[dict[str, str]]:
    """What the server has; nothing while it is away."""
    try:
        answer = httpx.post(f"{mill.url}/automations/filter", json={}, timeout=60)
    except httpx.TransportError:
        return []
    return answer.json() if answer.is_success else []


def deployment(mill, name: str, who: tuple[str, ...] | None = None) -> dict:
    wanted = {"deployments": {"name": {"any_": [name]}}}
    (found,) = send("POST", f"{mill.url}/deployments/filter", wanted, who)
    return found


@pytest.fixture
def mill(tmp_path, migrated):
    """What it has started is ended, whatever became of the test."""
    made = Mill(tmp_path)
    shutil.copy(migrated, state.private(made.state) / "prefect.db")
    yield made
    made.call("down")
    assert marked(mark_of(made.state)) == []


def strangers_are_refused(mill) -> None:
    version, page = f"{mill.url}/admin/version", mill.url.removesuffix("/api")
    assert httpx.get(version, timeout=60).status_code == 401
    assert httpx.get(version, auth=WHO, timeout=60).is_success
    assert httpx.get(page, follow_redirects=True, timeout=60).is_success  # which asks for it
    assert mill.findings()["access"] == "well who does not know the password is refused"
    refused = mill.call("run", "verses", PREFECT_API_URL=mill.url)
    assert "set PREFECT_API_AUTH_STRING" in refused.stderr


def under_way(mill) -> str:
    """A training that takes long and runs by now: its flow run."""
    long = {"settings": ["train.steps=1000000", "train.hidden=8"]}
    began = {"corpus": "verses", "version": "verses@v1", "training": long}
    start = f"{mill.url}/deployments/{deployment(mill, 'experiment', WHO)['id']}/create_flow_run"
    run = send("POST", start, {"parameters": began}, WHO)["id"]
    assert until(lambda: send("GET", f"{mill.url}/flow_runs/{run}", auth=WHO)["state_type"] == "RUNNING", 240)
    return run


def states(mill, run: str) -> list[str]:
    """The names of all states of a flow run."""
    query = "select s.name from flow_run_state s where s.flow_run_id in (?, ?) order by s.timestamp"
    with sqlite3.connect(mill.state / "prefect.db") as database:
        return [name for (name,) in database.execute(query, [run, run.replace("-", "")])]


@contextmanager
def in_the_foreground(mill, **more: str):
    """`up`, which stays; it has ended when the block has."""
    program = [sys.executable, "-m", "corpusmill", *mill.up, "--json"]
    environment = mill.environment(**more)
    with subprocess.Popen(program, cwd=mill.folder, env=environment, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.terminate()
            running.wait(120)


@pytest.mark.timeout(900)  # two servers start in it, one after the other
def test_up_stays_up_begins_anew_with_a_password_and_down_ends_all_of_it(mill, plain):
    shutil.copytree(plain[0].store, mill.store.root, dirs_exist_ok=True)
    first = mill.call(*mill.up, "--detach", "--json")
    assert first.returncode == 0, first.stdout + first.stderr
    told = json.loads(first.stdout)
    assert (told["api"], told["already"], told["deployments"]) == (mill.url, False, 3)
    assert told["pools"].keys() == {"cpu", "gpu"}
    assert stat.S_IMODE(mill.state.stat().st_mode) == 0o700

    # Twice is no mistake; elsewhere is one.
    assert json.loads(mill.call(*mill.up, "--json").stdout) == {**told, "already": True}
    elsewhere = mill.call("up", "--port=1")
    assert elsewhere.returncode == 1
    assert f":{mill.port} is up for this store" in elsewhere.stderr

    assert until(lambda: answers(told["reports"]), 120)

    # All is well; a pool that goes is missed, and what somebody switches on stays on.
    findings = mill.findings()
    assert not [found for found in findings.values() if found.startswith("wrong")]
    assert findings["schedules"] == "well 1 on, each with runs planned: python"
    bible = deployment(mill, "bible")
    schedule = f"{mill.url}/deployments/{bible['id']}/schedules/{bible['schedules'][0]['id']}"
    send("PATCH", schedule, {"active": True})
    send("DELETE", f"{mill.url}/work_pools/gpu")

    # What dies comes back, a server with what it has to watch for; after their watcher has died, up begins anew.
    before = mill.told()
    send("DELETE", f"{mill.url}/automations/{automations(mill)[0]['id']}")
    for each in (before.workers["worker-cpu"], before.server):
        os.kill(each.pid, signal.SIGKILL)
    assert until(lambda: mill.told().workers.get("worker-cpu") not in (None, before.workers["worker-cpu"]), 120)
    assert until(lambda: {each["name"] for each in automations(mill)} == set(told["automations"]), 240)
    assert mill.told().server != before.server
    before = mill.told()
    os.kill(before.supervisor.pid, signal.SIGKILL)
    assert until(lambda: not before.supervisor.lives(), 60)
    with in_the_foreground(mill, CORPUSMILL_AUTH=SECRET) as foreground:
        assert until(lambda: (up := mill.told()) and up.supervisor.pid == foreground.pid and up.ready, 240)
        assert not before.server.lives()

        assert "2 on" in mill.findings()["schedules"]
        strangers_are_refused(mill)
        run = under_way(mill)
        ended = json.loads(mill.call("down", "--json").stdout)
        said, _ = foreground.communicate(timeout=120)

    assert [name.split()[0] for name in ended["ended"]] == ["worker-cpu", "reports", "server"]
    assert (ended["running"], ended["killed"]) == (1, False)
    assert foreground.returncode == 143
    assert json.loads(said)["auth"] == str(mill.state / "auth")
    files = [path for path in mill.state.rglob("*") if path.is_file()]
    assert [path.name for path in files if SECRET.encode() in path.read_bytes()] == []
    assert states(mill, run)[-3:] == ["Running", "Crashed", "AwaitingRetry"]  # so it goes on at the next up
    assert marked(mark_of(mill.state)) == []
    assert mill.call("down").stdout == "nothing is up\n"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("up", "--port={taken}"), 1, "127.0.0.1 port {taken}: Address already in use"),
        (("up", "--port={taken}", "--detach"), 1, "127.0.0.1 port {taken}: Address already in use"),
        (("up", "--port={taken}", "--host=0.0.0.0"), 1, "WARNING: everybody who reaches 0.0.0.0 may run code"),
        (("up", "--port={taken}", "--auth=me:secret"), 1, "WARNING: a password among a command's options is seen"),
        (("up", "--auth=nonsense"), 2, "--auth has another form than USER:PASSWORD"),
        (("up", "--postgres=mysql://me@db/x"), 2, "--postgres names no database"),
        (("up", "--prefect-file=nowhere.yaml"), 2, "nowhere.yaml cannot be read"),
    ],
    ids=["port taken", "port taken, detached", "open to all", "password seen", "no password", "no database", "no file"],
)
def test_what_cannot_work_is_said_at_once_and_leaves_nothing(tmp_path, arguments, status, said):
    mill = Mill(tmp_path)
    with socket.create_server(("0.0.0.0", 0)) as taken:  # noqa: S104 - so that it is taken on every address
        port = taken.getsockname()[1]
        done = mill.call(*(each.format(taken=port) for each in arguments))
    assert said.format(taken=port) in done.stderr
    assert "secret" not in done.stderr
    assert done.returncode == status
    assert not (mill.state / "up.json").exists()
    assert not (mill.state / "auth").exists()
