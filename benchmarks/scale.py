"""What a refresh costs a Prefect server and a worker when nothing has changed: the unit costs of docs/scale.md.

    python -m benchmarks scale [--refreshes N] [--tasks N] [--events N] [--turns N] [--postgres URL]

It starts a server of its own (SQLite, or an empty database at URL, postgresql+asyncpg://…) and a process worker, and
counts their processor seconds, the database's growth and the memory of a flow's process. Linux only: it reads /proc.
"""

import argparse
import asyncio
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_server
from typing import Any

import httpx

from benchmarks import spending
from corpusmill.errors import FlowError

BATCH = {  # as the server of docs/operate.md has it
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "100",
}
POOL = "scale"
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE = 300.0  # seconds for anything that should happen
_RESTS = 0.2  # processor seconds in a second: a server that spends less has no work left


@dataclass(frozen=True, slots=True)
class Server:
    """One that runs, and what it costs."""

    url: str
    pid: int
    home: Path
    postgres: str

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The answer to a question, asked again where SQLite is busy. Raises httpx.HTTPError."""
        answer = until(lambda: self._asked(path, body), f"the server is too busy to answer {path}")
        return answer.raise_for_status().json()

    def _asked(self, path: str, body: dict[str, Any]) -> httpx.Response | None:
        answer = httpx.post(f"{self.url}/{path}", json=body, timeout=60)
        return None if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE else answer

    def environment(self, **more: str) -> dict[str, str]:
        """That of a program that works for it."""
        own = {"PREFECT_HOME": str(self.home), "PREFECT_API_URL": self.url, "DO_NOT_TRACK": "1"}
        return {**os.environ, **own, **more}

    def bytes(self) -> int:
        """Of its database."""
        if self.postgres:
            return asyncio.run(_database_size(self.postgres))
        with sqlite3.connect(self.home / "prefect.db") as database:
            [pages], [size] = (database.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size"))
        return int(pages * size)


@dataclass(frozen=True, slots=True)
class Refreshes:
    """Medians of some refreshes that found nothing new; sums of all of them where it says so."""

    latency: float  # seconds from being due to the flow's first line
    seconds: float  # of the flow
    worker: float  # processor seconds of the worker and its flow's process, each
    server: float  # processor seconds of the server, each
    memory: int  # most bytes of a flow's process
    grown: int  # bytes of the database, each
    events: int  # each


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks scale", description=__doc__.partition("\n")[0])
    parser.add_argument("--refreshes", type=int, default=8, help="of one unchanged corpus (default 8)")
    parser.add_argument("--tasks", type=int, default=300, help="task runs that do nothing (default 300)")
    parser.add_argument("--events", type=int, default=1000, help="to emit (default 1000)")
    parser.add_argument("--turns", type=int, default=300, help="at the gate of a host (default 300)")
    parser.add_argument("--postgres", default="", help="an empty database instead of SQLite: postgresql+asyncpg://…")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), asked.postgres) as server:
        print(f"Prefect's server on {'PostgreSQL' if asked.postgres else 'SQLite'}")
        idle = spent(server, lambda: time.sleep(20))
        print(f"  idle                 {idle / 20:8.1%} of a core, {tree_memory(server.pid) / 1e6:.0f} MB", flush=True)
        found = refreshes(server, Path(folder), asked.refreshes)
        print(f"  an idle refresh      {found.seconds:8.2f} s, begun {found.latency:.1f} s after it was due")
        print(f"    worker and flow    {found.worker:8.2f} CPU s, at most {found.memory / 1e6:.0f} MB")
        print(f"    server             {found.server:8.2f} CPU s")
        print(f"    database           {found.grown / 1000:8.1f} kB, {found.events} events", flush=True)
        for kind, count in (("tasks", asked.tasks), ("events", asked.events), ("turns", asked.turns)):
            before = server.bytes()
            cpu = spent(server, lambda kind=kind, count=count: work(server, kind, count))  # type: ignore[misc]
            grown = (server.bytes() - before) / count / 1000
            print(f"  {kind[:-1]:20} {1000 * cpu / count:8.1f} CPU ms of the server, {grown:.1f} kB", flush=True)


@contextmanager
def serving(folder: Path, postgres: str) -> Iterator[Server]:
    """A server with an empty database."""
    with create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    home = folder / "prefect"
    home.mkdir()
    own = {"PREFECT_HOME": str(home), "PREFECT_SERVER_API_HOST": "127.0.0.1", "PREFECT_SERVER_API_PORT": str(port)}
    own |= {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"} | BATCH
    if postgres:
        own["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = postgres
    with started(["server", "start"], {**os.environ, **own}, home / "server.log") as process:
        server = Server(f"http://127.0.0.1:{port}/api", process.pid, home, postgres)
        until(lambda: answers(server.url), f"Prefect's server does not start, see {home / 'server.log'}")
        yield server


@contextmanager
def started(command: list[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Prefect with a command, ended with the block."""
    with log.open("w") as lines:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", *command], env=environment, stdout=lines, stderr=lines
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def refreshes(server: Server, folder: Path, count: int) -> Refreshes:
    """Refresh one corpus of a file, first as it is new, then so often as it is not."""
    text = folder / "verses.txt"
    text.write_text("\n\n".join(f"Verse {n}: the mill turns {n} times." for n in range(2000)), encoding="utf-8")
    deployment = deployed(server, str(text))
    environment = server.environment(CORPUSMILL_STORE=str(folder / "store"), PREFECT_WORKER_QUERY_SECONDS="1")
    with started(["worker", "start", "--pool", POOL], environment, folder / "worker.log") as worker:
        peaks: list[int] = []
        run(server, deployment, worker.pid, peaks)
        before = (tree_cpu(worker.pid), tree_cpu(server.pid), server.bytes(), events(server))
        runs = [run(server, deployment, worker.pid, peaks) for _ in range(count)]
        time.sleep(3)
        after = (tree_cpu(worker.pid), tree_cpu(server.pid), server.bytes(), events(server))
    each = [(later - sooner) / count for later, sooner in zip(after, before, strict=True)]
    return Refreshes(
        latency=statistics.median(run["estimated_start_time_delta"] for run in runs),
        seconds=statistics.median(run["total_run_time"] for run in runs),
        worker=each[0],
        server=each[1],
        memory=max(peaks),
        grown=int(each[2]),
        events=round(each[3]),
    )


