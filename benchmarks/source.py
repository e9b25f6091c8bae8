"""Small corpora whose host answers slowly and changes its texts when it is told to.

with Source(seconds=0.4) as source:
    toml = source.declare("mill", folder)
    source.change("mill")
"""

import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

from corpusmill.store import Store
from corpusmill.store.ids import sha256

HOST, PARTS, PIECES, VERSES = "source.example", 4, 4, 60
_CORPUS = """title = "A small corpus"
about = "To measure with."
licence = "CC0-1.0"
[source]
transport = "files"
urls = [{urls}]
[parse]
kind = "lines"
unit = "paragraph"
[split]
scheme = "document"
[train]
steps = 3
hidden = 8
batch = 4
length = 16
[train.samples]
length = 20
"""


class Source:
    """Corpora by name, each of `PARTS` texts, each of which takes so many seconds to come."""

    def __init__(self, seconds: float = 0.0) -> None:
        """Nothing has been asked for."""
        self.seconds = seconds
        self.generation: Counter[str] = Counter()
        self.asked: Counter[tuple[str, int]] = Counter()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"  # for CORPUSMILL_MIRROR

    def __enter__(self) -> Self:
        """Answer, in a thread."""
        threading.Thread(target=self._server.serve_forever, args=[0.1], daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()

    def declare(self, corpus: str, folder: Path) -> str:
        """Write a corpus file; returns its path, which is a target."""
        urls = ", ".join(f'"https://{HOST}/{corpus}/{part}.txt"' for part in range(PARTS))
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{corpus}.toml"
        path.write_text(_CORPUS.format(urls=urls), encoding="utf-8")
        return str(path)

    def change(self, corpus: str) -> int:
        """Give other texts from now on."""
        self.generation[corpus] += 1
        return self.generation[corpus]

    def stage(self, store: Store, corpus: str) -> str:
        """How far a refresh of today's texts is, by what was asked for and what is stored."""
        today = sha256(text(corpus, 0, self.generation[corpus]))
        got = [snapshot.id for snapshot in store.snapshots(corpus) if snapshot.files[0].sha256 == today]
        if got and got[-1] in {version.snapshot for version in store.versions(corpus)}:
            return "published"
        if got:
            publishing = any((store.corpus(corpus) / "versions").glob(".*"))
            return "publish" if publishing else "build"
        return "collect" if self.asked[corpus, self.generation[corpus]] else "start"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        source = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                source.answer(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler

    def answer(self, asker: BaseHTTPRequestHandler) -> None:
        """Send one body, a piece at a time."""
        corpus, _, part = asker.path.removeprefix(f"/{HOST}/").removesuffix(".txt").partition("/")
        if not part.isdecimal():
            asker.send_error(404)
            return
        generation = self.generation[corpus]
        self.asked[corpus, generation] += 1
        body = text(corpus, int(part), generation)
        asker.send_response(200)
        asker.send_header("Content-Type", "text/plain; charset=utf-8")
        asker.send_header("Content-Length", str(len(body)))
        asker.end_headers()
        size = -(-len(body) // PIECES)
        try:
            for start in range(0, len(body), size):
                time.sleep(self.seconds / PIECES)
                asker.wfile.write(body[start : start + size])
        except OSError:  # who asked was killed
            asker.close_connection = True


def text(corpus: str, part: int, generation: int) -> bytes:
    """A text of this generation."""
    said = f"of {corpus}, part {part}, year {generation}"
    return "\n\n".join(f"Verse {n} {said}: the mill turns {n * generation} times." for n in range(VERSES)).encode()
