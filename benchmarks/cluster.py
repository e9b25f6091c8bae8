"""A build on Ray and on Dask beside the local one: the same version, and two machines against one.

    python -m benchmarks cluster [--file linux-source-6.1.tar.xz] [--every 8] [--rounds 3] [--kinds ray,dask]
                                 [--stores folder,bucket] [--addresses ray=ray://H:P,dask=dask://H:P]

Loose files of C, every eighth of them by default, are built by this machine and then by clusters of one and of two
machines with one processor each, in turn, over a store in a folder and one in a bucket of a server on loopback. Each
build must give the same version and the same shards. Clusters are started here, on loopback, unless addresses are
given, of which the processors are then what they are. A ratio of two figures taken one after the other says more than
either: on a machine with less than three free processors, two workers, their driver and the server share them. So the
CPU seconds of each program are told too.
"""

import argparse
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import zstandard

from benchmarks.archive import linux
from benchmarks.kernel import corpus
from benchmarks.spending import Spending, of_session
from corpusmill import archive
from corpusmill.errors import BuildError
from corpusmill.store import Store, blobs, opened, remote
from corpusmill.store.ids import content_id, sha256
from corpusmill.types import RawFile, Snapshot, Version
from preprocess.build import build
from preprocess.cluster import crew
from preprocess.cluster.machines import cluster_at

BIN = Path(sys.executable).parent
HOME = Path(__file__).parents[1]
RAY, CLIENT, DASK = 6390, 10001, 8830  # ports on loopback; above 10001 are those of Ray's own workers
STARTING = 90.0  # seconds that a cluster may take
PROGRAMS = {  # by a part of their command lines; the first counts
    "benchmarks cluster": "asking",
    "util.client.server": "client's server",
    "raylet/raylet": "raylet",  # which names other programs
    "ray::": "workers",
    "multiprocessing.spawn": "workers",  # Dask's, under a nurse each
    "gcs_server": "gcs",
    "dask scheduler": "scheduler",
    "dask worker": "nurses",
}
BUNDLE = 16 << 20  # smaller than by default, as this corpus is


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks cluster", description=__doc__.partition("\n")[0])
    parser.add_argument("--file", type=Path, help="an archive of source (default: Debian's linux-source, if installed)")
    parser.add_argument("--every", type=int, default=8, help="of so many files one is built (default 8)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is timed (default 3)")
    parser.add_argument("--kinds", default="ray,dask", help="clusters, commas between (default ray,dask)")
    parser.add_argument("--stores", default="folder,bucket", help="stores, commas between (default folder,bucket)")
    parser.add_argument("--addresses", default="", help="clusters that are there: dask=dask://10.0.0.1:8786")
    asked = parser.parse_args(arguments)
    crew.FEW_BYTES, crew.BUNDLE = 0, BUNDLE
    addresses = dict(each.split("=", 1) for each in filter(None, asked.addresses.split(",")))
    with tempfile.TemporaryDirectory() as place, ExitStack() as running:
        folder, given = Path(place), _loose(asked.file or linux(), asked.every, Path(place) / "raw")
        size = sum(file.bytes for file in given.files)
        print(f"{len(given.files):,} files, {size / 1e6:,.1f} MB; medians of {asked.rounds}, each in turn")
        if "bucket" in asked.stores:
            running.enter_context(_bucket(folder))
        base = _local(given, folder, asked.rounds)
        for kind in asked.kinds.split(","):
            for store in asked.stores.split(","):
                bench = Bench(kind, store, given, folder, base)
                bench.compare(asked.rounds, addresses.get(kind, ""))


class Bench:
    """One kind of cluster over one kind of store."""

    def __init__(self, kind: str, store: str, given: Snapshot, folder: Path, base: Version) -> None:
        """`base` is what has to come out."""
        self._kind, self._store, self._given, self._folder, self._base = kind, store, given, folder, base

    def compare(self, rounds: int, address: str) -> None:
        """One machine and two, in turn; or a cluster that is there."""
        taken: dict[int, list[float]] = {}
        spent: dict[int, list[dict[str, float]]] = {}
        for _ in range(rounds):
            for machines in (1, 2) if not address else (0,):
                with _started(self._kind, machines, self._folder) if machines else _there(address) as (on, leaders):
                    seconds, programs = self._build(on, leaders)
                taken.setdefault(machines, []).append(seconds)
                spent.setdefault(machines, []).append(programs)
        medians = {machines: statistics.median(seconds) for machines, seconds in taken.items()}
        told = "  ".join(f"{machines or 'given'}: {seconds:6.2f} s" for machines, seconds in medians.items())
        ratio = f"  {medians[1] / medians[2]:4.2f} x" if 1 in medians else ""
        print(f"{self._kind:5} {self._store:7} {told}{ratio}  the same version and files", flush=True)
        for machines, each in spent.items():
            medial = {name: statistics.median(one.get(name, 0.0) for one in each) for name in set().union(*each)}
            told = ", ".join(f"{name} {medial[name]:.1f}" for name in sorted(medial, key=medial.__getitem__)[::-1])
            print(f"  CPU seconds, {machines or 'given'}: {told}", flush=True)

    def _build(self, on: str, leaders: list[int]) -> tuple[float, dict[str, float]]:
        """Seconds of one build in a fresh store, and CPU seconds by program.

        Raises ValueError where another version comes out.
        """
        name = uuid.uuid4().hex
        place = f"s3://corpora/{name}" if self._store == "bucket" else str(self._folder / name)
        store = opened(place, os.environ)
        _fill(store, self._given, self._folder / "raw")
        os.sync()  # what was just copied is not written while others are timed
        spending, start = Spending(leaders, PROGRAMS), time.perf_counter()
        version, _ = build(corpus(), self._given, store, on=on)
        took, spent = time.perf_counter() - start, spending.by_program()
        if (version.id, version.shards) != (self._base.id, self._base.shards):
            raise ValueError(f"{on} over a {self._store} gave {version.id} and not {self._base.id}")
        shutil.rmtree(store.root)
        return took, spent


