"""A mirror: serves what was collected, or a folder of ``host/path`` files, to clients that ask it instead of the hosts.

A client whose CORPUSMILL_MIRROR is the mirror's address asks ``ADDRESS/host/path?query`` for
``https://host/path?query``. One fetch from the source so serves a whole classroom, and tests run offline.

    with serve(Path("web"), port=0) as server:
        server.serve_forever()
"""

import ipaddress
import socket
import socketserver
import sys
from http.server import ThreadingHTTPServer
from pathlib import Path

from corpusmill.errors import UsageError
from corpusmill.mirror.folder import Folder
from corpusmill.mirror.handler import Handler
from corpusmill.mirror.page import Source
from corpusmill.mirror.snapshots import Snapshots
from corpusmill.store import Store

LOOPBACK = "127.0.0.1"
_ELSEWHERE = ("192.0.2.1", 9)  # an address that nobody has (RFC 5737): asking the way to it sends nothing


def serve(source: Path | Store, host: str = LOOPBACK, port: int = 8000, *, log: bool = False) -> "Server":
    """A server that holds its port; `serve_forever` answers, each connection in its thread. Port 0 = any free one.

    Raises UsageError for a folder that is not there, a host that is not this machine's and a port that is taken.
    """
    if isinstance(source, Store):
        return Server(Snapshots(source), host, port, log=log)
    if not source.is_dir():
        raise UsageError(f"{source} is no folder", "name one that holds host/path files")
    return Server(Folder(source.resolve()), host, port, log=log)


class Server(ThreadingHTTPServer):
    """A bound socket, and what is served through it."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, source: Source, host: str, port: int, *, log: bool) -> None:
        """Raises UsageError when it cannot listen there."""
        self.source, self.log = source, log
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            self.address_family = found[0][0]
            super().__init__((str(found[0][4][0]), port), Handler)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UsageError(f"cannot listen on {host} port {port}: {reason}", "name another, e.g. --port 0") from error
        self.private = ipaddress.ip_address(self.server_name).is_loopback

    def server_bind(self) -> None:
        """Bind without asking a name server what this machine is called, as the base does."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.socket.getsockname()[:2]

    @property
    def address(self) -> str:
        """Where clients find it; one that listens everywhere is named by this machine's own address."""
        name = self.server_name
        if ipaddress.ip_address(name).is_unspecified:
            name = _own_address()
        return f"http://{f'[{name}]' if ':' in name else name}:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no error of ours."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def _own_address() -> str:
    """The address by which this machine is known on its network, or its name."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
        except OSError:
            return socket.gethostname()
        return str(probe.getsockname()[0])
