"""Whether what is stored is what was made: every byte against its digest, and a version's whole build once more."""

from typing import Annotated, Any

import msgspec
import typer

from corpusmill.cli.console import emit, progress
from corpusmill.cli.settings import JsonOption, StoreOption, open_store
from corpusmill.errors import CorpusmillError, UsageError
from corpusmill.store import Store, refs
from corpusmill.types import Version


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(epilog="Example: corpusmill verify bible --rebuild")(verify)


def verify(
    ref: Annotated[
        str | None,
        typer.Argument(metavar="[REF]", help="bible, bible@v3, bible/snapshots/ID, bible/runs/ID; without, all."),
    ] = None,
    rebuild: Annotated[
        bool,
        typer.Option("--rebuild", help="Build it again with other workers, units, hash seed, locale and time zone."),
    ] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check the store, or one thing in it, against its digests; with --rebuild, that a build gives the same again.

    Lists everything that is wrong, with file, row group and column, and what to do; then the exit status is 1.
    """
    from corpusmill.store.verify import verify as verified

    opened = open_store(store)
    if rebuild and ref is None:
        raise UsageError("--rebuild builds one version again", "say which: corpusmill verify bible --rebuild")
    version = refs.version(opened, ref) if rebuild and ref else None
    with progress() as show:
        found = verified(opened, version or (refs.resolve(opened, ref) if ref else None), show)
    wrong = [*found.wrong]
    again = _rebuilt(version, opened) if version and not wrong else []
    looked = ", ".join(f"{count:,} {kind}" for kind, count in found.checked.items())
    name = ref or opened.place
    said = [*map(str, wrong), *(f"{each} (harmless)" for each in found.extra)]
    said.append(
        f"{name}: {looked or 'nothing'} checked, {f'{len(wrong):,} wrong' if wrong else 'all as it was stored'}"
    )
    said += [_told(entry) for entry in again]
    value: dict[str, Any] = msgspec.to_builtins(found)
    emit(value | {"rebuilds": again}, "\n".join(said), as_json=as_json)
    if wrong or any(entry["difference"] for entry in again):
        raise typer.Exit(CorpusmillError.exit_status)


def _told(entry: dict[str, str]) -> str:
    if not entry["difference"]:
        return f"the same with {entry['circumstances']}"
    return f"it differs with {entry['circumstances']}: {entry['difference']}: {entry['hint']}"


def _rebuilt(version: Version, store: Store) -> list[dict[str, str]]:
    """What each rebuild gave, up to the first that differs."""
    from preprocess.publish.again import OTHERS, hint, rebuilds

    found: list[dict[str, str]] = []
    with progress() as show:
        show("rebuild", 0, len(OTHERS), f"with {OTHERS[0]}")
        for circumstances, difference in rebuilds(version, store):
            what_to_do = hint(version.ref, difference)
            found.append({"circumstances": str(circumstances), "difference": difference, "hint": what_to_do})
            if difference:
                break
            show("rebuild", len(found), len(OTHERS), f"the same with {circumstances}")
    return found
