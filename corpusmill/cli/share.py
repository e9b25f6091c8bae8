"""Giving to others: a mirror for other machines and other people, and exports for other tools."""

import json
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corpusmill.cli.console import emit, progress
from corpusmill.cli.settings import JsonOption, StoreOption, open_store
from corpusmill.errors import Interrupted, UnknownNameError, UsageError
from corpusmill.store import Store, pins, refs
from corpusmill.types import Snapshot

if TYPE_CHECKING:
    from corpusmill.mirror import Server


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog="Example: corpusmill mirror --host 0.0.0.0 --port 8000")(mirror)
    app.command(epilog="Example: corpusmill export bible@v1 --to hf bible-for-the-hub")(export)


def mirror(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="host/path files to serve (default: what was collected)."),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8000,
    host: Annotated[str, typer.Option(help="Where to listen; 0.0.0.0 opens it to the network.")] = "127.0.0.1",
    log: Annotated[bool, typer.Option("--log", help="A line on stderr for every request.")] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Serve what was collected to others, who need not ask the sources again. Goes on until it is stopped."""
    from corpusmill.mirror import serve

    try:
        with serve(folder or open_store(store), host, port, log=log) as server:
            _announce(server, as_json=as_json)
            server.serve_forever()
    except KeyboardInterrupt as stop:
        raise typer.Exit(128 + (stop.signum if isinstance(stop, Interrupted) else Interrupted().signum)) from None


def export(
    ref: Annotated[
        str,
        typer.Argument(metavar="REF", help="bible, bible@v3; for warc also bible/snapshots/ID."),
    ],
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="Where to write: not there yet, or empty; for warc any."),
    ],
    to: Annotated[str, typer.Option("--to", help="hf, bagit, delta, croissant or warc.", metavar="FORMAT")],
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a version, or for warc what was collected, as other tools read it: whole or not at all, a copy.

    hf: a folder for the Hugging Face Hub and load_dataset. bagit: a bag (RFC 8493) for archives. delta: a Delta table.
    croissant: croissant.json alone. warc: every fetch, for web archives.
    """
    if to not in _FORMATS:
        raise UsageError(f"cannot export to {to!r}", f"there is: {', '.join(_FORMATS)}")
    value, text = _FORMATS[to](open_store(store), ref, folder)
    emit(value, text, as_json=as_json)


def _announce(server: "Server", *, as_json: bool) -> None:
    """Say where it is, and to whom it is open."""
    if not server.private:
        typer.echo("note: anyone on the network can read the collected texts here", err=True)
    files = server.source.count()
    if as_json:  # on one line: whoever started this reads on while it runs
        typer.echo(json.dumps({"mirror": server.address, "files": files}))
    else:
        typer.echo(f"serving {files:,} addresses; to collect from here:\n")
        typer.echo(f"    export CORPUSMILL_MIRROR={server.address}")


def _warc(store: Store, ref: str, folder: Path) -> tuple[dict[str, Any], str]:
    from corpusmill import warc

    written = warc.write(store, _snapshots(store, ref), folder)
    value = {"export": written.path, "records": written.records, "revisits": written.revisits}
    return value, f"{written.path}  ({written.records:,} records, {written.revisits:,} of them revisits)"


def _snapshots(store: Store, ref: str) -> list[Snapshot]:
    """Every snapshot of a corpus, oldest first; the one that another ref names, or was made from."""
    if ref in store.corpora():
        if found := store.snapshots(ref):
            return found
        raise UnknownNameError(f"{ref} has no snapshot", f"collect it: corpusmill collect {ref}")
    thing = refs.resolve(store, ref)
    if isinstance(thing, Snapshot):
        return [thing]
    version = refs.version(store, ref)
    return [store.snapshot(version.corpus, version.snapshot)]


def _version(module: str) -> Callable[[Store, str, Path], tuple[dict[str, Any], str]]:
    """How a version is written by one of corpusmill.interchange's modules."""

    def export(store: Store, ref: str, folder: Path) -> tuple[dict[str, Any], str]:
        version = refs.version(store, ref)
        writer = import_module(f"corpusmill.interchange.{module}")
        with pins.held(store, version), progress() as show:
            written = writer.write(store, version, folder, show)
        return asdict(
            written
        ), f"{written.export}  ({written.files:,} files, {written.bytes:,} bytes, of {version.ref})"

    return export


_FORMATS: dict[str, Callable[[Store, str, Path], tuple[dict[str, Any], str]]] = {
    "hf": _version("huggingface"),
    "bagit": _version("bagit"),
    "delta": _version("delta"),
    "croissant": _version("described"),
    "warc": _warc,
}
