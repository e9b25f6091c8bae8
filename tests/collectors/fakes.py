"""Sites that are dictionaries: served by an intake without a network, or by a mirror on loopback."""

import http.server
import io
import sqlite3
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import collectors
from collectors.frontier import Frontier
from corpusmill import spec
from corpusmill.errors import CollectError
from corpusmill.http import Client, Fetched, Network
from corpusmill.store.ids import sha256
from corpusmill.types import RawFile


@dataclass(frozen=True)
class Page:
    """An answer."""

    body: bytes = b""
    media_type: str = "text/html"
    status: int = 200
    final_url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class FakeIntake:
    """Serves pages and errors; what was fetched once is recalled, without its headers, as after a kill."""

    def __init__(self, site, connection=None):
        self.site = site
        self.frontier = Frontier(connection or sqlite3.connect(":memory:"))
        self.asked, self.notes, self.journal = [], [], {}

    def get(self, url, headers=None, *, anew=False):
        if url in self.journal and not anew:
            return self._fetched(url, self.journal[url], {})
        self.asked.append(url)
        page = self.site.get(url, Page(status=404))
        if isinstance(page, CollectError):
            raise page
        page = page if isinstance(page, Page) else Page(page.encode() if isinstance(page, str) else page)
        self.journal[url] = page
        return self._fetched(url, page, page.headers)

    def note(self, text):
        self.notes.append(text)

    def again(self):
        """The intake of the next process."""
        other = FakeIntake(self.site, self.frontier._connection)
        other.journal = self.journal
        return other

    def _fetched(self, url, page, headers):
        record = RawFile(
            url=url,
            final_url=page.final_url or url,
            status=page.status,
            sha256=sha256(page.body),
            bytes=len(page.body),
            media_type=page.media_type,
        )
        return Fetched(record, False, headers, lambda: io.BytesIO(page.body))


class _Handler(http.server.BaseHTTPRequestHandler):
    """Serves ``host/path`` pages with an ETag each, and tells their validity in 304s without a Link header."""

    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def log_message(self, *_):
        pass

    def do_GET(self):
        page = self.server.site.get(self.path.removeprefix("/"), Page(status=404))
        page = page if isinstance(page, Page) else Page(page.encode())
        etag = f'"{sha256(page.body)[:8]}"'
        unchanged = self.headers["If-None-Match"] == etag
        self.server.asked[self.path.removeprefix("/"), 304 if unchanged else page.status] += 1
        headers = {"Location": page.final_url} if page.final_url else {"Content-Type": page.media_type, "ETag": etag}
        self.send_response(304 if unchanged else 302 if page.final_url else page.status)
        for name, value in ({} if unchanged else {**headers, **page.headers}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(0 if unchanged else len(page.body)))
        self.end_headers()
        self.wfile.write(b"" if unchanged else page.body)


@contextmanager
def loopback(site):
    """A mirror of a site, ``host/path`` -> page; it remembers what it was `asked`, with the status it answered."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        server.site, server.asked = site, Counter()
        server.address = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def collected(server, store, source: str, name: str = "site"):
    """A collect of a corpus with this ``[source]`` through the real client: the snapshot and whether it is new."""
    text = f'title = "Site"\nlicence = "CC0-1.0"\n[source]\n{source}\n[parse]\nkind = "text"\n'
    got = collectors.collect(spec.parse(text, f"{name}.toml"), store, Client(Network(mirror=server.address)))
    return got.snapshot, got.made
