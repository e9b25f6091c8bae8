"""What Prefect costs: a flow beside its stages called directly, a server for one command, and how late things start.

    python -m benchmarks orchestration [--without overhead,embedded,latency] [--database sqlite postgres] [--short]

`experiment` as a flow run on a running server beside direct calls of the same stages: two processes at once, each with
a processor of its own, which they change from pair to pair, since a shared machine's pace changes more from minute to
minute than what is looked for. The same training, with another seed; the server's own CPU time is told beside it. The
goal is 3 % more wall time.

`corpusmill run` with a server of its own beside `--plain`, all stages skipped: what is fixed, 12 s at most; and of all
these runs how many task runs Prefect's database has.

A deployment with an interval schedule, until there is a run for it (goal 15 s), and the event of a new version until
the training that it starts runs, through a worker.
"""

import argparse
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks import postgres
from benchmarks.rig import Rig, until
from benchmarks.source import Source
from corpusmill.types import silent
from flows.pipeline import run_plain
from flows.stages import Job

STAGES = 4  # task runs of `corpusmill run`
WAYS = ("flow", "plain")
LEARNING = {"hidden": 192, "batch": 32, "length": 64, "threads": 1}  # a step of this takes about a tenth of a second


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of a process and its children."""

    wall: float
    cpu: float


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks orchestration", description=__doc__.partition("\n")[0])
    parser.add_argument("--without", default="", help="parts to leave out: overhead, embedded, latency; commas between")
    parser.add_argument("--database", nargs="+", choices=("sqlite", "postgres"), default=["sqlite", "postgres"])
    parser.add_argument("--seconds", type=float, default=90, help="of the training that is compared (default 90)")
    parser.add_argument("--pairs", type=int, default=4, help="of trainings (default 4)")
    parser.add_argument("--runs", type=int, default=20, help="commands with a server of their own (default 20)")
    parser.add_argument("--times", type=int, default=5, help="schedules and events (default 5)")
    parser.add_argument("--port", type=int, default=8890, help="of the server; the next is PostgreSQL's (default 8890)")
    parser.add_argument("--short", action="store_true", help="once each, and little work: whether it works at all")
    asked = parser.parse_args(arguments)
    if asked.short:
        asked.seconds, asked.pairs, asked.runs, asked.times = 1, 1, 1, 1
    parts: dict[str, Callable[[Path, argparse.Namespace], None]] = {
        "overhead": overhead,
        "embedded": embedded,
        "latency": latency,
    }
    for name, part in parts.items():
        if name not in asked.without.split(","):
            with tempfile.TemporaryDirectory() as folder:
                Path(folder).chmod(0o711)  # PostgreSQL's user has a folder below
                part(Path(folder), asked)


def overhead(folder: Path, asked: argparse.Namespace) -> None:
    """The flow and the plain stages, side by side."""
    text = _text(folder)
    steps = _steps(text, folder / "trial", asked.seconds)
    run_plain(Job(_corpus(text, folder / "first", steps=1), str(folder / "store")), silent)
    pairs: list[dict[str, Spent]] = []
    served = []
    with Rig(folder, asked.port) as rig:
        for number in range(asked.pairs):
            before, programs = rig.seconds("server"), {}
            for how in WAYS:
                seed = 2 * number + WAYS.index(how) + 2
                corpus = _corpus(text, folder / str(seed), steps=steps, seed=seed)
                programs[how] = [sys.executable, "-m", "benchmarks.experiment_job", how, corpus, "mill@v1"]
            pairs.append(_at_once(rig, programs, turn=number))
            served.append(rig.seconds("server") - before)
    print(f"experiment of {steps:,} steps, {asked.pairs} pairs, the two of a pair at once; median")
    for name in ("wall", "cpu"):
        flow, plain = ([getattr(pair[how], name) for pair in pairs] for how in ("flow", "plain"))
        more = [one - other for one, other in zip(flow, plain, strict=True)]
        ratio = statistics.median(one / other - 1 for one, other in zip(flow, plain, strict=True))
        said = "(goal 3 %)" if name == "wall" else f"and {statistics.median(served):.1f} s of the server"
        middle = f"plain {statistics.median(plain):6.1f} s  flow {statistics.median(flow):6.1f} s"
        print(f"{name:4} {middle}  {ratio:+7.1%}  {said}")
        print(f"{'':5} in pairs {', '.join(f'{each:+.1f} s' for each in more)}", flush=True)


def _at_once(rig: Rig, programs: dict[str, list[str]], turn: int) -> dict[str, Spent]:
    """Run programs side by side, each on a processor of its own where the system can say so. Raises OSError."""
    start, spent = time.monotonic(), dict[str, Spent]()
    running: dict[str, subprocess.Popen[bytes]] = {}
    for number, (name, program) in enumerate(programs.items()):
        with (rig.folder / f"{name}.log").open("wb") as log:
            running[name] = subprocess.Popen(program, env=rig.environment, stdout=log, stderr=log)
        if hasattr(os, "sched_setaffinity"):
            there = sorted(os.sched_getaffinity(0))
            os.sched_setaffinity(running[name].pid, {there[(number + turn) % len(there)]})
    while running:
        time.sleep(0.02)
        for name, process in list(running.items()):
            ended, status, used = os.wait4(process.pid, os.WNOHANG)
            if ended:
                process.returncode = os.waitstatus_to_exitcode(status)
                spent[name] = Spent(time.monotonic() - start, used.ru_utime + used.ru_stime)
                del running[name]
            if process.returncode:
                raise OSError(f"{name} failed: {(rig.folder / f'{name}.log').read_text(encoding='utf-8')}")
    return spent


def embedded(folder: Path, asked: argparse.Namespace) -> None:
    """A command with a server of its own, in turn with ``--plain``."""
    corpus, store = _corpus(_text(folder), folder / "toml", steps=3), folder / "store"
    program = [sys.executable, "-m", "corpusmill", "run", corpus, "--store", str(store)]
    environment = {**os.environ, "PREFECT_HOME": str(folder / "home"), "DO_NOT_TRACK": "1"}
    environment.pop("PREFECT_API_URL", None)
    _timed([*program, "--plain"], environment)  # trains
    if not asked.short:
        _timed(program, environment)  # migrates the database
    spent: dict[str, list[Spent]] = {"plain": [], "embedded": []}
    for _ in range(asked.runs):
        spent["embedded"].append(_timed(program, environment))
        spent["plain"].append(_timed([*program, "--plain"], environment))
    fixed = [flow.wall - plain.wall for flow, plain in zip(spent["embedded"], spent["plain"], strict=True)]
    cpu = [flow.cpu - plain.cpu for flow, plain in zip(spent["embedded"], spent["plain"], strict=True)]
    print(f"corpusmill run, all stages skipped, {asked.runs} times: a server of its own beside --plain")
    print(
        f"fixed  {statistics.median(fixed):5.1f} s wall ({min(fixed):.1f} to {max(fixed):.1f}), "
        f"{statistics.median(cpu):5.1f} s CPU  (goal 12)"
    )
    counts = _recorded(folder / "home" / "prefect.db")
    whole = sum(count == (STAGES, STAGES) for count in counts)
    print(f"history  {whole} of {len(counts)} runs have all {STAGES} task runs, each in its final state", flush=True)


def latency(folder: Path, asked: argparse.Namespace) -> None:
    """Schedules and events on each database."""
    for database in asked.database:
        place = folder / database
        with (
            Source() as source,
            postgres.running(place / "pg", asked.port + 1) if database == "postgres" else nullcontext("") as url,
            Rig(place, asked.port, url, CORPUSMILL_MIRROR=source.address) as rig,
        ):
            start = time.monotonic()
            rig.deploy("python", "experiment")
            deployed = time.monotonic() - start
            scheduled = [_schedule(rig, minutes) for minutes in range(30, 30 + asked.times)]
            rig.start_worker(limit=2)
            target = source.declare("mill", place / "toml")
            begun = []
            for _ in range(asked.times):
                source.change("mill")
                begun.append(_event(rig, target))
        print(f"{database:9} deployed in {deployed:.1f} s; {asked.times} times, median and longest")
        print(f"  schedule until a run is scheduled  {_both(scheduled)}  (goal 15)")
        print(f"  new version until training runs    {_both(begun)}", flush=True)


def _schedule(rig: Rig, minutes: int) -> float:
    """Seconds from deploying with an interval schedule until a run for it is there; then the deployment goes."""
    start = time.monotonic()
    deployed = rig.deploy_every(minutes * 60, f"every-{minutes}")
    until(lambda: rig.runs(deployed), 60)
    seconds = time.monotonic() - start
    rig.ask("DELETE", f"deployments/{rig.deployment(deployed)['id']}")
    return seconds


def _event(rig: Rig, target: str) -> float:
    """Seconds from the event of a new version until the experiment it starts runs."""
    before = {run["id"] for run in rig.runs("experiment/experiment")}
    refreshed = rig.begin("refresh/python", corpus=target)
    if rig.ended(refreshed, 120) != "COMPLETED":
        raise OSError(f"the refresh ended as {rig.state(refreshed)}")
    new = until(lambda: [run for run in rig.runs("experiment/experiment") if run["id"] not in before], 60)
    if not new or rig.ended(new[0]["id"], 120) != "COMPLETED":
        raise OSError("no experiment came of it")
    (event,) = rig.events("corpusmill.version.published", limit=1)
    return (_moment(rig.run(new[0]["id"])["start_time"]) - _moment(event["occurred"])).total_seconds()


def _moment(said: Any) -> datetime:
    return datetime.fromisoformat(str(said))


def _both(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds):5.1f} s  {max(seconds):5.1f} s"


def _text(folder: Path) -> Path:
    """A text that a network takes long to learn."""
    path = folder / "mill.txt"
    path.write_text("\n\n".join(f"Verse {n}: the mill turns {n * n} times." for n in range(4000)), encoding="utf-8")
    return path


def _corpus(text: Path, folder: Path, **train: int) -> str:
    """A corpus file for a text, in a folder of its own, so that one corpus can be trained in many ways."""
    folder.mkdir(parents=True)
    settings = "\n".join(f"{name} = {value}" for name, value in {**LEARNING, **train}.items())
    path = folder / "mill.toml"
    path.write_text(
        'title = "A text"\nabout = "To measure with."\nlicence = "CC0-1.0"\n'
        f'[source]\ntransport = "local"\npath = "{text}"\n[parse]\nkind = "lines"\nunit = "paragraph"\n'
        f'[split]\nscheme = "document"\n[train]\n{settings}\n',
        encoding="utf-8",
    )
    return str(path)


def _steps(text: Path, folder: Path, seconds: float) -> int:
    """How many steps take so many CPU seconds; what a training of any length takes is not counted."""
    few, many = 2, 62

    def taken(steps: int) -> float:
        start = time.process_time()
        run_plain(Job(_corpus(text, folder / str(steps), steps=steps), str(folder / "store")), silent)
        return time.process_time() - start

    taken(1)  # what is compiled once
    short = taken(few)
    return max(3, int((many - few) * seconds / max(taken(many) - short, 1e-3)))


def _timed(program: Sequence[str], environment: dict[str, str]) -> Spent:
    """Run a program to its end. Raises OSError where it fails."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise OSError(f"{program[2]} failed: {done.stderr}")
    return Spent(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def _recorded(database: Path) -> list[tuple[int, int]]:
    """Of each flow run: its task runs, and how many are completed."""
    asked = (
        "SELECT COUNT(task_run.id), COALESCE(SUM(task_run.state_type = 'COMPLETED'), 0) FROM flow_run "
        "LEFT JOIN task_run ON task_run.flow_run_id = flow_run.id GROUP BY flow_run.id"
    )
    with sqlite3.connect(database) as history:
        return history.execute(asked).fetchall()
