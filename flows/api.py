"""Which Prefect API a command's flow reports to: the configured one, or a server of our own while the command runs.

Nothing here imports Prefect before its environment stands: importing it makes its home, reads its settings and starts
its analytics.
"""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from pathlib import Path
from socket import create_server

import filelock

from corpusmill.errors import FlowError
from corpusmill.store.commit import disk_errors, make_folder

STARTUP_SECONDS = 90  # a first start migrates an empty database: 15 s of CPU
QUEUE_SECONDS = 1800  # commands that start together wait for one another
STOP_SECONDS = 10
LOG = "server.log"
_REFUSED = (401, 403)
_SERVER = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
_OWN: ContextVar[bool] = ContextVar("own", default=False)


@contextmanager
def connected(home: Path) -> Iterator[None]:
    """Let flows run inside, quietly. `home` keeps the history where Prefect is not configured.

    Raises FlowError where no server answers, StoreError where `home` cannot be written.
    """
    home = _settle(home)
    from prefect.settings import get_current_settings, temporary_settings

    with ExitStack() as stack:
        stack.enter_context(_quiet())
        if "heartbeat_frequency" not in get_current_settings().flows.model_fields_set:
            # Its thread holds every flow up by a second, and who waits for it waits for flow runs of deployments.
            stack.enter_context(temporary_settings({"flows.heartbeat_frequency": None}))
        if configured := get_current_settings().api.url:
            _check(configured)
        else:
            stack.enter_context(_own_server(home))
        yield


def is_own() -> bool:
    """Whether flows that run here report to a server of the command's own, which nobody else uses."""
    return _OWN.get()


def _settle(home: Path) -> Path:
    """Make the environment that Prefect reads when it is imported; what is set already stays. Returns its home."""
    os.environ.setdefault("DO_NOT_TRACK", "1")
    own = Path(os.environ.get("PREFECT_HOME", home)).expanduser().absolute()
    if not Path("~/.prefect").expanduser().exists():
        os.environ.setdefault("PREFECT_HOME", str(own))
    with disk_errors(own):
        make_folder(own)
    return own


def _check(url: str) -> None:
    """Raises FlowError where the configured server is absent, of another major version, or refuses us."""
    import httpx
    from prefect.client.orchestration import get_client

    try:
        with get_client(sync_client=True) as client:
            client.raise_for_api_version_mismatch_once()
    except (httpx.HTTPError, RuntimeError) as error:
        if isinstance(error, httpx.HTTPStatusError) and error.response.status_code in _REFUSED:
            hint = "set PREFECT_API_AUTH_STRING to USER:PASSWORD as the server has it, or repeat with --plain"
            raise FlowError(f"the Prefect server at {url} asks who we are, and refuses what we say", hint) from error
        hint = "start it, or unset PREFECT_API_URL, or repeat with --plain"
        raise FlowError(f"no Prefect server to use at {url} ({error.__cause__ or error})", hint) from error


@contextmanager
def _own_server(home: Path) -> Iterator[None]:
    from prefect.settings import temporary_settings

    with _running_server(home) as url, temporary_settings({"api.url": url}):
        own = _OWN.set(True)
        try:
            yield
        finally:
            _OWN.reset(own)
            _send_the_rest()


@contextmanager
def _running_server(home: Path) -> Iterator[str]:
    """The address of a server that runs while the block does. Raises FlowError."""
    with ExitStack() as stack:
        with _turn(home):
            with create_server(("127.0.0.1", 0)) as listener:
                url = f"http://127.0.0.1:{listener.getsockname()[1]}/api"
                server = _start(listener.fileno(), home)
            stack.callback(_stop, server)
            _wait_for(url, home)
        _reach_directly("127.0.0.1")
        yield url


@contextmanager
def _turn(home: Path) -> Iterator[None]:
    """Start one server at a time: two would both migrate an empty database, and many would all be too slow."""
    lock = filelock.FileLock(home / "server.lock")
    try:
        lock.acquire(timeout=QUEUE_SECONDS)
    except filelock.Timeout as error:
        hint = "repeat with --plain, or start one server for all of them and set PREFECT_API_URL"
        raise FlowError(f"other commands have been starting servers in {home} for too long", hint) from error
    try:
        yield
    finally:
        lock.release()


def _start(listener: int, home: Path) -> subprocess.Popen[bytes]:
    """A server in a session of its own, so that Ctrl-C at the terminal does not reach it; see `flows.server`."""
    with (home / LOG).open("w") as log:
        return subprocess.Popen(  # noqa: S603 - this interpreter, a module of ours
            [sys.executable, "-P", "-m", "flows.server", str(listener)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            pass_fds=[listener],
            start_new_session=True,
            env={**_SERVER, "PREFECT_HOME": str(home), **os.environ},
        )


def _wait_for(url: str, home: Path) -> None:
    """The listening socket keeps the question until the server has started; if it dies, the connection is reset."""
    import httpx

    try:
        httpx.get(f"{url}/health", timeout=STARTUP_SECONDS, trust_env=False).raise_for_status()
    except httpx.HTTPError as error:
        hint = f"see {home / LOG}, or repeat with --plain"
        raise FlowError(f"Prefect's server did not start ({error or type(error).__name__})", hint) from error


def _stop(server: subprocess.Popen[bytes]) -> None:
    assert server.stdin
    server.stdin.close()
    server.terminate()  # one that is still starting does not listen to its input yet
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _reach_directly(host: str) -> None:
    """Let no proxy of the environment stand between us and a server of our own."""
    others = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    os.environ["no_proxy"] = f"{others},{host}" if others else host


def _send_the_rest() -> None:
    """Send what Prefect would only send at exit, when the server is gone."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    EventsWorker.drain_all(timeout=STOP_SECONDS)
    APILogWorker.drain_all(timeout=STOP_SECONDS)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what flows and tasks log off the console; the API has it, and the caller tells of a failure in one line."""
    loggers = [logging.getLogger(f"prefect.{runs}") for runs in ("flow_runs", "task_runs")]
    for logger in loggers:
        logger.propagate = False
    try:
        yield
    finally:
        for logger in loggers:
            logger.propagate = True
