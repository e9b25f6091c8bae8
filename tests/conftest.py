"""Fixtures used across the folders."""

import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path

import filelock
import pytest
from hypothesis import settings

from corpusmill import mirror
from corpusmill.store import Store
from tests import needs

settings.register_profile("busy", deadline=None)  # how long an example takes says more of the machine than of the code
settings.load_profile("busy")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    """No setting of the developer's own machine reaches a test."""
    for name in set(os.environ) - {"CORPUSMILL_REQUIRE"}:
        if name.startswith(("CORPUSMILL_", "OPENLINEAGE_", "PREFECT_")):
            monkeypatch.delenv(name)


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture(scope="session")
def serve():
    """Serve a folder of ``host/path`` files, or a store, on loopback; returns its address, for the mirror setting."""
    servers = []

    def start(source: Path | Store) -> str:
        servers.append(mirror.serve(source, port=0))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return servers[-1].address

    yield start
    with ThreadPoolExecutor(len(servers) or 1) as pool:  # each takes up to half a second to notice
        list(pool.map(mirror.Server.shutdown, servers))
    for server in servers:
        server.server_close()


@pytest.fixture(scope="session")
def web(serve) -> str:
    """The mirror of real sources, over HTTP."""
    return serve(needs.shared("web"))


@pytest.fixture(scope="session")
def migrated(pytestconfig) -> Path:
    """Prefect's database with nothing in it, made once in a checkout: to migrate one takes a quarter of a minute."""
    made = pytestconfig.cache.mkdir("prefect") / f"{metadata.version('prefect')}.db"
    with filelock.FileLock(f"{made}.lock"):
        if not made.exists():
            _migrate(made)
    return made


def _migrate(made: Path) -> None:
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "prefect", "server", "database", "upgrade", "--yes"]
        environment = {"PATH": os.environ["PATH"], "HOME": home, "PREFECT_HOME": home, "DO_NOT_TRACK": "1"}
        subprocess.run(command, env=environment, check=True, capture_output=True)
        whole = Path(home, "whole.db")
        with sqlite3.connect(Path(home, "prefect.db")) as there, sqlite3.connect(whole) as here:
            there.backup(here)
        part = made.with_suffix(".part")
        part.write_bytes(whole.read_bytes())
        part.replace(made)
