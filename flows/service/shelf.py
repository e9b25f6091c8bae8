"""Serves the reports of a store, so that a link in Prefect's pages opens one.

    python -m flows.service.shelf HOST PORT
    GET /bible/runs/9eef…/report.html        the report, and nothing else of the store

A browser refuses a link from a web page to a file. Where Prefect's server asks for a name and a password
(PREFECT_SERVER_API_AUTH_STRING), this one asks for the same: a report shows texts of its corpus.
"""

import base64
import hmac
import os
import re
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from corpusmill.errors import CorpusmillError
from corpusmill.store import Store
from corpusmill.store.recited import REPORT
from flows import settings

VARIABLE = "CORPUSMILL_REPORTS"  # where reports are served, for those who make links
_PATH = re.compile(rf"/(?P<corpus>[a-z0-9._-]+)/runs/(?P<run>[0-9a-f]+)/{re.escape(REPORT)}")
_HEADERS = {"Content-Type": "text/html; charset=utf-8", "X-Content-Type-Options": "nosniff"}


def address(corpus: str, run: str) -> str:
    """Where a run's report is served; empty where nobody serves any."""
    base = os.environ.get(VARIABLE, "").rstrip("/")
    return f"{base}/{corpus}/runs/{run}/{REPORT}" if base else ""


class Shelf(ThreadingHTTPServer):
    """The reports of one store; `auth` is ``USER:PASSWORD``, or empty."""

    daemon_threads = True

    def __init__(self, store: Store, host: str, port: int, auth: str = "") -> None:
        """Raises OSError where it cannot listen there."""
        self.store, self._auth = store, auth
        super().__init__((host, port), _Handler)

    def admits(self, header: str) -> bool:
        """Whether an Authorization header says the name and the password, where they are asked for."""
        expected = f"Basic {base64.b64encode(self._auth.encode()).decode()}"
        return not self._auth or hmac.compare_digest(header.encode(), expected.encode())

    def report(self, path: str) -> bytes | None:
        """The report that a path means."""
        found = _PATH.fullmatch(urlsplit(path).path)
        if not found:
            return None
        try:
            report = self.store.run_folder(found["corpus"], found["run"]) / REPORT
            self.store.take(report)
            return report.read_bytes()
        except (CorpusmillError, FileNotFoundError):
            return None


class _Handler(BaseHTTPRequestHandler):
    server: Shelf
    timeout = 60

    def do_GET(self) -> None:
        """Send a report."""
        if not self.server.admits(self.headers.get("Authorization", "")):
            self._send(HTTPStatus.UNAUTHORIZED, b"", {"WWW-Authenticate": 'Basic realm="corpusmill"'})
        elif body := self.server.report(self.path):
            self._send(HTTPStatus.OK, body, _HEADERS)
        else:
            self._send(HTTPStatus.NOT_FOUND, b"no such report\n", {"Content-Type": "text/plain"})

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def _send(self, status: HTTPStatus, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def main(host: str, port: int) -> None:
    """Serve until somebody ends it."""
    with Shelf(settings.store(), host, port, os.environ.get("PREFECT_SERVER_API_AUTH_STRING", "")) as shelf:
        shelf.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
