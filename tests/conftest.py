"""Fixtures used across the folders."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

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
