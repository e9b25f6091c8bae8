"""What is lost when flows, the worker or the server are killed while corpora are refreshed, and what is there twice.

    python -m benchmarks kills [--kills 50] [--of flow worker server machine cancel] [--database sqlite|postgres]

Small corpora, whose host answers slowly, are refreshed through a process worker, some at once. In each round all of
them have new texts; at random moments each flow is killed, or the worker, or the server, or the worker with all its
flows (a machine that goes off), or each flow run is cancelled through the API. What was killed is started again, and a
second refresh of each corpus has to finish what the first began. The automations of ``corpusmill up`` are there: they
call a flow run Crashed whose worker died, after minutes. One that is in no final state even then is counted as left.
Then the store tells: one version for each text, whole; and the server: an experiment begun for each version. Ten kills
of a worker take up to 20 minutes, of a flow or a server five.
"""

import argparse
import json
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import postgres
from benchmarks.rig import FINAL, Rig, end, lines, until
from benchmarks.source import Source
from corpusmill.store import Store

KINDS = ("flow", "worker", "server", "machine", "cancel")
EACH = ("flow", "cancel")  # done to each run of a round; the others are one kill a round
BODY_SECONDS = 0.6  # of each of four texts: collecting takes about as long as starting
AGAIN = 3  # refreshes that may be needed to finish


