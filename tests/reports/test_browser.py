"""A real browser shows the page as it is meant, and a hostile page does nothing in it."""

import http.server
import re
import struct
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

import reports
from tests import needs
from tests.reports.fake_run import Told, fake_run
from tests.reports.hostile import PAYLOADS, told_everywhere
from tests.reports.test_hostile import assert_nothing_got_in

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps"),
)


@pytest.fixture
def browse(tmp_path):
    """``browse(address, "--dump-dom")`` -> what Chromium prints."""
    program = needs.program("chromium")

    def run(address: str, *flags: str) -> str:
        command = [program, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", *flags, address]
        return subprocess.run(command, capture_output=True, check=True, timeout=120, text=True).stdout

    return run


def written(store, told: Told) -> Path:
    report, _ = reports.write(fake_run(store, told), store)
    return Path(report.path)


@pytest.mark.parametrize("policy", [True, False], ids=["with its policy", "without its policy"])
def test_a_hostile_page_does_nothing(store, browse, policy):
    """Escaping alone must hold; the policy is a second wall."""
    payloads = [payload for payload in PAYLOADS if len(payload) < 1000]
    told = told_everywhere("".join(payloads))
    each = {payload: payload for payload in payloads}
    drops = tuple((payload, payload, payload) for payload in payloads)
    path = written(store, replace(told, config={**told.config, **each}, machine=each, drops=drops))
    page = path.read_text(encoding="utf-8")
    if not policy:
        path.write_text(re.sub(r"<meta http-equiv[^>]*>", "", page), encoding="utf-8")
    shown = BeautifulSoup(browse(path.as_uri(), "--dump-dom"), "html.parser")
    assert shown.title.string.startswith("<script>document.title='got in'</script>")
    assert_nothing_got_in(shown)


def test_opening_a_page_asks_for_nothing_else(store, browse):
    path = written(store, Told())
    asked = []

    class Counting(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(path.read_bytes())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Counting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        shown = browse(f"http://127.0.0.1:{server.server_port}/report.html", "--dump-dom")
        server.shutdown()
    assert "<h1>The plays</h1>" in shown
    assert asked == ["/report.html"]


@pytest.mark.parametrize("width", [390, 1200])
def test_a_page_can_be_looked_at(store, browse, tmp_path, width):
    picture = tmp_path / "page.png"
    browse(written(store, Told()).as_uri(), f"--screenshot={picture}", f"--window-size={width},1600")
    head = picture.read_bytes()[:24]
    assert struct.unpack(">II", head[16:]) == (width, 1600)
    assert picture.stat().st_size > 40_000  # an empty page has some 5 kB
