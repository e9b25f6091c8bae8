"""What goes on inside a model: inspect."""

import re
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from corpusmill.cli.console import emit, progress, table
from corpusmill.cli.settings import JsonOption, StoreOption, open_store
from corpusmill.errors import ParseError, UsageError
from corpusmill.store import Store, commit, refs
from corpusmill.types import SPLITS, Run, Split

if TYPE_CHECKING:
    from model.inspection import Inspection

_UNITS = re.compile(r"(\d{1,4})(?::(\d{1,6})(?:-(\d{1,6}))?)?")


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(epilog="Example: corpusmill inspect bible --split validation -o units.parquet --units 1")(inspect)


def inspect(
    ref: Annotated[str, typer.Argument(metavar="RUN", help="A run: bible/runs/ID, or bible for its latest.")],
    text: Annotated[
        str, typer.Argument(metavar="[TEXT|FILE|-]", help="What it reads: a text, a file of that name, - for stdin.")
    ] = "",
    split: Annotated[str, typer.Option(help="A split of the run's version instead: train, validation or test.")] = "",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE.parquet", help="Write a row for each character.")
    ] = None,
    characters: Annotated[int, typer.Option(min=0, help="Read so many, from the start; 0 = all.")] = 10_000,
    units: Annotated[
        str, typer.Option(metavar="LAYER[:UNIT[-UNIT]],…", help="Write these only: 0:3,1:10-20 or 1. From 0 on.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the units of a model do as it reads: gates, cells, guesses; a table of all with -o."""
    if bool(text) == bool(split):
        raise UsageError("give a text (or a file, or -) or --split", 'corpusmill inspect bible "In the beginning"')
    chosen = [_range(part) for part in units.split(",")] if units else []
    if chosen and not output:
        raise UsageError("--units says what is written, and nothing is", "name a file with -o")
    if output and output.exists() and not force:
        raise UsageError(f"{output} is there already", "choose another name, or --force to replace it")
    from model.inspection import inspect as look

    opened = open_store(store)
    found = refs.run(opened, ref)
    asked = _split_text(found, opened, split) if split else _read(text)
    asked = asked[: characters or None]
    with progress() as show, commit.replacing(output) if output else nullcontext() as file:
        inspection = look(found, opened, asked, file=file, chosen=chosen, progress=show)
    emit(
        {**msgspec.to_builtins(inspection), "file": str(output) if output else None},
        _told(inspection) + (f"\n\n{output}" if output else ""),
        as_json=as_json,
    )


def _range(part: str) -> tuple[int, int, int | None]:
    found = _UNITS.fullmatch(part.strip())
    if not found:
        raise UsageError(f"{part!r} names no units", "LAYER, LAYER:UNIT or LAYER:UNIT-UNIT, e.g. 0:3,1:10-20")
    layer, first, last = found.groups()
    return int(layer), int(first or 0), int(last or first) if first else None


def _split_text(run: Run, store: Store, name: str) -> str:
    from model.score import split_text

    split: Split | None = next((split for split in SPLITS if split == name), None)
    if not split:
        raise UsageError(f"no split is named {name!r}", f"one of {', '.join(SPLITS)}")
    return split_text(run, store, split)


def _read(text: str) -> str:
    """What is meant: standard input, a file's text where there is such a file, or the text itself."""
    path = Path(text)
    try:
        if text != "-" and not path.is_file():
            return text
    except (OSError, ValueError):  # too long for a name, or with a zero byte in it
        return text
    body = sys.stdin.buffer.read() if text == "-" else path.read_bytes()
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        name = "standard input" if text == "-" else text
        raise ParseError(
            f"{name} is not UTF-8: byte {error.start:,}", "convert it, e.g. with iconv -t utf-8"
        ) from error


def _told(found: "Inspection") -> str:
    """The summary for people."""
    layers = f"{found.layers} layer{'' if found.layers == 1 else 's'} of {found.units} {found.cell} units"
    words = "" if found.unit == "character" else f" in {found.tokens:,} {found.unit}s"
    lines = [f"{found.run}, {layers}: {found.characters:,} characters{words}, {found.nats_per_char:.4f} nats each"]
    if found.saturation:
        rows = [(one.layer, one.gate, f"{one.left:.1%}", f"{one.right:.1%}") for one in found.saturation]
        lines += ["", table(rows, ["LAYER", "GATE", "BELOW 0.1", "ABOVE 0.9"])]
    lines += ["", "units that follow the text most (layer:unit and correlation)"]
    for feature in found.features:
        units = "   ".join(f"{one.layer}:{one.unit} {one.correlation:+.2f}" for one in feature.units)
        lines.append(f"  {feature.feature:<17} {units or 'it is the same everywhere'}")
    return "\n".join(lines)
