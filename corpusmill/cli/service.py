"""A Prefect server on this machine, with all that belongs to it: up and down."""

import os
import shlex
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corpusmill.cli.console import emit, progress
from corpusmill.cli.settings import JsonOption, StoreOption, open_store
from corpusmill.errors import FlowError, Interrupted

if TYPE_CHECKING:
    from flows.service.down import Ended
    from flows.service.state import Up
    from flows.service.wanted import Wanted

HOST, PORT, DAYS = "127.0.0.1", 4200, 35
_WEBHOOK = "CORPUSMILL_WEBHOOK"
_UP = """Example: corpusmill up --detach, then corpusmill doctor, and corpusmill down.

For others too: corpusmill up --auth generate --host 0.0.0.0 --postgres postgresql://prefect@localhost:5432/prefect

--json gives, once all is well, {"api", "ui", "reports", "outside", "auth", "database", "pools", "deployments",
"automations", "workers", "logs", "pid", "already"}."""
_DOWN = 'Example: corpusmill down. --json gives {"ui", "ended", "running", "killed"}.'


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog=_UP)(up)
    app.command(epilog=_DOWN)(down)


def up(
    host: Annotated[str, typer.Option(help="Where the server listens; 0.0.0.0 is everywhere.")] = HOST,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Its port; 0 is a free one.")] = PORT,
    postgres: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="postgresql://USER@HOST:PORT/DATABASE instead of SQLite; a password is safer in CORPUSMILL_POSTGRES.",
        ),
    ] = "",
    auth: Annotated[
        str,
        typer.Option(
            metavar="USER:PASSWORD|generate",
            help="Let in only who says this; safer in CORPUSMILL_AUTH, since ps shows a command's options.",
        ),
    ] = "",
    webhook: Annotated[
        str, typer.Option(metavar="URL", help="Told of what fails or is held; safer in CORPUSMILL_WEBHOOK.")
    ] = "",
    days: Annotated[int, typer.Option(min=1, help="Told of a corpus that was not refreshed for so long.")] = DAYS,
    at_once: Annotated[
        int | None, typer.Option("--workers", min=1, help="Flow runs at once (default: one a processor).")
    ] = None,
    prefect_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Deployments of your own in place of corpusmill's prefect.yaml.")
    ] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Return once all is well; corpusmill down ends it.")] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start a Prefect server with pools, deployments, automations and a worker, and keep them running until Ctrl-C."""
    from flows.service import address, state
    from flows.service import up as service
    from flows.service.wanted import Wanted

    opened = open_store(store)
    folder = state.folder_of(opened)
    database, secret = _database(postgres, folder), _secret(auth, folder)
    if (there := service.standing(folder)) is not None:
        service.check_same(there, host=host, port=port, postgres=database, secret=bool(secret))
        emit(_value(there, folder, already=True), f"already up\n{_told(there, folder)}", as_json=as_json)
        return
    wanted = Wanted(
        store=opened,
        folder=folder,
        prefect_file=_declared(prefect_file),
        host=host,
        port=port or address.free(host),
        reports=address.beside(host, port) if port else address.free(host),
        postgres=database,
        secret=secret,
        webhook=webhook or os.environ.get(_WEBHOOK, ""),
        days=days,
        workers=at_once,
    )
    if not wanted.closed:
        _warn(f"everybody who reaches {host} may run code on this machine: nobody is asked for a password (--auth)")
    if detach:
        there = _detached(wanted)
        emit(_value(there, folder), _told(there, folder), as_json=as_json)
    else:
        _run(wanted, as_json=as_json)


def down(store: StoreOption = None, as_json: JsonOption = False) -> None:
    """End what corpusmill up started, workers first; runs under way are told to end, and keep what they have."""
    from flows.service import down as service
    from flows.service import state

    ended = service.down(state.folder_of(open_store(store)))
    emit(ended, _told_ended(ended), as_json=as_json)


def _declared(path: Path | None) -> Path:
    """The deployments to register, read once before anything starts."""
    from flows.service import declared

    path = (path or declared.default_file()).absolute()
    declared.read(path)
    return path


def _database(postgres: str, folder: Path) -> str:
    """What is said of PostgreSQL, refused where it is no address."""
    from flows.service import database

    postgres = postgres or os.environ.get(database.VARIABLE, "")
    database.connection(postgres, folder)
    return postgres


