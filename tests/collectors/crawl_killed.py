"""A crawl that is killed again and again: ``python -m tests.collectors.crawl_killed [KILLS]`` prints what came of it.

A site of 5,000 pages runs in a process of its own and logs every request before it answers; the crawl runs in another
one and dies by SIGKILL whenever a random number of pages has been asked for. The log decides: every page was asked for
once, but for those in flight when a kill came.
"""

import os
import random
import signal
import socketserver
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import collectors
from corpusmill import spec
from corpusmill.http import Client, Limits, Network
from corpusmill.store import Store

PAGES = 5_000
WIDTH = 63  # characters of a line of the log, so that its size tells how many there are
EACH = 7  # pages that a page leads to, and that nobody else does
ROOT = Path(__file__).parents[2]
CORPUS = """
title = "Pages"
licence = "CC0-1.0"
[source]
transport = "crawl"
start = ["https://pages/p/0"]
depth = 9
most = 9_000
[parse]
kind = "text"
"""
SPELLINGS = [
    "HTTPS://Pages:443/p/{}",
    "/p/./{}#there",
    "//pages/q/../p/{};jsessionid=1F",
    "{}?utm_source=letter",
    "/%70/{}?PHPSESSID=2",
]


def page(number: int, pages: int) -> bytes:
    """A page: its own links in plain spelling, three to any page in another, and a name that no other page has."""
    own = [f"/p/{n}" for n in range(EACH * number + 1, EACH * number + EACH + 1) if n < pages]
    chance = random.Random(number)
    others = [chance.choice(SPELLINGS).format(chance.randrange(pages)) for _ in range(3)]
    name = "".join("abcdefghij"[int(digit)] for digit in str(number))
    links = "".join(f'<p><a href="{link}">link</a>' for link in [*own, *others])
    return f"<p>{name}{links}".encode()


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that was killed is no error."""


class Site(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def log_message(self, *_):
        pass

    def do_GET(self):
        os.write(self.server.log, f"{self.path:<{WIDTH}}\n".encode())
        host, _, number = self.path.removeprefix("/").rpartition("/")
        found = host == "pages/p" and number.isdecimal() and int(number) < self.server.pages
        body = page(int(number), self.server.pages) if found else b""
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve(log: Path, pages: int) -> None:
    with Server(("127.0.0.1", 0), Site) as server:
        server.pages = pages
        server.log = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        print(server.server_address[1], flush=True)  # noqa: T201 - the parent reads it
        server.serve_forever()


def crawl(store: Path, mirror: str) -> None:
    os.fsync = lambda _: None  # a kill loses nothing that was written: powercut.py is about what it takes to be durable
    corpus = spec.parse(CORPUS, "pages.toml")
    collectors.collect(corpus, Store(store), Client(Network(mirror=mirror), limits=Limits()))


@dataclass(frozen=True)
class Outcome:
    """What the log and the store say."""

    kills: int
    kept: int  # files of the snapshot
    asked: Counter  # path -> how often
    in_flight: Counter  # the path asked for last when a kill came -> how often
    seconds: float

    @property
    def twice(self) -> Counter:
        """What was asked for more than once, and how often too much."""
        return Counter({path: count - 1 for path, count in self.asked.items() if count > 1})


def run(folder: Path, kills: int, pages: int = PAGES, seed: int = 0) -> Outcome:
    """Crawl the site, killed `kills` times on the way."""
    began, log, chance = time.monotonic(), folder / "log", random.Random(seed)
    server = _start("serve", log, pages, stdout=subprocess.PIPE, text=True)
    try:
        mirror = f"http://127.0.0.1:{int(server.stdout.readline())}"
        in_flight = Counter()
        for after in sorted(chance.sample(range(1, pages - 1), kills)):
            child = _start("crawl", folder / "store", mirror)
            while log.stat().st_size < after * (WIDTH + 1) and child.poll() is None:
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.02))  # somewhere in the next few pages
            child.send_signal(signal.SIGKILL)
            assert child.wait() == -signal.SIGKILL
            in_flight[_pages(log)[-1]] += 1
        assert _start("crawl", folder / "store", mirror).wait() == 0
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()
    snapshot = Store(folder / "store").latest_snapshot("pages")
    kept = len({file.url for file in snapshot.files if file.status == 200})
    assert kept == len(snapshot.files)
    return Outcome(kills, kept, Counter(_pages(log)), in_flight, time.monotonic() - began)


def _pages(log: Path) -> list[str]:
    return [line for line in log.read_text().split() if not line.endswith("/robots.txt")]


def _start(*arguments, **options) -> subprocess.Popen:
    command = [sys.executable, "-m", "tests.collectors.crawl_killed", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, **options)


def _print(outcome: Outcome) -> None:
    known = (outcome.twice & outcome.in_flight).total()
    lines = [
        f"{outcome.kills} kills, {outcome.seconds:.0f} s",
        f"{outcome.kept:,} of {PAGES:,} pages in the snapshot",
        f"{outcome.asked.total():,} requests for {len(outcome.asked):,} addresses",
        f"{outcome.twice.total()} asked for twice, {known} of them in flight at a kill",
    ]
    print("\n".join(lines))  # noqa: T201 - a script


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", log, pages]:
            serve(Path(log), int(pages))
        case ["crawl", store, mirror]:
            crawl(Path(store), mirror)
        case [*kills]:
            with tempfile.TemporaryDirectory() as folder:
                _print(run(Path(folder), int(kills[0]) if kills else 50))
