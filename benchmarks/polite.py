"""How often several workers together ask one host, seen by the host, with and without the gate they share.

    python -m benchmarks polite [--workers 1 2 4] [--pages N] [--delay S]

The host, on this machine, has a crawl delay in its robots.txt and notes when each page is asked for. The gate is at the
server that PREFECT_API_URL names, else at one that is started for it; what a turn takes is told, waiting aside.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

from benchmarks.scale import serving

START = "go\n"


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks polite", description=__doc__.partition("\n")[0])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4], help="processes at once (default 1 2 4)")
    parser.add_argument("--pages", type=int, default=40, help="that all of them fetch together (default 40)")
    parser.add_argument("--delay", type=float, default=0.5, help="seconds that robots.txt asks for (default 0.5)")
    asked = parser.parse_args(arguments)
    print(f"{asked.pages} pages of one host, one every {asked.delay:g} s allowed: {1 / asked.delay:.2f} a second")
    with ExitStack() as stack:
        environment = dict(os.environ)
        if not environment.get("PREFECT_API_URL"):
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            environment = stack.enter_context(serving(Path(folder), "")).environment()
        for shared in (False, True):
            for workers in asked.workers:
                moments, turns = visit(workers, asked.pages, asked.delay, environment, shared=shared)
                print(told(workers, moments, turns, shared=shared), flush=True)


def told(workers: int, moments: list[float], turns: list[float], *, shared: bool) -> str:
    """A line of the table."""
    gaps = [after - before for before, after in pairwise(sorted(moments))]
    line = f"{workers} workers, {'gate' if shared else 'none'}: {1 / statistics.mean(gaps):6.2f} a second"
    line += f", gaps from {min(gaps):.3f} s, median {statistics.median(gaps):.3f} s"
    return line + (f"; a turn {statistics.median(turns) * 1000:.1f} ms" if turns else "")


def visit(
    workers: int, pages: int, delay: float, environment: Mapping[str, str], *, shared: bool
) -> tuple[list[float], list[float]]:
    """When the host was asked for a page, and how many seconds each turn at the gate took that was not waited for."""
    with host(delay) as (address, moments):
        command = [sys.executable, "-m", "benchmarks.polite_worker", address, str(pages // workers), str(int(shared))]
        started = [
            subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(workers)
        ]
        for process in started:
            assert process.stdout
            process.stdout.readline()  # it is ready
        for process in started:
            assert process.stdin
            process.stdin.write(START)
            process.stdin.flush()
        ends = [process.communicate()[0].splitlines()[-1] for process in started]
    return moments, [turn for end in ends for turn in json.loads(end)]


@contextmanager
def host(delay: float) -> Iterator[tuple[str, list[float]]]:
    """The address of a host with a crawl delay, and the list of moments at which a page of it was asked for."""
    moments: list[float] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            robots = self.path == "/robots.txt"
            if not robots:
                moments.append(time.monotonic())
            body = f"User-agent: *\nCrawl-delay: {delay}\n".encode() if robots else b"A page.\n"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", moments
        server.shutdown()
