"""A token that a user gives reaches the host, and is in nothing that is written or said."""

import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CANARY = "c4n4ry-t0ken-of-a-user"
TEXT = "\n\n".join(f"The {n} mills grind slowly, and {n} stones turn; who counts to {n * n}?" for n in range(200))


class Guarded(http.server.BaseHTTPRequestHandler):
    """Shows its text to who knows the token, in the address or in a header."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked.set()
        if self.server.slow.is_set():
            time.sleep(2)
        known = f"token={CANARY}" in self.path or self.headers["Authorization"] == f"Bearer {CANARY}"
        status = 404 if self.path == "/robots.txt" else 200 if known else 403
        self.server.answered.append(status)
        self.send_response(status, f"for {self.path}")
        self.send_header("Content-Length", str(len(TEXT)))
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(TEXT.encode())


@pytest.fixture
def host():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Guarded) as server:
        server.answered, server.slow, server.asked = [], threading.Event(), threading.Event()
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def corpusmill(store: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "corpusmill", *arguments, "--allow-private", "--store", str(store), "--debug"]
    settings = {**os.environ, **environment, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=store.parent, env=settings, capture_output=True, text=True, check=False)


def assert_nowhere(folder: Path, done: subprocess.CompletedProcess[str]) -> None:
    assert CANARY not in done.stdout + done.stderr
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if CANARY.encode() in path.read_bytes()] == []


SHORT = ["--set", "train.steps=4", "--set", "train.hidden=16", "--set", "train.samples.length=40"]


@pytest.mark.parametrize("plain", [["--plain"], []], ids=["plain", "as a flow"])
def test_a_token_in_an_address_is_in_no_file_and_no_word(tmp_path, host, plain, migrated):
    (tmp_path / "store" / ".prefect").mkdir(parents=True)
    shutil.copy(migrated, tmp_path / "store" / ".prefect" / "prefect.db")
    address = f"http://127.0.0.1:{host.server_port}/poem.txt?token={CANARY}&page=1"
    done = corpusmill(tmp_path / "store", "run", address, *plain, *SHORT)
    assert done.returncode == 0, done.stderr
    assert 200 in host.answered
    assert_nowhere(tmp_path, done)
    (manifest,) = (tmp_path / "store" / "poem" / "snapshots").glob("*/manifest.json")
    assert json.loads(manifest.read_bytes())["files"][0]["url"].endswith("/poem.txt?token=${URL_1}&page=1")


def test_a_token_in_a_header_is_in_no_file_and_no_word(tmp_path, host):
    (tmp_path / "mill.toml").write_text(
        f"""title = "Mill"
licence = "CC0-1.0"
[source]
transport = "files"
urls = ["http://127.0.0.1:{host.server_port}/poem.txt"]
[source.headers]
Authorization = "Bearer ${{MILL}}"
[parse]
kind = "text"
""",
        encoding="utf-8",
    )
    done = corpusmill(tmp_path / "store", "collect", "mill.toml", CORPUSMILL_SECRET_MILL=CANARY)
    assert done.returncode == 0, done.stderr
    assert 200 in host.answered
    assert_nowhere(tmp_path, done)


@pytest.mark.parametrize("secret", [{}, {"CORPUSMILL_SECRET_MILL": f"wr0ng-{CANARY}"}])
def test_an_error_names_the_secret_and_never_its_value(tmp_path, host, secret):
    address = f"http://127.0.0.1:{host.server_port}/poem.txt?key=${{MILL}}"
    done = corpusmill(tmp_path / "store", "collect", address, **secret)
    assert done.returncode == 1
    assert "MILL" in done.stderr
    assert CANARY not in done.stdout + done.stderr


def test_a_stopped_command_does_not_say_the_token_again(tmp_path, host):
    host.slow.set()
    command = [sys.executable, "-m", "corpusmill", "collect", f"http://127.0.0.1:{host.server_port}/a?token={CANARY}"]
    command += ["--allow-private", "--store", str(tmp_path / "store")]
    settings = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, env=settings, stdout=pipe, stderr=pipe, text=True) as process:
        assert host.asked.wait(30)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30), host.slow.clear()
    assert process.returncode == 130
    assert "To go on: corpusmill collect" in said[1]
    assert "token=${URL_1}" in said[1]
    assert CANARY not in "".join(said)
