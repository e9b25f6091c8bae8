"""Which Prefect server is meant, and questions to it: plain HTTP, since importing Prefect takes longer than asking."""

import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
import platformdirs

from corpusmill.errors import FlowError
from corpusmill.store import Store
from corpusmill.store.ids import sha256

SECONDS = 10.0
_PAGE = 200  # the most that the API gives at once
_PAUSES = (0.5, 2.0, 5.0)  # seconds before a busy server is asked again
_NEAR = ("127.0.0.1", "::1", "localhost")  # asked without a proxy


@dataclass(frozen=True, slots=True)
class Api:
    """Where a server is, and what is said to be let in: ``USER:PASSWORD``, or nothing."""

    url: str  # ends in /api
    secret: str = field(default="", repr=False)

    def every(self, path: str, **body: Any) -> Iterator[dict[str, Any]]:
        """All that a ``…/filter`` path has, page by page. Raises FlowError."""
        user, _, password = self.secret.partition(":")
        who = httpx.BasicAuth(user, password) if self.secret else None
        try:
            near = httpx.URL(self.url).host in _NEAR
            with httpx.Client(base_url=self.url, auth=who, timeout=SECONDS, trust_env=not near) as client:
                yield from _pages(client, f"{path}/filter", body)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            hint = "start it: corpusmill up; or correct PREFECT_API_URL and PREFECT_API_AUTH_STRING"
            why = str(error).partition("\n")[0] or type(error).__name__
            raise FlowError(f"no server to ask at {self.url} ({why})", hint) from error


def find(store: Store, environment: Mapping[str, str]) -> Api | None:
    """The server of the environment, else of Prefect's active profile, else the one that is up for this store."""
    said = {**_profile(environment), **environment}
    if url := said.get("PREFECT_API_URL"):
        return Api(url.rstrip("/"), said.get("PREFECT_API_AUTH_STRING", ""))
    return _up(store)


def _pages(client: httpx.Client, path: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    offset, left = 0, True
    while left:
        page = _page(client, path, {**body, "limit": _PAGE, "offset": offset})
        offset, left = offset + len(page), len(page) == _PAGE
        yield from page


def _page(client: httpx.Client, path: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    """One page; a server whose SQLite is busy answers 503, and is asked again."""
    for pause in (*_PAUSES, 0.0):
        answer = client.post(path, json=body)
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            break
        time.sleep(pause)
    found: list[dict[str, Any]] = answer.raise_for_status().json()
    return found


def _profile(environment: Mapping[str, str]) -> dict[str, str]:
    """What ``prefect config set`` and ``prefect cloud login`` write."""
    home = Path(environment.get("PREFECT_HOME", "~/.prefect")).expanduser()
    path = Path(environment.get("PREFECT_PROFILES_PATH", home / "profiles.toml")).expanduser()
    try:
        known = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}
    active = environment.get("PREFECT_PROFILE") or known.get("active")
    return {name: str(value) for name, value in known.get("profiles", {}).get(active, {}).items()}


def _up(store: Store) -> Api | None:
    """The server that `corpusmill up` started, if its state says so."""
    folder = store.root / ".prefect" / "up"
    if store.bucket:
        folder = platformdirs.user_state_path("corpusmill") / "up" / sha256(store.place.encode())[:16]
    try:
        up = msgspec.json.decode((folder / "up.json").read_bytes())
        secret = Path(up["auth"]).read_text(encoding="utf-8").strip() if up.get("auth") else ""
        return Api(up["url"], secret)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return None