def main(arguments: list[str]) -> None:
    """Kill and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks kills", description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=50, help="of each kind (default 50)")
    parser.add_argument("--of", nargs="+", choices=KINDS, default=KINDS, help="kinds (default all)")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite", help="(default sqlite)")
    parser.add_argument("--corpora", type=int, default=4, help="refreshed in a round (default 4)")
    parser.add_argument("--limit", type=int, default=4, help="flow runs that the worker has at once (default 4)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (default 1)")
    parser.add_argument("--patience", type=float, default=420, help="seconds until a run is left (default 420)")
    parser.add_argument("--port", type=int, default=8890, help="of the server; the next is PostgreSQL's (default 8890)")
    parser.add_argument("--folder", type=Path, help="kept for a look (default: a temporary one)")
    asked = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # what was started has to end
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        with _campaign(folder, asked) as campaign:
            print(f"{asked.database}, {asked.corpora} corpora, {asked.limit} at once, seed {asked.seed}", flush=True)
            for kind in asked.of:
                campaign.spend(kind, asked.kills)


@contextmanager
def _campaign(folder: Path, asked: argparse.Namespace) -> Iterator["Campaign"]:
    """A server with everything deployed, and a worker."""
    database = postgres.running(folder / "postgres", asked.port + 1) if asked.database == "postgres" else _sqlite()
    with (
        Source(BODY_SECONDS) as source,
        database as url,
        Rig(
            folder,
            asked.port,
            url,
            CORPUSMILL_MIRROR=source.address,
            CORPUSMILL_ALLOW_PRIVATE="1",
            CORPUSMILL_WORKERS="1",
        ) as rig,
    ):
        rig.deploy()
        rig.automate()
        rig.divert("experiment/experiment", "gpu")  # begun, and not run: training is not what is measured
        rig.start_worker(asked.limit)
        campaign = Campaign(rig, source, asked)
        campaign.rehearse()
        yield campaign


@contextmanager
def _sqlite() -> Iterator[str]:
    yield ""


@dataclass(slots=True)
class Tally:
    """What became of the runs that were disturbed."""

    kills: int = 0
    stages: Counter[str] = field(default_factory=Counter)  # of the refreshes at that moment
    ended: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)  # in no final state when patience ended
    again: Counter[str] = field(default_factory=Counter)  # how the next refresh ended
    seconds: list[float] = field(default_factory=list)  # until a cancelled run had ended

    def tell(self, kind: str) -> None:
        """One row."""
        rows = {
            "at": self.stages,
            "ended": self.ended,
            "left": self.left,
            "the next ended": self.again,
        }
        print(f"{kind:8} {self.kills:>3} x  " + "; ".join(f"{name}: {lines(row)}" for name, row in rows.items()))
        if self.seconds:
            middle, longest = statistics.median(self.seconds), max(self.seconds)
            print(f"{'':15} ended after {middle:.1f} s in the middle, {longest:.1f} s at most  (goal 15)")


class Campaign:
    """Rounds of refreshes on one server."""

    def __init__(self, rig: Rig, source: Source, asked: argparse.Namespace) -> None:
        """Nothing is killed yet."""
        self.rig, self.source, self.limit, self.patience = rig, source, asked.limit, asked.patience
        self.chance, self.store = random.Random(asked.seed), Store(rig.store)
        names = [f"corpus{number}" for number in range(asked.corpora)]
        self.targets = {name: source.declare(name, rig.folder / "datasets") for name in names}
        self.by = dict(zip(names, rig.deployments("refresh"), strict=False))
        self.span = self.work = 0.0  # seconds of an undisturbed round, and of its longest process
        self._pool = ThreadPoolExecutor(asked.corpora)

    def rehearse(self) -> None:
        """A round that nobody disturbs, for its length and that of its processes, which a busy machine starts late."""
        start = time.monotonic()
        self.work = max(self._pool.map(self._working, self._begin().values()))
        self.span = time.monotonic() - start

    def _working(self, run: str) -> float:
        """Seconds that the process of a flow run takes."""
        until(lambda: self.rig.pid(run), self.patience)
        start = time.monotonic()
        if self.rig.ended(run, self.patience) != "COMPLETED":
            raise OSError(f"a refresh that nobody disturbed did not complete: {self.rig.logged(run)}")
        return time.monotonic() - start

    def spend(self, kind: str, kills: int) -> None:
        """Rounds until there were so many kills, and a row of the table."""
        tally = Tally()
        while tally.kills < kills:
            self.one_round(kind, tally)
            print(f"  {kind} {tally.kills}: ended {lines(tally.ended)}; left {lines(tally.left)}", end="; ")
            print(self._wrong(), flush=True)
        tally.tell(kind)
        print(f"{'':15} {self.told()}; {self.verified()}", flush=True)

    def one_round(self, kind: str, tally: Tally) -> None:
        """New texts, a refresh of each corpus, a disturbance, and what the next refreshes make of it."""
        runs = self._begin()
        if kind in EACH:
            strike = self._cancel if kind == "cancel" else self._kill_flow
            moments = [self.chance.uniform(0, self.work) for _ in runs]
            struck = [
                self._pool.submit(strike, corpus, runs[corpus], moment, tally)
                for corpus, moment in zip(runs, moments, strict=True)
            ]
            for future in struck:
                future.result()
        else:
            kill = {"worker": self._kill_worker, "server": self._kill_server, "machine": self._kill_machine}[kind]
            self._kill_again_and_again(kill, runs, tally)
        deadline = time.monotonic() + self.patience
        unfinished = [corpus for corpus, run in runs.items() if not self._settle(run, deadline, tally)]
        tally.again.update(self._finish(self._refresh(unfinished)))

    def _kill_again_and_again(self, kill: Callable[[dict[str, str]], None], runs: dict[str, str], tally: Tally) -> None:
        """Until all runs have ended, or as often as there are runs."""
        for _ in runs:
            moment = self.chance.uniform(0, 2 * self.span / len(runs))
            if until(lambda: self._all_ended(runs), moment):
                break
            tally.stages.update(self.source.stage(self.store, corpus) for corpus in runs)
            kill(runs)
            tally.kills += 1

    def _all_ended(self, runs: dict[str, str]) -> bool:
        return all(self.rig.state(run) in FINAL for run in runs.values())

    def _begin(self) -> dict[str, str]:
        for corpus in self.targets:
            self.source.change(corpus)
        return self._refresh(self.targets)

    def _refresh(self, corpora: Iterable[str]) -> dict[str, str]:
        """A flow run for each corpus, by the corpus."""
        return {name: self.rig.begin(self.by[name], corpus=self.targets[name]) for name in corpora}

    def _finish(self, runs: dict[str, str]) -> list[str]:
        """How they ended; a corpus whose refresh did not complete is refreshed again, a few times."""
        ended = []
        for corpus, first in runs.items():
            state = self.rig.ended(first, self.patience)
            ended.append(state)
            for _ in range(AGAIN):
                if state == "COMPLETED":
                    break
                run = self.rig.begin(self.by[corpus], corpus=self.targets[corpus])
                state = self.rig.ended(run, self.patience)
        return ended

    def _settle(self, run: str, deadline: float, tally: Tally) -> bool:
        """Whether it completed; one that is left is marked."""
        state = self.rig.ended(run, max(deadline - time.monotonic(), 0.0))
        if state in FINAL:
            tally.ended[state] += 1
        else:
            tally.left[state] += 1
            self.rig.set_state(run, "CRASHED")
        return state == "COMPLETED"

    def _kill_flow(self, corpus: str, run: str, moment: float, tally: Tally) -> None:
        pid = until(lambda: self.rig.pid(run), self.patience)
        time.sleep(moment)
        stage = self.source.stage(self.store, corpus)
        if pid and self.rig.state(run) not in FINAL and end(pid):
            tally.kills += 1
            tally.stages[stage] += 1

    def _cancel(self, corpus: str, run: str, moment: float, tally: Tally) -> None:
        until(lambda: self.rig.pid(run), self.patience)
        time.sleep(moment)
        stage = self.source.stage(self.store, corpus)
        if self.rig.state(run) in FINAL:
            return
        start = time.monotonic()
        self.rig.set_state(run, "CANCELLING")
        if self.rig.ended(run, self.patience) == "CANCELLED":
            tally.kills += 1
            tally.stages[stage] += 1
            tally.seconds.append(time.monotonic() - start)

    def _kill_worker(self, _: dict[str, str]) -> None:
        self.rig.kill("worker")
        self.rig.start_worker(self.limit)

    def _kill_server(self, _: dict[str, str]) -> None:
        self.rig.kill("server")
        self.rig.start_server()
        self.rig.automate()

    def _kill_machine(self, runs: dict[str, str]) -> None:
        pids = [pid for run in runs.values() if (pid := self.rig.pid(run)) and self.rig.state(run) not in FINAL]
        self.rig.kill("worker")
        for pid in pids:
            end(pid)
        self.rig.start_worker(self.limit)

    def _wrong(self) -> str:
        """What the store has that it should not, or lacks."""
        said = []
        for corpus in self.targets:
            wanted = self.source.generation[corpus]
            numbers = [version.number for version in self.store.versions(corpus)]
            if numbers != list(range(1, wanted + 1)) or self.source.stage(self.store, corpus) != "published":
                said.append(f"{corpus} has versions {numbers} of {wanted} texts")
        return "; ".join(said) or f"{wanted} versions of {wanted} texts each"

    def told(self) -> str:
        """For how many versions an experiment was begun."""
        versions = {version.ref for corpus in self.targets for version in self.store.versions(corpus)}
        until(lambda: not self._untold(versions), 20)
        untold = self._untold(versions)
        return f"no experiment for {sorted(untold)}" if untold else f"experiments for all {len(versions)} versions"

    def _untold(self, versions: set[str]) -> set[str]:
        return versions - {run["parameters"]["version"] for run in self.rig.runs("experiment/experiment")}

    def verified(self) -> str:
        """What ``corpusmill verify`` says of the whole store."""
        program = [sys.executable, "-m", "corpusmill", "verify", "--json", "--store", str(self.store.root)]
        done = subprocess.run(program, capture_output=True, text=True, check=False)
        return "verify: clean" if done.returncode == 0 else f"verify: {json.dumps(done.stdout + done.stderr)}"
