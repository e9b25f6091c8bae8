"""A real Prefect server, and a corpus small enough to run whole."""

import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from socket import create_server
from tempfile import TemporaryDirectory

import pytest

from benchmarks import postgres
from benchmarks.rig import Rig
from benchmarks.source import Source
from corpusmill.types import silent
from flows.pipeline import run_plain
from flows.stages import Job, Outcome
from tests import needs
from tests.flows.programs import TINY, Server, text, until

DEPLOYED = ("python", "abc", "anna", "bible", "latex", "linux", "experiment")  # what the tests of a rig begin


@pytest.fixture(scope="session")
def server(tmp_path_factory, migrated):
    home = tmp_path_factory.mktemp("prefect")
    shutil.copy(migrated, home / "prefect.db")
    with create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    served = Server(home, f"http://127.0.0.1:{port}/api")
    settings = {"PREFECT_SERVER_API_HOST": "127.0.0.1", "PREFECT_SERVER_API_PORT": str(port)}
    with (home / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start"],
            env=served.environment(**settings, PREFECT_SERVER_ANALYTICS_ENABLED="false"),
            stdout=log,
            stderr=log,
        )
    try:
        answers = until(lambda: process.poll() is not None or served.well(), 240)
        assert answers is True, (home / "server.log").read_text()
        yield served
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def prefect_here(server):
    """Prefect in this process, reporting to the server."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment().items():
            patch.setenv(name, value)
        from prefect.settings import temporary_settings
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    with temporary_settings({"api.url": server.url, "flows.heartbeat_frequency": None}):
        yield server
        EventsWorker.drain_all(timeout=10)
        APILogWorker.drain_all(timeout=10)


@pytest.fixture(scope="session")
def embedded_home(migrated, tmp_path_factory) -> Path:
    """A home whose database is migrated already."""
    home = tmp_path_factory.mktemp("embedded")
    shutil.copy(migrated, home / "prefect.db")
    return home


@pytest.fixture
def own(tmp_path) -> Job:
    """A job for a file of one's own."""
    path = tmp_path / "verses.txt"
    path.write_text(text(), encoding="utf-8")
    return Job(str(path), str(tmp_path / "store"), overrides=TINY)


@pytest.fixture(scope="session")
def plain(tmp_path_factory) -> tuple[Job, Outcome]:
    """A job that ran without Prefect, and what it gave. No test may change its store; `copied` gives a copy."""
    folder = tmp_path_factory.mktemp("plain")
    (folder / "verses.txt").write_text(text(), encoding="utf-8")
    job = Job(str(folder / "verses.txt"), str(folder / "store"), overrides=TINY)
    return job, run_plain(job, silent)


@pytest.fixture
def copied(plain, tmp_path) -> Job:
    job, _ = plain
    shutil.copytree(job.store, tmp_path / "copy")
    return replace(job, store=str(tmp_path / "copy"))


@pytest.fixture(scope="session")
def source():
    """A host of small corpora, each of which takes a second to come."""
    with Source(seconds=0.25) as answering:
        yield answering


@contextmanager
def working(folder: Path, source: Source, database: str = ""):
    """A server of its own with deployments and a worker, to be killed and started again."""
    with create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with Rig(folder, port, database, CORPUSMILL_MIRROR=source.address, CORPUSMILL_WORKERS="1") as rig:
        rig.deploy(*DEPLOYED)
        rig.divert("experiment/experiment", "gpu")  # begun by each new version, and run where a test asks for it
        rig.start_worker(limit=3)
        yield rig


@pytest.fixture(scope="session")
def sqlite_rig(tmp_path_factory, migrated, source):
    folder = tmp_path_factory.mktemp("sqlite")
    (folder / "prefect").mkdir()
    shutil.copy(migrated, folder / "prefect" / "prefect.db")
    with working(folder, source) as rig:
        yield rig


@pytest.fixture(scope="session")
def postgres_rig(tmp_path_factory, source):
    needs.postgres()
    with create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with (
        TemporaryDirectory(prefix="corpusmill-") as place,  # pytest's own is closed to the user its server runs as
        postgres.running(Path(place, "pg"), port) as database,
        working(tmp_path_factory.mktemp("postgres"), source, database) as rig,
    ):
        yield rig


@pytest.fixture(params=["sqlite_rig", "postgres_rig"])
def rig(request):
    return request.getfixturevalue(request.param)
