"""A server whose every byte the test decides: one thread for a connection, one function for a path.

``Server({"/x": answer})`` calls ``answer(talk)`` for each request of ``/x``; what it sends is what the client gets,
right or wrong. A connection ends after its answer unless the answer was `Talk.whole`. The server knows who asked for
what and when (`Server.asked`), so a test can hold the client to that too. `Hurry` is a clock that does not wait.
"""

import contextlib
import itertools
import socket
import socketserver
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self

from corpusmill.http.clock import Clock

Answer = Callable[["Talk"], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came."""

    path: str
    headers: Mapping[str, str]  # names in lower case
    at: float  # seconds, monotonic


@dataclass(slots=True)
class Talk:
    """One request and the connection it came by."""

    asked: Asked
    times: int  # how often the path was asked for, this time included
    turn: int  # which request of its connection this is, from 1
    connection: socket.socket
    closing: threading.Event
    keep: bool = False

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.connection.sendall(piece)

    def whole(self, body: bytes = b"", *lines: str, status: str = "200 OK") -> None:
        """A faultless answer, after which the connection stays."""
        self.send(head(f"Content-Length: {len(body)}", *lines, status=status) + body)
        self.keep = True

    def hang(self, seconds: float = 30) -> None:
        """Nothing more until the client has gone; ends at once when the server does."""
        if self.closing.wait(seconds):
            raise ConnectionAbortedError

    def reset(self) -> None:
        """End the connection as a crash does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def head(*lines: str, status: str = "200 OK") -> bytes:
    """The status line and the headers, and the empty line after them."""
    return "\r\n".join((f"HTTP/1.1 {status}", *lines, "", "")).encode("latin-1")


def says(*pieces: bytes) -> Answer:
    return lambda talk: talk.send(*pieces)


def sized(body: bytes, *lines: str) -> Answer:
    """A body under its honest length."""
    return says(head(f"Content-Length: {len(body)}", *lines), body)


def bare(body: bytes, *lines: str) -> Answer:
    """A body that ends with the connection."""
    return says(head(*lines), body)


def in_chunks(*pieces: bytes, end: bytes = b"0\r\n\r\n", lines: tuple[str, ...] = ()) -> Answer:
    return says(
        head("Transfer-Encoding: chunked", *lines), *(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces), end
    )


def hangs(*pieces: bytes) -> Answer:
    return lambda talk: (talk.send(*pieces), talk.hang())


def resets(*pieces: bytes) -> Answer:
    return lambda talk: (talk.send(*pieces), talk.hang(0.05), talk.reset())


def repeats(first: bytes, piece: bytes, every: float = 0.0, times: int = 1 << 40) -> Answer:
    """`first`, then `piece` again and again."""

    def answer(talk: Talk) -> None:
        talk.send(first)
        for _ in range(times):
            talk.send(piece)
            talk.hang(every)

    return answer


def refuses(status: str, *lines: str) -> Answer:
    return lambda talk: talk.whole(b"oops", *lines, status=status)


def moves(location: str, status: str = "302 Found") -> Answer:
    return lambda talk: talk.whole(b"", f"Location: {location}", status=status)


def sent_by(answer: Answer) -> bytes:
    """The bytes of an answer that does nothing but send."""
    sent = []
    answer(type("Ear", (), {"send": lambda _, *pieces: sent.extend(pieces)})())
    return b"".join(sent)


def bomb(piece: bytes, times: int) -> bytes:
    """`piece` so many times over as one gzip member, made without writing it out; its trailer is wrong."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    first, again = (deflate.compress(piece) + deflate.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first + again * (times - 1) + deflate.flush()


def once(first: Answer, then: bytes = b"right") -> Answer:
    """`first` the first time, and what is right from then on."""
    return lambda talk: first(talk) if talk.times == 1 else talk.whole(then)


def missing(talk: Talk) -> None:
    """The answer of any path that the test names no answer for."""
    talk.whole(b"<h1>Not here</h1>", "Content-Type: text/html", status="404 Not Found")


class _Connection(socketserver.StreamRequestHandler):
    server: "Server"

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # the client may hang up at any moment, and often should
            if isinstance(self.connection, ssl.SSLSocket):
                self.connection.do_handshake()
            self.connection.sendall(self.server.greeting)
            for turn in itertools.count(1):
                asked = self._asked()
                if not asked or not self.server.answer(asked, turn, self.connection):
                    return

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().finish()

    def _asked(self) -> Asked | None:
        line = self.rfile.readline()
        headers = {}
        while (said := self.rfile.readline()).strip():
            name, _, value = said.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return Asked(line.split()[1].decode("latin-1"), headers, time.monotonic()) if line.split() else None


class Server(socketserver.ThreadingTCPServer):
    """Answers on a free port of loopback while the ``with`` lasts; `context` makes it speak TLS."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self,
        answers: Mapping[str, Answer],
        *,
        otherwise: Answer = missing,
        context: ssl.SSLContext | None = None,
        greeting: bytes = b"",
    ) -> None:
        self.greeting = greeting
        self.answers, self.otherwise, self.context = dict(answers), otherwise, context
        self.asked: list[Asked] = []
        self.connections = 0
        self.closing = threading.Event()
        super().__init__(("127.0.0.1", 0), _Connection)

    @property
    def port(self) -> int:
        return self.server_address[1]

    @property
    def address(self) -> str:
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        """What was asked for, in order, without robots.txt."""
        return [asked.path for asked in self.asked if not asked.path.endswith("/robots.txt")]

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()

    def get_request(self):
        connection, address = super().get_request()
        self.connections += 1
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.context:
            connection = self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def answer(self, asked: Asked, turn: int, connection: socket.socket) -> bool:
        """Answer one request; whether the connection stays for another."""
        self.asked.append(asked)
        path = asked.path.partition("?")[0]
        times = sum(before.path == asked.path for before in list(self.asked))
        talk = Talk(asked, times, turn, connection, self.closing)
        self.answers.get(path, self.otherwise)(talk)
        return talk.keep


@dataclass
class Hurry:
    """A clock on which sleeping takes no time, yet time has passed afterwards."""

    slept: list[float] = field(default_factory=list)

    @property
    def ahead(self) -> float:
        return sum(self.slept)

    @property
    def clock(self) -> Clock:
        return Clock(
            time=lambda: time.time() + self.ahead,
            monotonic=lambda: time.monotonic() + self.ahead,
            sleep=self.slept.append,
        )


@contextlib.contextmanager
def quickly(seconds: float) -> Iterator[None]:
    """Fail when what is inside took longer than `seconds` of real time."""
    started = time.monotonic()
    yield
    assert time.monotonic() - started <= seconds
