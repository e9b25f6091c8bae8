"""Questions to a Prefect server's API, in JSON. Small enough for a process that lives as long as the server does."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import httpx

from corpusmill.errors import FlowError
from flows.service.address import is_loopback

SECONDS = 60.0  # a busy SQLite lets one wait
PAGE = 200  # the most that the API gives at once
REFUSED = (401, 403)
_PAUSES = (0.5, 2.0, 5.0, 0.0)  # seconds after which a server is asked again whose SQLite is busy: it answers 503


@dataclass(frozen=True, slots=True)
class Api:
    """Where the server is, and what is said to be let in."""

    url: str  # ends in /api
    secret: str = field(default="", repr=False)  # tracebacks are kept
    seconds: float = SECONDS  # that an answer may take

    def well(self) -> bool:
        """Whether it answers."""
        try:
            return self._client(2.0).get("/health").is_success
        except httpx.HTTPError:
            return False

    def get(self, path: str) -> Any:
        """What is at a path; None where nothing is. Raises FlowError."""
        return self._asked("GET", path)

    def post(self, path: str, **body: Any) -> Any:
        """Make or find something. Raises FlowError."""
        return self._asked("POST", path, body)

    def patch(self, path: str, **body: Any) -> None:
        """Change something. Raises FlowError."""
        self._asked("PATCH", path, body)

    def every(self, path: str, **body: Any) -> Iterator[dict[str, Any]]:
        """All that a ``…/filter`` path has, page by page. Raises FlowError."""
        offset, left = 0, True
        while left:
            page = self.post(f"{path}/filter", **body, offset=offset, limit=PAGE)
            if page is None:
                raise FlowError(f"{self.url} is not where Prefect's API is", "correct PREFECT_API_URL: it ends in /api")
            yield from page
            offset, left = offset + len(page), len(page) == PAGE

    def clock(self) -> datetime:
        """What time the server has, to the second. Raises FlowError."""
        return parsedate_to_datetime(self._send("GET", "/health", None).headers["date"])

    @property
    def host(self) -> str:
        """Its name or address."""
        return httpx.URL(self.url).host

    def of_a_stranger(self) -> "Api":
        """The same, asked by somebody who says nothing of who they are."""
        return Api(self.url)

    def lets_in(self) -> bool:
        """Whether what we say of who we are is enough. Raises FlowError."""
        return self._send("GET", "/admin/version", None).status_code not in REFUSED

    def _asked(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._send(method, path, body)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if answer.status_code in REFUSED:
            hint = "set PREFECT_API_AUTH_STRING to USER:PASSWORD as the server has it"
            raise FlowError(f"{self.url} asks who we are, and refuses what we say", hint)
        if answer.is_error:
            what = f"{method} {path}: {answer.status_code} {answer.text[:200]}"
            raise FlowError(f"{self.url} refuses {what}", "see the server's log")
        return answer.json() if answer.content else None

    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> httpx.Response:
        try:
            with self._client(self.seconds) as client:
                for pause in _PAUSES:
                    answer = client.request(method, path, json=body)
                    if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                        break
                    time.sleep(pause)
                return answer
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            hint = "start it: corpusmill up; or correct PREFECT_API_URL"
            raise FlowError(f"no server answers at {self.url} ({error or type(error).__name__})", hint) from error

    def _client(self, seconds: float) -> httpx.Client:
        user, _, password = self.secret.partition(":")
        who = httpx.BasicAuth(user, password) if self.secret else None
        return httpx.Client(base_url=self.url, auth=who, timeout=seconds, trust_env=not is_loopback(self.host))


def named(path: str, name: str) -> str:
    """``work_pools/NAME``, whatever characters the name has."""
    return f"{path}/{quote(name, safe='')}"
