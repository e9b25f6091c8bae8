"""The environments of the server and of what talks to it. Secrets travel here, never in a command's arguments."""

import os
from collections.abc import Mapping
from pathlib import Path

from corpusmill.store import Store
from flows.service import address, auth, database
from flows.service.processes import MARK, mark_of

ASKS = "PREFECT_SERVER_API_AUTH_STRING"
GIVES = "PREFECT_API_AUTH_STRING"
WEBHOOK = "CORPUSMILL_WEBHOOK"
QUIET = {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
TUNED = {
    # One transaction a task run is what makes SQLite slow: 1,000 of them cost 21.6 s of CPU, by the hundred 6.7 s.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "100",
    # In memory, who has a slot of a deployment's limit is forgotten when the server ends: what it was starting would
    # find its own slot taken, and be cancelled.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
}
# What says which server, and who we are, is said by us alone.
_OURS = ("PREFECT_API_URL", "PREFECT_API_KEY", "PREFECT_PROFILE", "PREFECT_UI_API_URL", "PREFECT_UI_URL", ASKS, GIVES)
_SECRETS = (auth.VARIABLE, database.VARIABLE, WEBHOOK)


def server(folder: Path, *, host: str, port: int, postgres: str, secret: str) -> dict[str, str]:
    """That of the server. What the user has tuned stays as it is."""
    own = {
        "PREFECT_HOME": str(folder),
        MARK: mark_of(folder),
        "PREFECT_SERVER_API_HOST": host,
        "PREFECT_SERVER_API_PORT": str(port),
        # Whatever name a browser knows this machine by, it asks the server that it has the page from.
        "PREFECT_SERVER_UI_API_URL": "/api",
        "PREFECT_UI_URL": address.outside(host, port) or address.url(host, port),  # in links of notifications
        # Else any page of the web that a browser here shows could start runs.
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": address.url(host, port),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": database.connection(postgres, folder),
    }
    return {**QUIET, **TUNED, **_inherited(), **own, **({ASKS: secret} if secret else {})}


def client(folder: Path, url: str, secret: str, store: Store | None = None) -> dict[str, str]:
    """That of workers and deployers, and of the flow runs that a worker starts."""
    own = {
        "PREFECT_HOME": str(folder),
        MARK: mark_of(folder),
        "PREFECT_API_URL": f"{url}/api",
        "no_proxy": _directly(url),
    }
    if store:
        own["CORPUSMILL_STORE"] = store.place
    return {**QUIET, **_inherited(), **own, **({GIVES: secret} if secret else {})}


def _inherited() -> Mapping[str, str]:
    return {name: value for name, value in os.environ.items() if name not in (*_OURS, *_SECRETS)}


def _directly(url: str) -> str:
    """No proxy stands between this machine and a server of its own."""
    host = url.removeprefix("http://").rpartition(":")[0].strip("[]")
    others = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    return f"{others},{host}" if others else host
