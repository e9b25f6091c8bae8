"""What `corpusmill doctor` asks a Prefect server. A check is a function from a look to findings, and a row in a table.

examine(store, table(store, os.environ))
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from importlib.metadata import version as installed

from corpusmill.doctor.checks import Check
from corpusmill.doctor.finding import MIND, WELL, WRONG, Finding
from corpusmill.errors import FlowError
from corpusmill.store import Store
from flows.service import address, registered
from flows.service.ask import named
from flows.service.look import Look, killed, look
from flows.service.pools import CPU, GPU, devices, workers

# What Prefect 3.8 does not work with, and what one sees of it.
TOO_NEW = {
    "fastapi": ((0, 151), "its server does not start"),
    "sqlalchemy": ((2, 1), "its scheduler plans no runs, and says so only in its log"),
}
AGAIN = "corpusmill down, then corpusmill up"


def table(store: Store, environ: Mapping[str, str]) -> Mapping[str, Check]:
    """The checks to make: of a server that is not there only one, of none no more than a line."""
    found = look(store, environ)
    if found is None:
        return {"server": none}
    try:
        found.api.get("/admin/version")
    except FlowError:
        return {"server": partial(_made, server, found)}
    return {name: partial(_made, check, found) for name, check in CHECKS.items()}


def _made(check: Callable[[Look], Iterable[Finding]], found: Look, _store: Store) -> Iterable[Finding]:
    return check(found)


def none(store: Store) -> Iterator[Finding]:
    """No server is meant to be there."""
    if there := killed(store):
        yield Finding("server", MIND, f"what had started {there.ui} was killed", "corpusmill down clears it away")
    else:
        yield Finding("server", WELL, "none is configured; corpusmill up starts one")


def server(it: Look) -> Iterator[Finding]:
    """It answers us, and is of our version."""
    there, here = it.api.get("/admin/version"), installed("prefect")
    if there == here:
        yield Finding("server", WELL, f"Prefect {there} at {it.api.url}")
    else:
        hint = "install the same on both: workers and server speak to each other"
        yield Finding("server", MIND, f"Prefect {there} at {it.api.url}, and {here} here", hint)


def libraries(_: Look) -> Iterator[Finding]:
    """None is installed that Prefect is known not to work with."""
    for name, (limit, effect) in TOO_NEW.items():
        there = installed(name)
        if tuple(map(int, there.split(".")[:2])) >= limit:
            hint = f"install {name}<{'.'.join(map(str, limit))}: with this one {effect}"
            yield Finding("libraries", WRONG, f"{name} {there}", hint)
        else:
            yield Finding("libraries", WELL, f"{name} {there}")


def access(it: Look) -> Iterator[Finding]:
    """Nobody runs code here without being asked who they are."""
    near = address.is_loopback(it.host)
    if not it.api.of_a_stranger().lets_in():
        yield Finding("access", WELL, "who does not know the password is refused")
    elif near:
        yield Finding("access", WELL, f"only this machine reaches {it.host}, and all its users may start runs")
    else:
        hint = f"{AGAIN} --auth generate, or behind something that asks"
        yield Finding("access", WRONG, f"everybody who reaches {it.host} may run code on the workers", hint)


def database(it: Look) -> Iterator[Finding]:
    """SQLite is for one machine."""
    kind = it.up.database if it.up else "not told by the server"
    online = sum(each["status"] == "ONLINE" for pool in _there(it) for each in workers(it.api, pool))
    if kind == "SQLite" and online > 1:
        yield Finding("database", MIND, f"SQLite, and {online} workers", f"{AGAIN} --postgres URL: it slows them down")
    else:
        yield Finding("database", WELL, kind)


def pools(it: Look) -> Iterator[Finding]:
    """Each pool that a deployment names is there, and not open-ended."""
    for name in it.pools:
        pool = it.api.get(named("work_pools", name))
        if pool is None:
            hint = f"{AGAIN}, or prefect work-pool create {name} --type process and deploy again"
            yield Finding("pools", WRONG, f"{name} is missing: what names it is not even registered", hint)
        elif pool["is_paused"]:
            yield Finding("pools", MIND, f"{name} is paused: nothing of it starts", f"prefect work-pool resume {name}")
        elif pool["concurrency_limit"] is None and name != GPU:
            hint = f"prefect work-pool set-concurrency-limit {name} N"
            yield Finding("pools", MIND, f"{name} has no limit: all that is due starts at once", hint)
        else:
            limit = pool["concurrency_limit"]
            yield Finding("pools", WELL, f"{name}: {f'{limit} at once' if limit is not None else 'no limit'}")


def at_work(it: Look) -> Iterator[Finding]:
    """Each pool has a worker that gives signs of life."""
    for pool in _there(it):
        found = workers(it.api, pool)
        online = [each for each in found if each["status"] == "ONLINE"]
        if online:
            told = ", ".join(f"{each['name']} (seen {each['last_heartbeat_time'][11:19]} UTC)" for each in online)
            yield Finding("workers", WELL, f"{pool}: {told}")
        elif pool == GPU and not devices():
            yield Finding("workers", WELL, f"{pool}: none, and no CUDA device here")
        else:
            last = max((each["last_heartbeat_time"][:19] for each in found), default="never")
            hint = AGAIN if pool in (CPU, GPU) else f"prefect worker start --pool {pool}"
            yield Finding("workers", WRONG, f"{pool}: nobody takes its runs (last sign of life: {last})", hint)


def _there(it: Look) -> list[str]:
    return [name for name in it.pools if it.api.get(named("work_pools", name))]


CHECKS: Mapping[str, Callable[[Look], Iterable[Finding]]] = {
    "server": server,
    "libraries": libraries,
    "access": access,
    "database": database,
    "pools": pools,
    "workers": at_work,
    "deployed": registered.deployments,
    "flows": registered.entry_points,
    "schedules": registered.schedules,
    "limits": registered.limits,
    "automation": registered.automations,
    "time": registered.clock,
    "events": registered.events,
}
