"""What stays and what goes: tag, gc, forget."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from corpusmill.cli.catalogue import Ref
from corpusmill.cli.console import emit, progress, table
from corpusmill.cli.settings import JsonOption, StoreOption, open_store
from corpusmill.errors import CorpusmillError, UsageError
from corpusmill.store import Store, refs, tags

DryOption = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]

_MANY = {"body": ("bodies", "raw bodies"), "object": ("objects", "files, notes and leases that only a bucket has")}
"""What is told in one line, however many there are."""


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog="Example: corpusmill tag bible@v3 paper")(tag)
    app.command(epilog="Example: corpusmill gc --keep 5 --days 90 --dry-run")(gc)
    app.command(epilog='Example: corpusmill forget "https://host/a.html" --reason "asked by its author"')(forget)


def tag(
    ref: Ref,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What bible@NAME is to mean from now on.")],
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete the tag of this name; REF may be the corpus.")
    ] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a version a name, which also keeps it from being cleared away; or move or delete such a name."""
    opened = open_store(store)
    tags.check(name)
    version = refs.version(opened, ref)
    if delete:
        number: int | None = tags.remove(opened, version.corpus, name)
        said = f"{version.corpus}@{name} is deleted; it was v{number}"
    else:
        number = tags.put(opened, version, name)
        moved = f"  (was v{number})" if number not in (None, version.number) else ""
        said = f"{version.corpus}@{name} is {version.ref}{moved}"
    now = None if delete else version.number
    emit({"corpus": version.corpus, "tag": name, "version": now, "before": number}, said, as_json=as_json)


def gc(
    keep: Annotated[int | None, typer.Option(min=1, help="Keep only this many versions of each corpus.")] = None,
    days: Annotated[float | None, typer.Option(min=0, help="Keep versions that are younger than this.")] = None,
    trainings: Annotated[bool, typer.Option("--trainings", help="Also trainings that were cut off.")] = False,
    dry_run: DryOption = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Clear away what nothing needs. Versions only with --keep or --days; the latest, tagged and trained-on never."""
    from corpusmill.store import gc as clearing

    opened, retention = open_store(store), clearing.Retention(keep, days, trainings)
    with progress() as show:
        cleared = clearing.collect(opened, retention, moment=datetime.now(UTC), dry_run=dry_run, progress=show)
    value = {"dry_run": dry_run, "bytes": cleared.bytes, "removed": cleared.removed, "kept": cleared.kept}
    rows = [[item.kind, item.bytes, item.what] for item in cleared.removed if item.kind not in _MANY]
    for kind, (kinds, what) in _MANY.items():
        sizes = [item.bytes for item in cleared.removed if item.kind == kind]
        rows += [[kinds, sum(sizes), f"{len(sizes):,} {what}"]] if sizes else []
    lines = [table(rows, ["KIND", "BYTES", "WHAT"])] if rows else []
    lines += [f"kept {reason}" for reason in cleared.kept]
    lines.append(f"{len(cleared.removed):,} things, {cleared.bytes:,} bytes {'would go' if dry_run else 'are gone'}")
    emit(value, "\n".join(lines), as_json=as_json)


def forget(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="WHAT",
            help="An address (with * at its end: all that begin so), a document's id, "
            "author:NAME or licence:ID; or @FILE with one on each line.",
        ),
    ],
    corpus: Annotated[str, typer.Option(metavar="NAME", help="Only of this corpus, and from now on.")] = "",
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; manifests keep it, so it should name nobody.")] = "",
    dry_run: DryOption = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take something out of every version, raw body, cache, sample and report, and keep it from coming back."""
    from corpusmill.store import forget as forgetting
    from preprocess.publish.without import without

    opened, wanted = open_store(store), [forgetting.asked(each) for each in _listed(what)]
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    with progress() as show:
        done = forgetting.forget(
            opened, wanted, without, moment=moment, corpus=corpus, reason=reason, dry_run=dry_run, progress=show
        )
    notes = [note for each in done for ref in each.reports for note in _reported(opened, ref)]
    value = {"dry_run": dry_run, "forgotten": [asdict(each) for each in done], "notes": notes}
    emit(value, "\n".join([*(_said(each, dry_run=dry_run) for each in done), *notes]), as_json=as_json)


def _listed(what: list[str]) -> list[str]:
    """What was asked; of ``@FILE``, every line of it."""
    wanted: list[str] = []
    for each in what:
        if not each.startswith("@"):
            wanted.append(each)
            continue
        try:
            lines = Path(each[1:]).read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError as error:
            raise UsageError(f"{each[1:]} is no text: {error}", "give one in UTF-8, one thing on each line") from error
        wanted += [line.strip() for line in lines if line.strip()]
    return wanted


def _reported(store: Store, ref: str) -> list[str]:
    """Write a run's report anew; what stands in the way, if anything does."""
    import reports

    try:
        reports.write(refs.run(store, ref), store)
    except CorpusmillError as error:
        return [f"the report of {ref} is removed, and could not be written again: {error}"]
    return []


def _said(done: Any, *, dry_run: bool) -> str:
    """What it meant for a corpus, in words."""
    would = "would go" if dry_run else "are gone"
    lines = [f"{done.corpus}: {done.documents:,} documents, {done.files:,} addresses, {done.blobs:,} raw files {would}"]
    if done.shared:
        lines.append(f"  {done.shared:,} of the raw files held other documents too; a refresh fetches them again")
    if done.versions:
        lines.append(f"  {'to be rewritten' if dry_run else 'rewritten'}: {', '.join(done.versions)}")
    if done.tainted:
        lines.append(f"  had learnt from it, and still do: {', '.join(done.tainted)}; remove them if that is too much")
    return "\n".join(lines)
