"""site: the store as pages that a browser reads, with no server."""

from pathlib import Path
from typing import Annotated

import typer

from corpusmill.cli.console import emit, progress
from corpusmill.cli.settings import JsonOption, StoreOption, open_store


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(epilog="Example: corpusmill site -o public/")(site)


def site(
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Where to write; empty, or a site from before.")
    ] = Path("site"),
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the store as a static web site: corpora, versions, models, each with where it came from."""
    from reports.site import write

    opened = open_store(store)
    with progress() as show:
        made = write(opened, output, progress=show)
    changed = f"{made.written:,} of {made.files:,} files written, {made.removed:,} removed"
    said = changed if made.written or made.removed else "unchanged"
    emit(made, f"{made.site}  ({said})", as_json=as_json)
