"""Whether what is stored is what was made: every shard against its digests, and the whole build once more."""

from typing import Annotated, Any

import typer

from corpusmill.cli.catalogue import Ref
from corpusmill.cli.console import emit, progress
from corpusmill.cli.settings import JsonOption, StoreOption, open_store
from corpusmill.errors import CorruptError
from corpusmill.store import Store, refs
from corpusmill.types import Version


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(epilog="Example: corpusmill verify bible --rebuild")(verify)


def verify(
    ref: Ref,
    rebuild: Annotated[
        bool,
        typer.Option("--rebuild", help="Build it again with other workers, units, hash seed, locale and time zone."),
    ] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check a version's shards against their digests; with --rebuild, that its build gives the same again."""
    opened = open_store(store)
    version = refs.version(opened, ref)
    rows = _checked(version, opened)
    said = [f"{version.ref}: {len(version.shards):,} shards, {rows:,} rows, as they were published"]
    again = _rebuilt(version, opened) if rebuild else []
    said += [f"the same with {entry['circumstances']}" for entry in again]
    value: dict[str, Any] = {"version": version.ref, "id": version.id, "shards": len(version.shards), "rows": rows}
    emit(value | {"rebuilds": again}, "\n".join(said), as_json=as_json)


def _checked(version: Version, store: Store) -> int:
    """How many rows there are. Raises CorruptError naming the first shard that is not what its manifest says."""
    from corpusmill.store import shards
    from preprocess.publish.version import content

    folder, rows = store.version_folder(version), 0
    with progress() as show:
        for number, shard in enumerate(version.shards):
            show("verify", number, len(version.shards), shard.path)
            shards.check(folder, shard)
            rows += shard.rows
        show("verify", len(version.shards), len(version.shards), f"{rows:,} rows")
    if content(version.shards, shards.read_drops(folder)) != version.id:
        hint = "restore it from a copy, or delete this version's folder and build again"
        raise CorruptError(f"{folder / 'drops'} holds other drops than were published", hint)
    return rows


def _rebuilt(version: Version, store: Store) -> list[dict[str, str]]:
    """Each rebuild that gave the same. Raises CorruptError naming the first difference."""
    from preprocess.publish.again import OTHERS, rebuilds

    found: list[dict[str, str]] = []
    with progress() as show:
        show("rebuild", 0, len(OTHERS), f"with {OTHERS[0]}")
        for circumstances, difference in rebuilds(version, store):
            if difference:
                hint = "the build is not deterministic: please report it"
                raise CorruptError(f"{version.ref} differs with {circumstances}: {difference}", hint)
            found.append({"circumstances": str(circumstances), "difference": ""})
            show("rebuild", len(found), len(OTHERS), f"the same with {circumstances}")
    return found
