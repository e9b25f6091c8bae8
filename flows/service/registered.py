"""More of `doctor`'s questions to a server: what is registered with it, and whether it does anything."""

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from corpusmill.doctor.finding import MIND, WELL, WRONG, Finding, State
from flows.service import declared, runs
from flows.service.look import Look

PREFIX = "corpusmill"  # of all that is ours on a server
SKEW = 3.0  # seconds; the server tells whole ones
FAR = 60.0  # runs start at wrong times, and workers seem dead
_SECONDS = 120
_AGAIN = "corpusmill down, then corpusmill up"
_IMPORT = """
import importlib, sys
for path in sys.argv[1:]:
    module, _, name = path.rpartition(".")
    try:
        getattr(importlib.import_module(module), name)
    except Exception as error:
        print(f"{path}: {type(error).__name__}: {error}")
"""


def deployments(it: Look) -> Iterator[Finding]:
    """All that is declared is registered, for workers on any machine."""
    lost = declared.missing(it.declared, it.api)
    for each in lost:
        hint = f"{_AGAIN}, or prefect --no-prompt deploy --all; its work pool must be there first"
        yield Finding("deployed", WRONG, f"{each.name} (pool {each.pool}) is declared and not registered", hint)
    bound = [found["name"] for found in _ours(it) if "set_working_directory" in str(found["pull_steps"])]
    if bound:
        hint = "say pull: [] in prefect.yaml, and deploy again"
        yield Finding("deployed", MIND, f"{_few(bound)} need a folder that only one machine has", hint)
    elif not lost:
        yield Finding("deployed", WELL, f"all {len(it.declared)} of {it.path}")


def entry_points(it: Look) -> Iterator[Finding]:
    """What is registered can be imported, by this interpreter."""
    paths = sorted({each.entrypoint for each in it.declared if ":" not in each.entrypoint})
    done = subprocess.run(  # noqa: S603 - this interpreter, the lines above
        [sys.executable, "-P", "-c", _IMPORT, *paths], capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    for line in done.stdout.splitlines():
        yield Finding("flows", WRONG, line, "install corpusmill, whole, where the workers are")
    if not done.stdout:
        yield Finding("flows", WELL, f"{len(paths)} can be imported")


def schedules(it: Look) -> Iterator[Finding]:
    """A schedule that is on has runs planned, and those that are due start."""
    on = [found for found in _ours(it) if not found["paused"] and any(s["active"] for s in found["schedules"])]
    idle = [found["name"] for found in on if not runs.planned(it.api, found["id"])]
    late = runs.late(it.api)
    if idle:
        hint = f"{_AGAIN}; if that does not help, see the server's log, and libraries above"
        yield Finding("schedules", WRONG, f"{_few(idle)}: on, and no run is planned", hint)
    if late:
        yield Finding("schedules", MIND, f"{late:,} runs are late", "see workers and pools above: nobody takes them")
    if not idle and not late:
        yield Finding("schedules", WELL, f"{len(on)} on, each with runs planned: {_few([d['name'] for d in on])}")


def limits(it: Look) -> Iterator[Finding]:
    """A limit that is missing or off only warns in a log, and does not limit."""
    there = {(found["name"], found["entrypoint"]): found["global_concurrency_limit"] for found in _ours(it)}
    wanted = [each for each in it.declared if each.limit and (each.name, each.entrypoint) in there]
    loose = [each.name for each in wanted if _limit(there[each.name, each.entrypoint]) != each.limit]
    found = list(it.api.every("v2/concurrency_limits"))
    ours = [each for each in found if each["name"].startswith(PREFIX)]
    off = [each["name"] for each in ours if not each["active"]]
    for names, hint in ((loose, _AGAIN), (off, "prefect gcl enable NAME")):
        if names:
            yield Finding("limits", WRONG, f"{_few(names)}: not limited as declared", hint)
    if not loose and not off:
        yield Finding("limits", WELL, f"{len(wanted)} of deployments, {len(ours)} shared by all workers")


def automations(it: Look) -> Iterator[Finding]:
    """What ends runs whose worker died, and tells of failures, is there and on."""
    there = {found["name"]: found["enabled"] for found in it.api.every("automations")}
    wanted = it.up.automations if it.up else [name for name in there if name.startswith(PREFIX)]
    lost = [name for name in wanted if name not in there]
    off = [name for name in wanted if there.get(name) is False]
    if lost or not wanted:
        told = _few(lost) if lost else "there are none"
        yield Finding("automation", WRONG, f"{told}: runs of a dead worker stay Running for ever", _AGAIN)
    if off:
        yield Finding("automation", MIND, f"off: {_few(off)}", "switch them on in the UI, under Automations")
    if wanted and not lost and not off:
        yield Finding("automation", WELL, f"{len(wanted)}: {_few(list(wanted))}")


def clock(it: Look) -> Iterator[Finding]:
    """The server's clock and ours agree."""
    off = (it.api.clock() - datetime.now(UTC)).total_seconds()
    state: State = WELL if abs(off) <= SKEW else MIND if abs(off) <= FAR else WRONG
    hint = "" if state == WELL else "set both by NTP: schedules and signs of life are told by it"
    yield Finding("time", state, f"the server's clock is within {max(1, abs(off)):.0f} s of ours", hint)


def events(it: Look) -> Iterator[Finding]:
    """How long the server remembers; the store remembers for ever."""
    kept = str(it.api.get("/admin/settings")["server"]["events"]["retention_period"])
    days = re.fullmatch(r"P(\d+)D", kept)
    told = f"{days[1]} days" if days else kept
    yield Finding("events", WELL, f"kept for {told}; what came from what is in the store, not there")


def _ours(it: Look) -> list[dict[str, Any]]:
    keys = {(each.name, each.entrypoint) for each in it.declared}
    return [found for found in it.api.every("deployments") if (found["name"], found["entrypoint"]) in keys]


def _limit(found: dict[str, Any] | None) -> int | None:
    return found["limit"] if found and found["active"] else None


def _few(names: list[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) or "none") + more
