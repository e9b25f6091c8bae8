"""What the tests of the client share: a host, a port without one, and certificates."""

import socket
import ssl
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from tests.corpusmill.http.host import ANSWERS
from tests.corpusmill.http.server import Server


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """Contexts for a server by name; ``["authority"]`` is the file that makes a client trust them."""
    authority = trustme.CA()
    file = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    past = datetime.now(UTC) - timedelta(days=1)
    issued = {
        "trusted": authority.issue_cert("127.0.0.1"),
        "expired": authority.issue_cert("127.0.0.1", not_before=past - timedelta(days=9), not_after=past),
        "wrong host": authority.issue_cert("somebody.example"),
        "untrusted": trustme.CA().issue_cert("127.0.0.1"),
    }
    contexts = {"authority": str(file)}
    for name, certificate in issued.items():
        contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(contexts[name])
    return contexts


@pytest.fixture
def server():
    """The host of `tests.corpusmill.http.host`."""
    with Server(ANSWERS) as running:
        yield running


@pytest.fixture
def refused():
    """The address of a port where nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{unused.getsockname()[1]}"
