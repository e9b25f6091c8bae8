"""Doing it again: a version from its snapshot, a run from its version, and what that came to."""

from typing import Annotated

import typer

from corpusmill.cli.catalogue import Ref
from corpusmill.cli.console import emit, progress
from corpusmill.cli.settings import JsonOption, StoreOption, open_store, workers


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(epilog="Example: corpusmill reproduce bible@v1")(reproduce)


def reproduce(
    ref: Ref,
    any_code: Annotated[
        bool, typer.Option("--any-code", help="Try it though the code has changed since it was made.")
    ] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Build a version or train a run again, beside the store, and say whether the same comes of it.

    Identical; same data, other numerics (and what is otherwise here); different (exit status 1); or impossible, and
    why (exit status 1). Nothing is left in the store.
    """
    from flows import again

    with progress() as show:
        found = again.reproduce(ref, open_store(store), show, any_code=any_code, workers=workers())
    emit(found, again.told(found), as_json=as_json)
    if not found.holds:
        raise typer.Exit(1)
