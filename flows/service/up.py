"""`corpusmill up`: a server, its pools, deployments, automations and workers, kept running until a signal comes."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from os import getpid
from pathlib import Path

import msgspec

from corpusmill.errors import FlowError
from corpusmill.processors import available
from corpusmill.store.commit import exclusive
from corpusmill.types import Progress
from flows.service import address, auth, database, declared, down, environment, pools, runs, state, supervisor, switches
from flows.service.asked import Asked, on_signals
from flows.service.processes import Process, process
from flows.service.state import Up
from flows.service.supervisor import Kept, Program, Say
from flows.service.wanted import Wanted

STARTUP = 180  # a first start migrates an empty database: 15 s of CPU
ONLINE = 180
SCHEDULED = 90  # the scheduler looks round once a minute, and after every deploy
STEPS = ("server", "pools", "deployments", "automations", "workers", "reports", "schedules")


def standing(folder: Path) -> Up | None:
    """What is up already; None where nothing is, or where it was killed."""
    up = state.read(folder)
    return up if up and up.supervisor.lives() else None


def check_same(up: Up, *, host: str, port: int, postgres: str, secret: bool) -> None:
    """Raises FlowError where something else is up than what is asked for, or it is not up yet."""
    if not up.ready:
        raise FlowError(f"another corpusmill (process {up.supervisor.pid}) is starting {up.ui}", "wait until it is up")
    if up.host != host or port not in (0, up.port):
        raise FlowError(f"{up.ui} is up for this store (process {up.supervisor.pid})", "end it: corpusmill down")
    if secret and not up.auth:
        raise FlowError(f"{up.ui} is up, and asks nobody for a password", "end it first: corpusmill down")
    if postgres and database.told(postgres) != up.database:
        raise FlowError(f"{up.ui} is up, with {up.database}", "end it first: corpusmill down")


def run(wanted: Wanted, ready: Callable[[Up], None], progress: Progress, say: Say) -> None:
    """Start all of it, tell `ready`, and keep it running. Ends by raising Interrupted, or what kept it from starting.

    Raises BusyError, FlowError, UsageError.
    """
    folder = state.private(wanted.folder)
    with exclusive(folder / "up.lock", "up, or on its way, for this store"), on_signals() as asked:
        if down.clear(folder).ended:
            say("ended what an up that was killed had left")
        address.check_free(wanted.host, wanted.port)
        database.check(wanted.postgres)
        service = _Service(wanted, asked, say)
        try:
            service.begin(progress)
            ready(service.up)
            supervisor.watch(service.kept, service.tend, say, asked.sleep)
        finally:
            service.end()


class _Service:
    """What stands so far."""

    def __init__(self, wanted: Wanted, asked: Asked, say: Say) -> None:
        self.wanted, self.asked, self.say, self.kept = wanted, asked, say, dict[str, Kept]()
        self._automated: Process | None = None  # the server that knows its automations and whom to wait for
        self.up = Up(
            supervisor=process(getpid()),
            host=wanted.host,
            port=wanted.port,
            url=f"{wanted.url}/api",
            ui=wanted.url,
            reports=wanted.shelf,
            database=database.told(wanted.postgres),
            auth=auth.keep(wanted.folder, wanted.secret),
            since=datetime.now(UTC).isoformat(timespec="seconds"),
            prefect_file=str(wanted.prefect_file),
        )
        self.write()

    def begin(self, progress: Progress) -> None:
        """One step after the other, each seen to have come true."""
        for number, name in enumerate(STEPS):
            progress("up", number, len(STEPS), name)
            with self._interruptible():
                getattr(self, f"_{name}")()
        self.up = replace(self.up, ready=True)
        self.write()
        progress("up", len(STEPS), len(STEPS), self.wanted.url)
        self._automated = self.up.server

    def tend(self, changed: bool) -> None:
        """After each look. A server that was started again has forgotten whose sign of life it waits for."""
        if changed:
            self.write()
        if self.up.server in (None, self._automated) or not self.wanted.api.well():
            return
        self._automated = self.up.server
        try:
            self._automations()
        except FlowError as error:
            self.say(f"{error}; {error.hint}")

    def write(self) -> None:
        """Tell others what stands."""
        processes = {name: kept.process for name, kept in self.kept.items() if kept.process}
        server, shelf = processes.pop("server", None), processes.pop("reports", None)
        self.up = replace(self.up, server=server, shelf=shelf, workers=processes)
        state.write(self.wanted.folder, self.up)

    def end(self) -> None:
        """Workers first: what they run still has a server to report to."""
        down.end_all(self.wanted.folder, self.up, self.wanted.secret)
        auth.drop(self.wanted.folder)
        state.forget(self.wanted.folder)

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Ctrl-C reaches what we wait for as well: that it failed is then no news."""
        self.asked.heed()
        try:
            yield
        except FlowError:
            self.asked.heed()
            raise

    def _start(self, program: Program) -> Kept:
        kept = self.kept[program.name] = Kept(program)
        kept.start()
        self.write()
        return kept

    def _server(self) -> None:
        wanted = self.wanted
        own = environment.server(
            wanted.folder, host=wanted.host, port=wanted.port, postgres=wanted.postgres, secret=wanted.secret
        )
        program = Program("server", ("-m", "flows.service.server"), own, wanted.folder)
        kept = self._start(program)
        came = self.asked.until(lambda: kept.ended() is not None or wanted.api.well(), STARTUP)
        if kept.ended() is not None or not came:
            raise FlowError(f"Prefect's server did not start: {_last(program.log)}", f"see {program.log}")

    def _pools(self) -> None:
        wanted = self.wanted
        limits = {
            pools.CPU: pools.ensure(wanted.api, pools.CPU, wanted.workers or available(), asked=bool(wanted.workers)),
            pools.GPU: pools.ensure(wanted.api, pools.GPU, pools.devices() or None, asked=False),
        }
        for name in {each.pool for each in declared.read(wanted.prefect_file)} - limits.keys():
            limits[name] = pools.ensure(wanted.api, name, None, asked=False)
        self.up = replace(self.up, pools=limits)

    def _deployments(self) -> None:
        wanted = self.wanted
        before = switches.on_server(wanted.api)
        declared.register(wanted.prefect_file, wanted.client, wanted.folder)
        told = declared.read(wanted.prefect_file)
        if lost := declared.missing(told, wanted.api):
            names = ", ".join(f"{each.name} (pool {each.pool})" for each in lost)
            hint = "a deployment needs its work pool: prefect work-pool create NAME --type process"
            raise FlowError(f"{wanted.prefect_file} was not registered whole; missing: {names}", hint)
        switches.restore(wanted.api, before, wanted.folder)
        self.up = replace(self.up, deployments=len(told))

    def _automations(self) -> None:
        wanted = self.wanted
        done = subprocess.run(  # noqa: S603 - this interpreter, a module of ours
            [sys.executable, "-P", "-m", "flows.service.automate", str(wanted.days)],
            env={**wanted.client, environment.WEBHOOK: wanted.webhook},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            log = wanted.folder / "automations.log"
            log.write_bytes(done.stderr)
            raise FlowError(f"the automations could not be made: {_last(log)}", f"see {log}")
        self.up = replace(self.up, automations=msgspec.json.decode(done.stdout, type=tuple[str, ...]))

    def _workers(self) -> None:
        for pool in (pools.CPU, pools.GPU):
            if pool == pools.CPU or pools.devices():
                self._start(_worker(pool, self.wanted))
        began = [kept for name, kept in self.kept.items() if name != "server"]
        if not self.asked.until(lambda: all(map(self._online, began)), ONLINE):
            log = began[0].program.log
            raise FlowError(f"no worker came online in {ONLINE} s: {_last(log)}", f"see {log}")

    def _online(self, kept: Kept) -> bool:
        """Whether the server has heard of the worker since it began."""
        if kept.ended() is not None:
            raise FlowError(f"the {kept.program.name} ended: {_last(kept.program.log)}", f"see {kept.program.log}")
        pool = kept.program.name.removeprefix("worker-")
        mine = [each for each in pools.workers(self.wanted.api, pool) if each["name"] == pools.worker_name(pool)]
        return any(each["status"] == "ONLINE" and each["last_heartbeat_time"] > self.up.since[:19] for each in mine)

    def _reports(self) -> None:
        wanted = self.wanted
        secret = {environment.ASKS: wanted.secret} if wanted.secret else {}
        arguments = ("-m", "flows.service.shelf", wanted.host, str(wanted.reports))
        self._start(Program("reports", arguments, {**wanted.client, **secret}, wanted.folder))

    def _schedules(self) -> None:
        """Prefect's scheduler has been seen to insert nothing and say so only in its log."""
        api = self.wanted.api
        on = [d["id"] for d in api.every("deployments") if not d["paused"] and any(s["active"] for s in d["schedules"])]
        self.asked.until(lambda: all(runs.planned(api, each) for each in on), SCHEDULED)
        if on and not any(runs.planned(api, each) for each in on):
            hint = f"see {self.kept['server'].program.log}; Prefect 3.8 needs sqlalchemy<2.1: pip show sqlalchemy"
            raise FlowError("schedules are on, and the server plans no runs", hint)


def _worker(pool: str, wanted: Wanted) -> Program:
    arguments = ("worker", "start", "--pool", pool, "--type", pools.TYPE, "--name", pools.worker_name(pool))
    return Program(f"worker-{pool}", ("-m", "prefect", *arguments), wanted.client, wanted.folder)


def _last(log: Path) -> str:
    """The last line of a log that says something."""
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
    return next((line for line in reversed(lines) if line), "it said nothing")