def _local(given: Snapshot, folder: Path, rounds: int) -> Version:
    """What this machine builds with one process; its time is printed."""
    taken = []
    for number in range(rounds):
        store = Store(folder / f"local-{number}")
        _fill(store, given, folder / "raw")
        start = time.perf_counter()
        version, _ = build(corpus(), given, store, processes=1)
        taken.append(time.perf_counter() - start)
    documents, size = version.stats["total"]["documents"], version.stats["total"]["bytes"]
    seconds = statistics.median(taken)
    print(f"local, 1 process  {seconds:6.2f} s  {documents:,} documents, {size / 1e6 / seconds:.1f} MB/s", flush=True)
    index = sum(path.stat().st_size for path in (store.root / "kernel" / ".parsed").glob("*.index"))
    print(f"  {index / documents:.0f} bytes of index a document", flush=True)
    return version


def _loose(file: Path, every: int, folder: Path) -> Snapshot:
    """Some files of an archive as bodies of their own."""
    files, packer = [], zstandard.ZstdCompressor(level=blobs.LEVEL, write_checksum=True)
    with file.open("rb") as stream:
        members = archive.members(stream, wanted=lambda name: name.endswith((".c", ".h")))
        for number, (name, body) in enumerate(members):
            if body and not number % every:
                path = blobs.blob_path(folder, sha256(body))
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(packer.compress(body))
                url = f"https://cdn.kernel.org/{name}"
                files.append(RawFile(url=url, final_url=url, status=200, sha256=sha256(body), bytes=len(body)))
    identity = content_id([(each.url, each.sha256) for each in files])
    return Snapshot(corpus="kernel", id=identity, origin="cdn.kernel.org", files=tuple(files), collected_at="")


def _fill(store: Store, given: Snapshot, raw: Path) -> None:
    """Put the bodies into a fresh store."""
    if store.bucket:
        remote.push_blobs(raw, store.bucket, {file.sha256 for file in given.files})
    else:
        shutil.copytree(raw / "blobs", store.root / "blobs")


@contextmanager
def _there(address: str) -> Iterator[tuple[str, list[int]]]:
    yield address, []


@contextmanager
def _started(kind: str, machines: int, folder: Path) -> Iterator[tuple[str, list[int]]]:
    """A cluster of so many machines of one processor each, on loopback: its address, and its programs' sessions."""
    commands = _ray(machines) if kind == "ray" else _dask(machines, folder)
    address = f"ray://127.0.0.1:{CLIENT}" if kind == "ray" else f"dask://127.0.0.1:{DASK}"
    with ExitStack() as running:
        leaders = []
        for number, command in enumerate(commands):
            leaders.append(running.enter_context(_running(command, folder)))
            if kind == "ray" and not number:
                _listening(RAY)
        _wait(address, machines)
        yield address, leaders


def _ray(machines: int) -> list[list[str]]:
    more = ["--num-cpus", "1", "--object-store-memory", "200000000", "--block"]
    head = ["--head", "--port", str(RAY), "--ray-client-server-port", str(CLIENT), "--include-dashboard", "false"]
    others = [["--address", f"127.0.0.1:{RAY}"]] * (machines - 1)
    return [[str(BIN / "ray"), "start", *which, *more] for which in (head, *others)]


def _dask(machines: int, folder: Path) -> list[list[str]]:
    scheduler = ["scheduler", "--host", "127.0.0.1", "--port", str(DASK), "--no-dashboard"]
    worker = ["worker", f"tcp://127.0.0.1:{DASK}", "--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard"]
    return [
        [str(BIN / "dask"), *which] for which in (scheduler, *[[*worker, "--local-directory", str(folder)]] * machines)
    ]


@contextmanager
def _running(command: list[str], folder: Path) -> Iterator[int]:
    """A program in a session of its own, which is named, ended with all that it started."""
    environment = {**os.environ, "PYTHONPATH": str(HOME), "RAY_USAGE_STATS_ENABLED": "0"}
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        yield process.pid
    finally:
        for each in of_session(process.pid):
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        process.wait()


def _listening(port: int) -> None:
    """Until something listens there. Raises ConnectionError after a while."""
    until = time.monotonic() + STARTING
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except ConnectionError:
            if time.monotonic() > until:
                raise
            time.sleep(0.3)
        else:
            return


def _wait(address: str, processors: int) -> None:
    """Until a cluster has so many processors. Raises what it says after a while."""
    until = time.monotonic() + STARTING
    while True:
        try:
            with cluster_at(address) as cluster:
                while cluster.processors() < processors and time.monotonic() < until:
                    time.sleep(0.5)
                return
        except BuildError:
            if time.monotonic() > until:
                raise
        time.sleep(0.5)


@contextmanager
def _bucket(folder: Path) -> Iterator[None]:
    """A server of buckets on loopback, which this process's environment names, unless one is named already."""
    if os.environ.get("AWS_ENDPOINT_URL"):
        yield
        return
    command = [sys.executable, "-W", "ignore", "-m", "tests.corpusmill.store.bucket_server"]
    with subprocess.Popen(
        command, cwd=HOME, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdin
        assert server.stdout
        keys = {"AWS_ACCESS_KEY_ID": "miller", "AWS_SECRET_ACCESS_KEY": "grain", "AWS_REGION": "us-east-1"}
        os.environ.update(
            keys, AWS_ENDPOINT_URL=server.stdout.readline().strip(), CORPUSMILL_CACHE=str(folder / "cache")
        )
        yield
        server.stdin.close()
