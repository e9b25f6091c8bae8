"""How corpora and flow runs fare, and what needs somebody: from the store, and from a Prefect server, if any."""

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from corpusmill import spec
from corpusmill.cli.console import emit, table
from corpusmill.cli.settings import JsonOption, StoreOption, open_store
from corpusmill.errors import CorpusmillError, UnknownNameError
from corpusmill.store import Store

if TYPE_CHECKING:
    from flows.health import Health
    from flows.health.server import FlowRun, Orchestra
    from flows.health.shelf import Shelf

DAYS = 35
_COLUMNS = ("corpus", "version", "checked", "changed", "run", "bits/byte", "next", "")


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(epilog="Example: corpusmill status --check || mail -s corpusmill root")(status)


def status(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Corpora; by default all.")] = None,
    days: Annotated[
        int, typer.Option(min=1, max=36_500, help="How far to look back, and how old a corpus of the catalogue may be.")
    ] = DAYS,
    check: Annotated[bool, typer.Option("--check", help="Exit status 1 where something needs somebody.")] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how new each corpus is, what runs, and what needs somebody, each with the command that helps."""
    from flows.health import look
    from flows.service.look import find

    opened = open_store(store)
    _check(names or [], opened)
    found = look(opened, names or [], days=days, moment=datetime.now(UTC), server=find(opened, os.environ))
    value = {"store": opened.place, "well": not found.needs, "days": days, **msgspec.to_builtins(found)}
    emit(value, _said(found, opened, days), as_json=as_json)
    if check and found.needs:
        raise typer.Exit(CorpusmillError.exit_status)


def _check(names: list[str], store: Store) -> None:
    """Raises UnknownNameError for what is neither in the store nor in the catalogue."""
    known = {*store.corpora(), *spec.names()} if names else set()
    for name in names:
        if name not in known:
            raise UnknownNameError(f"no corpus is named {name!r}", spec.nearest(name, sorted(known), "corpora"))


def _said(found: "Health", store: Store, days: int) -> str:
    due = found.server.next if found.server else {}
    parts = [
        table([_row(each, due) for each in found.corpora], [name.upper() for name in _COLUMNS])
        if found.corpora
        else f"{store.place} has no corpus yet: corpusmill collect NAME",
        *([_heard(found.server, days)] if found.server else []),
        _needs(found),
    ]
    return "\n\n".join(parts)


def _row(each: "Shelf", due: dict[str, str]) -> list[object]:
    notes = [
        *(["damaged"] if each.damaged else []),
        *(["held"] if each.held else []),
        *([f"trainings cut off: {len(each.stopped):,}"] if each.stopped else []),
    ]
    best = "-" if each.bits_per_byte is None else f"{each.bits_per_byte:.4f}"
    run = each.run.rpartition("/")[2] or "-"
    dates = (each.checked[:10] or "-", each.changed[:10] or "-")
    return [each.corpus, each.version or "-", *dates, run, best, due.get(each.corpus, "-")[:10], ", ".join(notes)]


def _heard(server: "Orchestra", days: int) -> str:
    """What the server says, in lines."""
    if server.why:
        return f"server {server.url}: does not answer"
    online = ", ".join(f"{pool} {count:,}" for pool, count in server.workers.items()) or "no work pool"
    lines = [f"server {server.url}: workers online: {online}"]
    groups = {
        "running": server.running,
        "late": server.late,
        f"failed in {days:,} days": server.failed,
        f"held in {days:,} days": server.held,
    }
    for name, runs in groups.items():
        lines += [f"  {name}: {_flow_run(run)}" for run in runs]
    return "\n".join(lines)


def _flow_run(run: "FlowRun") -> str:
    from flows.health.needs import duration

    about = f" ({run.corpus})" if run.corpus and run.corpus not in run.name else ""
    return f"{run.name}{about}  {run.state}, {duration(run.seconds)}  {run.id}"


def _needs(found: "Health") -> str:
    if not found.needs:
        return "nothing needs you"
    lines: list[Any] = [f"{len(found.needs):,} to look after:"]
    for number, need in enumerate(found.needs, start=1):
        lines += [f"{number:>3}. {_printable(need.what)}", f"     {need.command}"]
    return "\n".join(lines)


def _printable(text: str) -> str:
    from corpusmill.lineage import printable

    return printable(text)
