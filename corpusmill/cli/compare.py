"""compare: runs and sweeps as tables, what does not compare apart from what does."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from corpusmill.cli.console import emit, table
from corpusmill.cli.settings import JsonOption, StoreOption, open_store
from corpusmill.errors import UnknownNameError
from corpusmill.store import Store, refs

if TYPE_CHECKING:
    from model.sweep.result import Record, Row
    from model.sweep.table import Group, Mean

Measure = Literal["nats_per_char", "bits_per_byte"]
_UNITS = {"nats_per_char": "nats per character", "bits_per_byte": "bits per byte"}


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(epilog="Example: corpusmill compare shakespeare/runs/3fa9 shakespeare/runs/81c2")(compare)


def compare(
    names: Annotated[
        list[str],
        typer.Argument(metavar="RUN|SWEEP…", help="Runs, or sweeps: a sweep's file, its name, or CORPUS/sweeps/NAME."),
    ],
    score: Annotated[Measure, typer.Option(help="What to rank by.")] = "nats_per_char",
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Table runs: their losses, and the settings in which they differ. What does not compare is a table of its own."""
    from model.sweep import result

    opened = open_store(store)
    rows: list[Row] = []
    notes: list[str] = []
    for name in names:
        record = result.find(Path(name).stem if name.endswith(".toml") else name, opened)
        if record:
            rows += result.rows(record, opened)
            notes += sources(record)
        elif name.endswith(".toml"):
            raise UnknownNameError(f"the sweep {name} was never run", f"corpusmill sweep {name}")
        else:
            rows.append(_row(name, opened))
    once = list({row.run: row for row in rows}.values())
    show(once, score, list(dict.fromkeys(notes)), {}, as_json=as_json)


def show(
    rows: Sequence["Row"], score: Measure, notes: Sequence[str], head: Mapping[str, Any], *, as_json: bool
) -> None:
    """Print rows in tables, notes below them; or as one object that begins with `head`."""
    from model.sweep.table import groups

    found = groups(rows, score)
    blocks = [_block(group, found[0]) for group in found]
    value = {
        **head,
        "score": score,
        "runs": [_run(row, group) for group in found for row in group.rows],
        "seeds": [_mean(mean, group) for group in found for mean in group.means],
    }
    emit(value, "\n\n".join([*blocks, *(["\n".join(notes)] if notes else [])]), as_json=as_json)


def sources(record: "Record") -> list[str]:
    """Where a sweep's settings, and the figures beside its own, come from."""
    lines = [f"settings: {record.source}"] if record.source else []
    told = dict.fromkeys(
        f"{'' if each.settings else f'{each.value} '}{_UNITS[each.unit]}, {each.of}: {each.source}"
        for each in record.published
    )
    return [*lines, *(f"published: {words}" for words in told)]


def _row(name: str, store: Store) -> "Row":
    from model.sweep import result

    found = refs.run(store, name)
    version = None
    with suppress(UnknownNameError):  # it is gone, and the row says so
        version = refs.learnt_from(store, found)
    return result.row_of(found, version)


def _block(group: "Group", first: "Group") -> str:
    """One table under what its losses were measured on."""
    lines = [str(group.ground)]
    if group is not first:
        others = ", ".join(first.ground.otherwise(group.ground))
        lines.append(f"not to be compared with the first table: another {others}")
    lines.append(table(group.cells, group.header))
    for mean in group.means:
        said = ", ".join(f"{name}={value}" for name, value in mean.settings.items()) or "all"
        of = f"{mean.seeds} seeds" if mean.seeds > 1 else "1 seed"
        spread = f", standard deviation {mean.deviation:.4f}" if mean.seeds > 1 else ""
        lines.append(f"{said}: {mean.mean:.4f}{spread}, of {of}{f'; {mean.failed} failed' if mean.failed else ''}")
    return "\n".join(lines)


def _run(row: "Row", group: "Group") -> dict[str, Any]:
    """A row for machines."""
    names = ("run", "status", "error", "corpus", "version", "split", "characters", "reset")
    figures = ("nats_per_char", "bits_per_byte", "parameters", "cpu_seconds", "published")
    settings = {name: row.config[name] for name in group.varied}
    return {
        **{name: getattr(row, name) for name in names},
        "settings": settings,
        **{name: getattr(row, name) for name in figures},
    }


def _mean(mean: "Mean", group: "Group") -> dict[str, Any]:
    return {
        "version": group.ground.version,
        "settings": mean.settings,
        "seeds": mean.seeds,
        "failed": mean.failed,
        "mean": mean.mean,
        "deviation": mean.deviation,
    }
