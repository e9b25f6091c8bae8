"""From a request to bytes on the wire. Pages that were collected are kept from acting in a browser."""

import ipaddress
import os
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, BinaryIO

from corpusmill import __version__
from corpusmill.errors import CorpusmillError
from corpusmill.mirror import page
from corpusmill.mirror.answer import ASKED, Answer, Found, decide

if TYPE_CHECKING:
    from corpusmill.mirror import Server

PIECE = 1 << 16
_ALWAYS = {"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"}


class Handler(BaseHTTPRequestHandler):
    """One connection, in a thread of its own; it stays open for further requests."""

    server: "Server"
    protocol_version = "HTTP/1.1"
    timeout = 120  # seconds that a silent connection is kept
    wbufsize = PIECE  # headers and a small body leave as one packet
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Send a body."""
        self._serve()

    def do_HEAD(self) -> None:
        """Send what a GET would be headed by."""
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base names it so
        """A line on stderr, if the server was asked for them."""
        if self.server.log:
            super().log_message(format, *args)

    def version_string(self) -> str:
        """What the server calls itself."""
        return f"corpusmill/{__version__}"

    def _serve(self) -> None:
        if self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers:
            self.close_connection = True  # a body, which nobody asked for and nobody reads
        try:
            found = self._found()
            asked = {name: ", ".join(self.headers.get_all(name, [])) for name in ASKED}
            if self.command == "HEAD":
                asked["Range"] = ""  # a range has a meaning for GET only (RFC 9110, 14.2)
            answer = decide(found, asked)
            if self.command == "HEAD" or not answer.part:
                self._head(answer)
            else:
                with found.open() as body:
                    self._head(answer)
                    self._send(body, answer.part)
        except CorpusmillError as error:
            sys.stderr.write(f"corpusmill mirror: {error}\n")
            self._fail("this mirror's copy is missing or damaged; its keeper has been told")

    def _found(self) -> Found:
        if not self._is_for_us():
            return page.refusal(HTTPStatus.MISDIRECTED_REQUEST, "this mirror is asked by its address or as localhost")
        address = os.fsdecode(self.path.removeprefix("/").encode("latin-1"))
        if not address:
            return page.index(self.server.source, self.server.address)
        return self.server.source.find(address) or page.refusal(HTTPStatus.NOT_FOUND, f"not in this mirror: {address}")

    def _is_for_us(self) -> bool:
        """Whether a private mirror is asked under a private name: else a web page could have its own name lead here."""
        name = self.headers.get("Host", "").rpartition("@")[2]
        name = name.rpartition(":")[0] if name.rpartition(":")[2].isdigit() else name
        return not self.server.private or name in ("", "localhost") or _is_ip(name)

    def _head(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in (answer.headers | _ALWAYS).items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, body: BinaryIO, part: range) -> None:
        """The part of the body that was promised, or an end of the connection."""
        body.seek(part.start)
        left = len(part)
        while left:
            piece = body.read(min(PIECE, left))
            if not piece:  # a file that was cut while it was read
                self.close_connection = True
                return
            self.wfile.write(piece)
            left -= len(piece)

    def _fail(self, reason: str) -> None:
        refused = page.refusal(HTTPStatus.INTERNAL_SERVER_ERROR, reason)
        self._head(decide(refused, {}))
        if self.command != "HEAD":
            with refused.open() as body:
                self._send(body, range(refused.size))


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True
