"""Fixtures used across the folders."""

import functools
import http.server
import os
import threading
from pathlib import Path

import pytest

from corpusmill.store import Store
from tests import needs


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    """No setting of the developer's own machine reaches a test."""
    for name in [n for n in os.environ if n.startswith(("CORPUSMILL_", "PREFECT_")) and n != "CORPUSMILL_REQUIRE"]:
        monkeypatch.delenv(name)


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "store")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def serve():
    """Serve a folder of ``host/path`` files on loopback; returns its address, for the mirror setting."""
    servers = []

    def start(folder: Path) -> str:
        handler = functools.partial(_Quiet, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def web(serve) -> str:
    """The mirror of real sources, over HTTP."""
    return serve(needs.shared("web"))
