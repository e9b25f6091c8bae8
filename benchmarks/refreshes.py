"""Twenty refreshes at once: of twenty corpora and of one, through a worker and as commands with servers of their own.

    python -m benchmarks refreshes [--count 20] [--without different,same,deployment,embedded,plain] [--database …]

All have something new to publish. How the runs ended, how long all took, whether each corpus has its one version and
`corpusmill verify` finds nothing wrong, and how often Prefect's server said that its database was locked. `deployment`
begins all of one deployment at once, whose limit cancels what another does already. `embedded` and `plain` start as
many commands on one store; a command that finds another at the same corpus says so and ends with status 1.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from benchmarks import postgres
from benchmarks.rig import Rig, lines
from benchmarks.source import Source
from corpusmill.store import Store

PATIENCE = 1800.0
LOCKED = "database is locked"


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks refreshes", description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=20, help="refreshes at once, 23 at most (default 20)")
    parser.add_argument("--limit", type=int, default=4, help="flow runs that the worker has at once (default 4)")
    parser.add_argument("--without", default="", help="parts to leave out, commas between")
    parser.add_argument("--database", nargs="*", choices=("sqlite", "postgres"), default=["sqlite", "postgres"])
    parser.add_argument("--port", type=int, default=8890, help="of the server; the next is PostgreSQL's (default 8890)")
    asked = parser.parse_args(arguments)
    left_out = asked.without.split(",")
    for database in asked.database:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            through_a_worker(Path(folder) / database, database, asked, left_out)
    for way, options in (("plain", ("--plain",)), ("embedded", ())):
        if way not in left_out:
            with tempfile.TemporaryDirectory() as folder, Source() as source:
                as_commands(Path(folder), source, way, options, asked.count)


def through_a_worker(folder: Path, database: str, asked: argparse.Namespace, left_out: list[str]) -> None:
    """Different corpora, the same one, and the same deployment."""
    with (
        Source() as source,
        postgres.running(folder / "pg", asked.port + 1) if database == "postgres" else nullcontext("") as url,
        Rig(folder, asked.port, url, CORPUSMILL_MIRROR=source.address, CORPUSMILL_WORKERS="1") as rig,
    ):
        rig.deploy()
        rig.divert("experiment/experiment", "gpu")
        rig.start_worker(asked.limit)
        names = rig.deployments("refresh")[: asked.count]
        count = len(names)
        parts: dict[str, tuple[list[str], list[str]]] = {
            "different": (names, [f"corpus{number}" for number in range(count)]),
            "same": (names, ["same"] * count),
            "deployment": (names[:1] * count, ["limited"] * count),
        }
        for what, (deployments, corpora) in parts.items():
            if what not in left_out:
                start = time.monotonic()
                targets = _declared(source, corpora, folder)
                runs = [rig.begin(by, corpus=targets[corpus]) for by, corpus in zip(deployments, corpora, strict=True)]
                ended = Counter(rig.ended(run, PATIENCE) for run in runs)
                seconds = time.monotonic() - start
                log = (folder / "server.log").read_text(errors="replace").count(LOCKED)
                print(f"{database:9} {what:10} {len(runs)} in {seconds:5.0f} s: {lines(ended)}; {LOCKED}: {log}")
                print(f"{'':20} {_stored(rig.store, set(corpora), rig.environment)}", flush=True)


def as_commands(folder: Path, source: Source, how: str, options: Iterable[str], count: int) -> None:
    """Commands on one store, each with a server of its own or with none."""
    environment = {
        **os.environ,
        "HOME": str(folder),
        "DO_NOT_TRACK": "1",
        "CORPUSMILL_MIRROR": source.address,
        "CORPUSMILL_WORKERS": "1",
    }
    for what, corpora in (("different", [f"corpus{number}" for number in range(count)]), ("same", ["same"] * count)):
        store, start = folder / what, time.monotonic()
        targets = _declared(source, corpora, folder)
        program = [sys.executable, "-m", "corpusmill", "refresh", "--store", str(store), *options]
        begin: Callable[..., subprocess.Popen[str]] = partial(
            subprocess.Popen, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        started = [begin([*program, targets[corpus]]) for corpus in corpora]
        said = Counter(_last(process) for process in started)
        print(f"{how:9} {what:10} {count} in {time.monotonic() - start:5.0f} s: {lines(said)}")
        print(f"{'':20} {_stored(store, set(corpora), environment)}", flush=True)


def _declared(source: Source, corpora: Iterable[str], folder: Path) -> dict[str, str]:
    """Corpus files by name, all with something new."""
    targets = {corpus: source.declare(corpus, folder / "datasets") for corpus in corpora}
    for corpus in targets:
        source.change(corpus)
    return targets


def _last(process: "subprocess.Popen[str]") -> str:
    """How a command ended: the status, and what it said of a failure."""
    _, err = process.communicate()
    return "done" if not process.returncode else f"status {process.returncode} ({err.strip().splitlines()[-1]})"


def _stored(root: Path, corpora: set[str], environment: dict[str, str]) -> str:
    counts = Counter(f"corpora with {len(Store(root).versions(corpus))} versions" for corpus in corpora)
    program = [sys.executable, "-m", "corpusmill", "verify", "--store", str(root)]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    return f"{lines(counts)}; verify: {'clean' if not done.returncode else done.stdout + done.stderr}"
