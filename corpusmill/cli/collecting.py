"""Raw bytes as commands: collect, refresh. Many corpora at once: what fails for one does not stop the others."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Annotated, Any

import msgspec
import typer

from corpusmill import spec
from corpusmill.cli.console import emit, progress, table
from corpusmill.cli.settings import (
    AcceptOption,
    JsonOption,
    OfflineOption,
    OnOption,
    PrivateOption,
    SetOption,
    StoreOption,
    cluster,
    network,
    open_store,
    overrides,
    without_secrets,
    workers,
)
from corpusmill.errors import CorpusmillError, HeldError, UsageError
from corpusmill.types import Progress

Targets = Annotated[
    list[str] | None,
    typer.Argument(metavar="TARGET", help="Corpora of the catalogue, or files, folders or addresses of your own."),
]
AllOption = Annotated[bool, typer.Option("--all", help="The whole catalogue.")]
_COLUMNS = ("corpus", "snapshot", "version", "requests", "304", "received", "saved", "waited", "")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog="Example: corpusmill collect bible")(collect)
    app.command(epilog="Example: corpusmill refresh --all --plain")(refresh)


def collect(
    targets: Targets = None,
    every: AllOption = False,
    offline: OfflineOption = False,
    accept: AcceptOption = False,
    allow_private: PrivateOption = False,
    sets: SetOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch raw bytes -> snapshots. Only what has changed is sent again; what came before a stop is kept."""
    from flows import stages

    def one(job: stages.Job, show: Progress) -> dict[str, Any]:
        done = stages.collect(job, show)
        corpus = done.ref.partition("/")[0]
        return _plain(corpus=corpus, snapshot=done.ref, new=done.made, notes=done.notes, economics=done.economics)

    root = open_store(store).place
    more = {"offline": offline, "accept": accept, "workers": workers(), **network(allow_private=allow_private)}
    jobs = [stages.Job(target, root, overrides=overrides(sets), **more) for target in _named(targets, every)]
    _for_each(jobs, one, as_json=as_json)


def refresh(
    targets: Targets = None,
    every: AllOption = False,
    plain: Annotated[bool, typer.Option("--plain", help="Without Prefect: the same stages, started at once.")] = False,
    accept: AcceptOption = False,
    allow_private: PrivateOption = False,
    on: OnOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Collect and build: a new version of each corpus that has changed, and nothing for the others."""
    from flows import pipeline, stages
    from flows.run import as_flow, connected

    def one(job: stages.Job, show: Progress) -> dict[str, Any]:
        done = pipeline.refresh(job, pipeline.PLAIN, show) if plain else as_flow("refresh", pipeline.refresh, job, show)
        return _plain(**msgspec.to_builtins(done))

    opened = open_store(store)
    more = {"accept": accept, "workers": workers(), "on": cluster(on), **network(allow_private=allow_private)}
    jobs = [stages.Job(target, opened.place, **more) for target in _named(targets, every)]
    with nullcontext() if plain else connected(opened.root / ".prefect"):
        _for_each(jobs, one, as_json=as_json)


def _named(targets: list[str] | None, every: bool) -> list[str]:
    if bool(targets) == every:
        raise UsageError("name corpora, or give --all", "corpusmill corpora lists them")
    return spec.names() if every else [without_secrets(target) for target in targets or ()]


def _for_each(jobs: list[Any], one: Callable[[Any, Progress], dict[str, Any]], *, as_json: bool) -> None:
    """Do one after another; the exit status is that of the worst: 1 for a failure, else 3 for what is held."""
    if len(jobs) == 1:
        with progress() as show:
            done = one(jobs[0], show)
        emit(done, _said(done), as_json=as_json)
        return
    results, failures = [], []
    for job in jobs:
        with progress() as show:
            try:
                results.append(one(job, show))
            except CorpusmillError as error:
                error_of = {"kind": error.kind, "message": error.message, "hint": error.hint}
                results.append({"corpus": job.name, "error": error_of})
                failures.append(error)
    emit(
        {"corpora": results},
        table([_row(result) for result in results], [c.upper() for c in _COLUMNS]),
        as_json=as_json,
    )
    if failures:
        raise typer.Exit(3 if all(isinstance(error, HeldError) for error in failures) else 1)


def _plain(**values: Any) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _said(done: dict[str, Any]) -> str:
    """One result in words."""
    changed = done.get("changed", done.get("new"))
    lines = [f"{done.get('version') or done['snapshot']}{'' if changed else '  (unchanged)'}", *done["notes"]]
    if cost := done["economics"]:
        lines.append(
            f"{cost['requests']:,} requests, {cost['unchanged']:,} answered 304; {_size(cost['received'])} received, "
            f"{_size(cost['saved'])} spared; {cost['waited']:,.1f} s waited for politeness"
        )
    return "\n".join(lines)


def _row(done: dict[str, Any]) -> list[object]:
    if error := done.get("error"):
        return [done["corpus"], "-", "-", "-", "-", "-", "-", "-", f"{error['kind']}: {error['message']}"]
    cost, changed = done["economics"], done.get("changed", done.get("new"))
    counts = [cost.get(name, "-") for name in ("requests", "unchanged")]
    sizes = [_size(cost[name]) if cost else "-" for name in ("received", "saved")]
    waited = f"{cost['waited']:.1f} s" if cost else "-"
    said = "; ".join([*done["notes"], *([] if changed else ["unchanged"])])
    return [
        done["corpus"],
        done["snapshot"].rpartition("/")[2],
        done.get("version", "-"),
        *counts,
        *sizes,
        waited,
        said,
    ]


def _size(count: float) -> str:
    return f"{count / 1e6:,.1f} MB"
