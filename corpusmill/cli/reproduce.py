"""Doing it again: a version from its snapshot, a run from its version, and what that came to."""

from typing import Annotated

import typer

from corpusmill.cli.catalogue import Ref
from corpusmill.cli.console import emit, progress
from corpusmill.cli.settings import JsonOption, StoreOption, open_store, workers
from corpusmill.errors import UsageError
from corpusmill.store import Store, refs
from corpusmill.types import Progress, Run, Version
from corpusmill.verdict import Verdict


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
    opened = open_store(store)
    thing = refs.resolve(opened, ref)
    with progress() as show:
        found = _again(thing, opened, show, any_code=any_code)
    emit(found, _told(found), as_json=as_json)
    if not found.holds:
        raise typer.Exit(1)


def _again(thing: refs.Thing, store: Store, show: Progress, *, any_code: bool) -> Verdict:
    """Do what made a thing once more."""
    if isinstance(thing, Version):
        from preprocess.publish import reproduce as building

        show("build", 0, 0, f"reading {refs.ref_of(thing)}")
        return building.reproduce(thing, store, any_code=any_code, processes=workers(), progress=show)
    if isinstance(thing, Run):
        from model import reproduce as training

        return training.reproduce(thing, store, any_code=any_code, progress=show)
    hint = "reproduce a version or a run that was made of it"
    raise UsageError(f"{refs.ref_of(thing)} is what a source once gave, and cannot be had again", hint)


def _told(verdict: Verdict) -> str:
    """The verdict, and below it what speaks for it."""
    head = "why" if verdict.verdict == "impossible" else "otherwise"
    facts = [("compared", verdict.compared), ("difference", verdict.difference), *((head, why) for why in verdict.why)]
    return "\n".join([f"{verdict.ref}: {verdict.verdict}", *(f"  {name:<11} {said}" for name, said in facts if said)])
