"""Whether this machine, the place of the store and a Prefect server can keep what is promised; what to do if not."""

import os
from typing import Annotated

import msgspec
import typer

from corpusmill.cli.console import emit, progress
from corpusmill.cli.settings import JsonOption, StoreOption, open_store
from corpusmill.errors import CorpusmillError, UsageError


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(epilog="Example: corpusmill doctor --crash-test")(doctor)


def doctor(
    crash_test: Annotated[
        bool,
        typer.Option(
            "--crash-test", help="Also kill writers at random moments and race some, on the store's own disk."
        ),
    ] = False,
    kills: Annotated[int | None, typer.Option("--kills", min=1, help="Writers to kill (default 100).")] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check this machine, the store's disk or bucket and a Prefect server; exit status 1 where a promise fails."""
    from corpusmill.doctor.checks import CHECKS, KILLS, examine, promises
    from corpusmill.doctor.finding import WRONG
    from flows.service.checks import table

    if kills and not crash_test:
        raise UsageError("--kills says how many a crash test kills", "add --crash-test")
    opened = open_store(store)
    with progress() as show:
        found = list(examine(opened, {**CHECKS, **table(opened, os.environ)}, show))
    if crash_test:
        with progress() as show:
            found += examine(opened, promises(kills or KILLS, show), show)
    wrong = sum(finding.state == WRONG for finding in found)
    text = "\n".join([*map(str, found), f"{wrong:,} wrong" if wrong else "all promises hold here"])
    value = {"store": str(opened), "well": not wrong, "findings": msgspec.to_builtins(found)}
    emit(value, text, as_json=as_json)
    if wrong:
        raise typer.Exit(CorpusmillError.exit_status)
