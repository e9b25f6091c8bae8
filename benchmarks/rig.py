"""A Prefect server, its pool, deployments and worker as processes, to be measured, killed and started again.

with Rig(folder, port) as rig:          # SQLite in `folder`; database=URL for PostgreSQL
    rig.deploy("python")
    rig.start_worker(limit=2)
    run = rig.begin("refresh/python", corpus="python")
    rig.ended(run, 60)
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from benchmarks import spending
from flows.service.environment import QUIET, TUNED

ROOT = Path(__file__).parents[1]
FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
POOLS = ("cpu", "gpu")
START_SECONDS, STOP_SECONDS, PAUSE = 300.0, 20.0, 0.2
_AWAY, _PAGE = (502, 503), 200
_PROMPT = {"PREFECT_WORKER_QUERY_SECONDS": "2"}
_LIGHT = {"command": f"{sys.executable} -m prefect.engine"}  # without a process that prepares a folder for it first
Answer = TypeVar("Answer")


class Rig:
    """One server on one database. Every process is in a session of its own and ends with the block."""

    def __init__(self, folder: Path, port: int, database: str = "", **environment: str) -> None:
        """Nothing runs yet; `environment` is the worker's: CORPUSMILL_MIRROR and the like."""
        self.folder, self.port = folder, port
        self.url = f"http://127.0.0.1:{port}/api"
        self.store = folder / "store"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._client = httpx.Client(timeout=60, trust_env=False)  # one for all: each new one reads all certificates
        caches = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
        self.environment = {
            **QUIET,
            **TUNED,
            **_PROMPT,
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "XDG_CACHE_HOME": caches,
            "PYTHONPATH": str(ROOT),
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_API_URL": self.url,
            "PREFECT_SERVER_API_HOST": "127.0.0.1",
            "PREFECT_SERVER_API_PORT": str(port),
            "CORPUSMILL_STORE": str(self.store),
            **environment,
        }
        if database:
            self.environment["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = database

    def __enter__(self) -> Self:
        """Start the server and make its pools."""
        (self.folder / "prefect").mkdir(parents=True, exist_ok=True)
        self.start_server()
        for pool in POOLS:
            self.post("work_pools/", name=pool, type="process")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all, the worker first."""
        for name in ("worker", "server"):
            self.stop(name)
        self._client.close()

    def start_server(self) -> None:
        """Start it, or start it again, on the same database; returns when it answers. Raises OSError."""
        process = self._start("server", "flows.service.server")
        if not until(lambda: process.poll() is not None or self.well(), START_SECONDS) or process.poll() is not None:
            raise OSError(f"Prefect's server did not start: see {self.folder / 'server.log'}")

    def start_worker(self, limit: int) -> None:
        """Start a worker on the pool `cpu`, so many flow runs at once."""
        self._start("worker", "prefect", "worker", "start", "--pool", "cpu", "--limit", str(limit), "--name", "rig")

    def kill(self, name: str) -> None:
        """SIGKILL to the server or the worker alone, not to the flows that a worker started."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    def stop(self, name: str) -> None:
        """End one in good order, and whatever it started."""
        process = self._processes.pop(name, None)
        if not process:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def well(self) -> bool:
        """Whether the server answers."""
        try:
            return self._client.get(f"{self.url}/health", timeout=5).is_success
        except httpx.TransportError:
            return False

    def seconds(self, name: str) -> float:
        """CPU seconds of the server or the worker so far (Linux)."""
        return spending.seconds(self._processes[name].pid)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What the API answers; asked again while a server is being started. Raises OSError, httpx.HTTPStatusError."""

        def once() -> httpx.Response | None:
            try:
                response = self._client.request(method, f"{self.url}/{path}", json=body)
            except httpx.TransportError:
                return None
            return None if response.status_code in _AWAY else response

        response = until(once, START_SECONDS)
        if response is None:
            raise OSError(f"no answer from {self.url}")
        return response.raise_for_status().json() if response.content else None

    def post(self, path: str, **body: Any) -> Any:
        """What the API makes of some values."""
        return self.ask("POST", path, body)

    def deploy(self, *names: str) -> None:
        """Register deployments of prefect.yaml, or all. Raises OSError."""
        which = [item for name in names for item in ("--name", name)] or ["--all"]
        self._command("-m", "prefect", "--no-prompt", "deploy", *which)

    def automate(self) -> None:
        """See to the automations, as ``corpusmill up`` does whenever its server has started. Raises OSError."""
        self._command("-P", "-m", "flows.service.automate", "35")

    def deployment(self, name: str) -> dict[str, Any]:
        """What is registered as ``refresh/python``."""
        found: dict[str, Any] = self.ask("GET", f"deployments/name/{name}")
        return found

    def deployments(self, flow: str) -> list[str]:
        """The names of a flow's deployments."""
        found = self.post("deployments/filter", flows={"name": {"any_": [flow]}})
        return sorted(f"{flow}/{each['name']}" for each in found)

    def divert(self, deployment: str, pool: str) -> None:
        """Have a deployment's runs wait in another pool."""
        self.ask("PATCH", f"deployments/{self.deployment(deployment)['id']}", {"work_pool_name": pool})

    def deploy_every(self, seconds: int, name: str) -> str:
        """Deploy a refresh of `python` with an interval schedule, as a deployment of its own; returns its name."""
        like = self.deployment("refresh/python")
        kept = {key: like[key] for key in ("flow_id", "entrypoint", "work_pool_name", "parameters", "path")}
        every = {"name": name, "schedules": [{"schedule": {"interval": seconds}}]}
        self.ask("POST", "deployments/", {**kept, **every})
        return f"refresh/{name}"

    def runs(self, deployment: str) -> list[dict[str, Any]]:
        """All runs of a deployment, page by page."""
        found: list[dict[str, Any]] = []
        asked = {"deployments": {"id": {"any_": [self.deployment(deployment)["id"]]}}, "limit": _PAGE}
        while page := self.post("flow_runs/filter", **asked, offset=len(found)):
            found += page
        return found

    def events(self, name: str, limit: int = 50) -> list[dict[str, Any]]:
        """Events of this name, the newest first."""
        asked = {"event": {"name": [name]}, "order": "DESC"}
        return list(self.post("events/filter", filter=asked, limit=limit)["events"])

    def begin(self, deployment: str, **parameters: Any) -> str:
        """Have a deployment run now; returns the id of the flow run."""
        asked = {"parameters": parameters, "job_variables": _LIGHT}
        return str(self.post(f"deployments/{self.deployment(deployment)['id']}/create_flow_run", **asked)["id"])

    def run(self, run: str) -> dict[str, Any]:
        """A flow run as it is."""
        found: dict[str, Any] = self.ask("GET", f"flow_runs/{run}")
        return found

    def state(self, run: str) -> str:
        """The type of its state."""
        return str(self.run(run)["state_type"])

    def ended(self, run: str, seconds: float) -> str:
        """Its state once that is final, or after so long."""
        until(lambda: self.state(run) in FINAL, seconds)
        return self.state(run)

    def pid(self, run: str) -> int:
        """The process of a flow run under the worker; 0 where there is none yet."""
        _, _, number = str(self.run(run).get("infrastructure_pid") or "").rpartition(":")
        return int(number or 0)

    def set_state(self, run: str, kind: str) -> None:
        """Ask for a state: CANCELLING cancels."""
        self.post(f"flow_runs/{run}/set_state", state={"type": kind}, force=kind != "CANCELLING")

    def logged(self, run: str) -> list[str]:
        """What a flow run logged."""
        found = self.post("logs/filter", logs={"flow_run_id": {"any_": [run]}}, sort="TIMESTAMP_ASC")
        return [str(log["message"]) for log in found]

    def _command(self, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise OSError(f"{' '.join(arguments)} failed: {done.stdout}{done.stderr}")

    def _start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self._processes[name]


def until(answer: Callable[[], Answer], seconds: float) -> Answer:
    """The first truthy answer within so many seconds, else the last."""
    deadline = time.monotonic() + seconds
    while not (found := answer()) and time.monotonic() < deadline:
        time.sleep(PAUSE)
    return found


def end(pid: int) -> bool:
    """SIGKILL to one process; False where it had ended."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def lines(table: Mapping[str, int]) -> str:
    """Counts in words: ``3 collect, 1 build``."""
    return ", ".join(f"{count} {name}" for name, count in sorted(table.items())) or "-"
