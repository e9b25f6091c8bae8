"""Programs that the tests of this folder start and talk to, and the text they work on."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
TINY = ("train.steps=3", "train.hidden=8", "train.batch=4", "train.length=16", "train.samples.length=20")


def text(verses: int = 200) -> str:
    return "\n\n".join(f"Verse {n}: the mill turns {n} times and the river runs on." for n in range(verses))


def until(answer: Callable[[], object], seconds: float):
    """The first truthy answer within so many seconds, else the last."""
    deadline = time.monotonic() + seconds
    while not (found := answer()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def send(method: str, url: str, body: dict | None = None, auth: tuple[str, ...] | None = None):
    """The JSON of a server's first answer that is not 503, if it has any: a busy one on SQLite gives it."""

    def asked() -> httpx.Response | None:
        answer = httpx.request(method, url, json=body, auth=auth, timeout=30)
        return None if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE else answer

    answer = until(asked, 60).raise_for_status()
    return answer.json() if answer.content else None


def environment(home: Path, **more: str) -> dict[str, str]:
    """That of a program which is to find neither the developer's settings nor his home, but compiled code."""
    caches = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    return {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_CACHE_HOME": caches, **more}


@dataclass(frozen=True)
class Server:
    """A running Prefect server with a database of its own."""

    home: Path
    url: str

    def environment(self, **more: str) -> dict[str, str]:
        return environment(self.home, PREFECT_HOME=str(self.home), PREFECT_API_URL=self.url, DO_NOT_TRACK="1", **more)

    def ask(self, path: str, **body) -> list[dict]:
        """What a ``…/filter`` address of the API answers."""
        return send("POST", f"{self.url}/{path}/filter", body)

    def well(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=30).is_success
        except httpx.TransportError:
            return False

    def command(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "prefect", *arguments],
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout
