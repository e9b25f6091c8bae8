"""Where a server listens, and under which address it is asked."""

import ipaddress
import socket

from corpusmill.errors import FlowError, UsageError

HOST, PORT = "127.0.0.1", 4200


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server there."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def url(host: str, port: int) -> str:
    """The address for programs on this machine: one that listens everywhere listens on loopback too."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return f"http://{host}:{port}"
    if address.is_unspecified:
        address = ipaddress.ip_address("::1" if address.version == 6 else HOST)  # noqa: PLR2004 - IPv6
    return f"http://[{address}]:{port}" if ":" in str(address) else f"http://{address}:{port}"


def outside(host: str, port: int) -> str:
    """The address for other machines, or "" where there is none."""
    if is_loopback(host):
        return ""
    everywhere = host in ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
    return f"http://{socket.gethostname()}:{port}" if everywhere else url(host, port)


def free(host: str) -> int:
    """A port that nothing listens on now. Raises UsageError for a host that is none of this machine's."""
    with _bound(host, 0) as listener:
        return int(listener.getsockname()[1])


def beside(host: str, port: int) -> int:
    """The port after one, or another where something listens on that."""
    try:
        check_free(host, port + 1)
    except (FlowError, OverflowError):
        return free(host)
    return port + 1


def check_free(host: str, port: int) -> None:
    """Raises FlowError where something listens there already, UsageError for a host that is none of this machine's."""
    with _bound(host, port):
        pass


def _bound(host: str, port: int) -> socket.socket:
    try:
        (family, kind, protocol, _, where), *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise UsageError(f"--host {host}: {error.strerror}", "give an address of this machine") from error
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(where)
        listener.listen()
    except OSError as error:
        listener.close()
        hint = "end what listens there, or choose another with --port or --host"
        raise FlowError(f"nothing can listen on {host} port {port}: {error.strerror}", hint) from error
    return listener
