"""A Ray cluster and a Dask cluster of two processors each, and a bucket that their machines see: real ones, once."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from corpusmill.errors import BuildError
from corpusmill.store import opened
from preprocess.cluster import crew
from preprocess.cluster.machines import cluster_at
from tests import needs
from tests.corpusmill.store.bucket_server import KEYS

ROOT = Path(__file__).parents[3]
BIN = Path(sys.executable).parent


@contextmanager
def running(*command, environment, folder):
    """A program, ended with all that it started."""
    with (folder / f"{uuid.uuid4().hex}.log").open("w") as log:
        process = subprocess.Popen(
            [str(each) for each in command],
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            for each in of_session(process.pid):
                with suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)
            process.wait()


def of_session(leader):
    """All that a program has started, in whatever group it is."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[3]) == leader:
                yield int(stat.parent.name)


def workers(address, processors):
    """The cluster at an address, once it has so many processors."""
    until = time.monotonic() + 180  # Ray's server for a client has been seen to hang half a minute, and to fail then
    while True:
        try:
            with cluster_at(address) as cluster:
                while cluster.processors() < processors:
                    assert time.monotonic() < until, f"{address} has too few processors"
                    time.sleep(0.3)
                return address
        except BuildError:  # it is not there yet
            assert time.monotonic() < until, f"{address} did not start"
        time.sleep(0.3)


def listens(port):
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < until, f"nothing listens at {port}"
            time.sleep(0.2)
        else:
            return


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture(scope="session")
def s3(tmp_path_factory):
    """The environment in which a real S3 server on loopback is AWS."""
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.corpusmill.store.bucket_server"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield {**KEYS, "AWS_ENDPOINT_URL": process.stdout.readline().strip()}
        process.stdin.close()


@pytest.fixture(scope="session")
def machine(s3, tmp_path_factory):
    """The environment of a cluster's machines."""
    said = {**os.environ, **s3, "PYTHONPATH": str(ROOT), "RAY_USAGE_STATS_ENABLED": "0", "DO_NOT_TRACK": "1"}
    return {**said, "TMPDIR": str(tmp_path_factory.mktemp("machines"))}


@pytest.fixture(scope="module")
def dask(machine, tmp_path_factory):
    """The address of two Dask workers."""
    needs.package("distributed", "dask")
    folder, port = tmp_path_factory.mktemp("dask"), free_port()
    scheduler = [BIN / "dask", "scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"]
    with (
        running(*scheduler, environment=machine, folder=folder),
        dask_worker(port, machine, folder),
        dask_worker(port, machine, folder),
    ):
        yield workers(f"dask://127.0.0.1:{port}", 2)


def dask_worker(port, environment, folder):
    options = ["--host", "127.0.0.1", "--nthreads", "1", "--no-dashboard", "--local-directory", folder]
    return running(BIN / "dask", "worker", f"tcp://127.0.0.1:{port}", *options, environment=environment, folder=folder)


@pytest.fixture(scope="module")
def ray(machine, tmp_path_factory):
    """The address of a Ray cluster of two nodes."""
    needs.package("ray", "ray")
    folder = tmp_path_factory.mktemp("ray")
    head, client = free_port(), free_port()
    short = tempfile.mkdtemp(prefix="ray-")  # its sockets lie there, whose paths may have 107 characters
    more = ["--num-cpus", "1", "--object-store-memory", "100000000", "--block"]
    first = ["--head", "--temp-dir", short, "--port", head, "--ray-client-server-port", client]
    first += ["--include-dashboard", "false"]
    with running(BIN / "ray", "start", *first, *more, environment=machine, folder=folder):
        listens(head)
        with running(BIN / "ray", "start", "--address", f"127.0.0.1:{head}", *more, environment=machine, folder=folder):
            yield workers(f"ray://127.0.0.1:{client}", 2)
    shutil.rmtree(short, ignore_errors=True)


@pytest.fixture
def place(request, s3, tmp_path, monkeypatch):
    """A fresh store of a kind, "folder" or "bucket", which this process and the clusters see."""

    def made(kind):
        for name, value in s3.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("CORPUSMILL_CACHE", str(tmp_path / "cache"))
        return str(tmp_path / "store") if kind == "folder" else f"s3://corpora/{uuid.uuid4().hex}"

    return lambda kind: opened(made(kind), os.environ)


@pytest.fixture(autouse=True)
def however_little(monkeypatch):
    """A cluster is asked for the smallest build, in calls of a unit each."""
    monkeypatch.setattr(crew, "FEW_BYTES", 0)
    monkeypatch.setattr(crew, "BUNDLE", 1)