def _secret(said: str, folder: Path) -> str:
    """What the server is to ask for."""
    from flows.service import auth, state

    if said and said != auth.GENERATE:
        _warn(f"a password among a command's options is seen by all users of this machine (ps): use {auth.VARIABLE}")
    return auth.chosen(said or os.environ.get(auth.VARIABLE, ""), state.private(folder))


def _run(wanted: "Wanted", *, as_json: bool) -> None:
    """In the foreground, until a signal. What stops it is told here: the usual words repeat a command's options."""
    from flows.service import up as service

    with ExitStack() as bars:
        show = bars.enter_context(progress())

        def ready(there: "Up") -> None:
            bars.close()
            emit(_value(there, wanted.folder), f"{_told(there, wanted.folder)}\nCtrl-C ends it", as_json=as_json)

        try:
            service.run(wanted, ready, show, _say)
        except Interrupted as stopped:
            _say("ended, workers first; what was finished is kept")
            raise typer.Exit(128 + stopped.signum) from stopped


def _detached(wanted: "Wanted") -> "Up":
    """The same in a session of its own; returns when it says that it is up."""
    from flows.service import state

    with (wanted.folder / "up.log").open("ab") as log:
        child = subprocess.Popen(  # noqa: S603 - this interpreter, this program
            [sys.executable, "-P", "-m", "corpusmill", "up", "--json", *wanted.options],
            env={**os.environ, **wanted.secrets},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    try:
        said = _object(child)
    except BaseException:
        child.terminate()
        child.wait()
        raise
    there = state.read(wanted.folder)
    if "error" in said:
        child.wait()
        raise FlowError(said["error"]["message"], said["error"]["hint"])
    if there is None:
        raise FlowError("corpusmill up ended before it was up", f"see {wanted.folder / 'up.log'}")
    return there


def _object(child: "subprocess.Popen[bytes]") -> dict[str, Any]:
    """The one JSON object that it writes; {} where it ends without."""
    import msgspec

    assert child.stdout
    lines = []
    for line in child.stdout:
        lines.append(line)
        if line in (b"}\n", b"}") or line.startswith(b'{"error"'):
            found: dict[str, Any] = msgspec.json.decode(b"".join(lines))
            return found
    return {}


def _value(up: "Up", folder: Path, *, already: bool = False) -> dict[str, Any]:
    from flows.service import address

    return {
        "api": up.url,
        "ui": up.ui,
        "reports": up.reports,
        "outside": address.outside(up.host, up.port),
        "auth": up.auth,
        "database": up.database,
        "pools": up.pools,
        "deployments": up.deployments,
        "automations": up.automations,
        "workers": list(up.workers),
        "logs": str(folder),
        "pid": up.supervisor.pid,
        "already": already,
    }


def _told(up: "Up", folder: Path) -> str:
    """Addresses, and how other programs are told of them."""
    from flows.service import address

    limits = ", ".join(f"{name} ({limit or 'no limit'})" for name, limit in up.pools.items())
    lines = [
        f"UI          {up.ui}",
        f"API         {up.url}",
        f"reports     {up.reports}",
        f"database    {up.database}",
        f"registered  {up.deployments} deployments, {len(up.automations)} automations, pools {limits}",
        f"workers     {', '.join(up.workers) or 'none'}",
        f"logs        {folder}",
        f"to use it   export PREFECT_API_URL={up.url}",
    ]
    if outside := address.outside(up.host, up.port):
        lines.append(f"elsewhere   export PREFECT_API_URL={outside}/api")
    if up.auth:
        lines.append(f'password    export PREFECT_API_AUTH_STRING="$(cat {shlex.quote(up.auth)})"')
    return "\n".join(lines)


def _told_ended(ended: "Ended") -> str:
    if not ended.ui:
        return "nothing is up"
    lines = [f"ended {ended.ui}", *(f"  {name}" for name in ended.ended)]
    if ended.killed:
        lines.append("what had started it was killed before; the rest is cleared away")
    if ended.running:
        lines.append(
            f"{ended.running} flow runs were under way: they go on from what they have finished at the next up"
        )
    return "\n".join(lines)


def _warn(text: str) -> None:
    sys.stderr.write(f"corpusmill: WARNING: {text}\n")


def _say(text: str) -> None:
    sys.stderr.write(f"corpusmill: {text}\n")
    sys.stderr.flush()