def deployed(server: Server, corpus: str) -> str:
    """The id of a deployment of `refresh`."""
    server.post("work_pools/", {"name": POOL, "type": "process"})
    wanted = {
        "name": POOL,
        "flow_id": server.post("flows/", {"name": "refresh"})["id"],
        "entrypoint": "flows.refresh.refresh",
        "work_pool_name": POOL,
        "parameters": {"corpus": corpus},
        "enforce_parameter_schema": False,
    }
    return str(server.post("deployments/", wanted)["id"])


def run(server: Server, deployment: str, worker: int, peaks: list[int]) -> dict[str, Any]:
    """One run of a deployment, ended; `peaks` gets the most memory of its process."""
    made = server.post(f"deployments/{deployment}/create_flow_run", {"state": {"type": "SCHEDULED"}})["id"]

    def ended() -> dict[str, Any] | None:
        peaks.extend(peak(pid) for pid in tree(worker)[1:])
        found: dict[str, Any] = httpx.get(f"{server.url}/flow_runs/{made}").raise_for_status().json()
        return found if found["state_type"] in ENDED else None

    found: dict[str, Any] = until(ended, "a refresh does not end")
    if found["state_type"] != "COMPLETED":
        raise FlowError(
            f"a refresh ended as {found['state_type']}: {found['state']['message']}", "see the server's log"
        )
    return found


def work(server: Server, kind: str, count: int) -> None:
    """Let a program make task runs or events, and wait until they are recorded; or take turns, which nobody records."""

    def seen() -> int:
        return int(server.post("task_runs/count", {})) if kind == "tasks" else events(server)

    before = seen()
    subprocess.run(
        [sys.executable, "-m", "benchmarks.scale_flow", kind, str(count)],
        env=server.environment(PREFECT_LOGGING_LEVEL="ERROR"),
        check=True,
    )
    if kind != "turns":
        until(lambda: seen() >= before + count, f"the {kind} are not recorded")


def spent(server: Server, does: Callable[[], object]) -> float:
    """Processor seconds of the server while something is done, and until it rests."""
    began = tree_cpu(server.pid)
    does()
    before = began
    while (now := tree_cpu(server.pid)) - before > _RESTS:
        before = now
        time.sleep(1)
    return now - began


def events(server: Server) -> int:
    """How many the server has kept."""
    body = {"filter": {"occurred": {"since": "2000-01-01T00:00:00Z", "until": "2999-01-01T00:00:00Z"}}, "limit": 0}
    return int(server.post("events/filter", body)["total"])


def answers(url: str) -> bool:
    """Whether a server is there."""
    try:
        return httpx.get(f"{url}/health").is_success
    except httpx.TransportError:
        return False


def until(ask: Callable[[], Any], otherwise: str) -> Any:
    """The first answer that is something. Raises FlowError."""
    deadline = time.monotonic() + _PATIENCE
    while not (answer := ask()):
        if time.monotonic() > deadline:
            raise FlowError(otherwise, "look at its log, or try on a machine that has less to do")
        time.sleep(0.2)
    return answer


def tree(pid: int) -> list[int]:
    """A process and those that it has started, which run."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    below = children.read_text().split() if children.exists() else []
    return [pid, *(each for child in below for each in tree(int(child)))]


def tree_cpu(pid: int) -> float:
    """Processor seconds of a process and its children, those that have ended included."""
    return sum(sum(map(int, fields(each)[11:15])) for each in tree(pid)) / TICKS


def fields(pid: int) -> list[str]:
    """Of /proc/PID/stat, from the state on."""
    try:
        return spending.fields(pid)
    except OSError:  # it has ended
        return ["0"] * 50


def tree_memory(pid: int) -> int:
    """Bytes that a process and its children have now."""
    return sum(int(fields(each)[21]) for each in tree(pid)) * os.sysconf("SC_PAGE_SIZE")


def peak(pid: int) -> int:
    """The most bytes that a process has had."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


async def _database_size(url: str) -> int:
    import asyncpg

    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return int(await connection.fetchval("select pg_database_size(current_database())"))
    finally:
        await connection.close()
