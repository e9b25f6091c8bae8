"""What people and machines see: progress on stderr, results on stdout."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from corpusmill.types import Progress

WIDE = 120  # columns that a terminal has for a bar beside what a training says; else a percentage
PLAIN_SECONDS = 10.0  # between two lines of progress where stderr is no terminal


def emit(value: Any, text: str, *, as_json: bool) -> None:
    """Print a result: the value as JSON, or the text for people."""
    if as_json:
        import msgspec

        sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")
    else:
        sys.stdout.write(text + "\n")
    sys.stdout.flush()


def table(rows: Sequence[Sequence[object]], header: Sequence[str]) -> str:
    """Rows in columns, two spaces apart; numbers to the right, the last column as long as it is.

    What is no printable character, a line break in a setting among them, is spelt out.
    """
    cells = [[_printable(str(cell)) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [list(header), *cells]) for i in range(len(header))]
    right = [bool(rows) and all(isinstance(row[i], int | float) for row in rows) for i in range(len(header))]
    lines = [
        "  ".join(
            cell.rjust(width) if r else cell.ljust(width) for cell, width, r in zip(row, widths, right, strict=True)
        )
        for row in [list(header), *cells]
    ]
    return "\n".join(line.rstrip() for line in lines)


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


@contextmanager
def progress() -> Iterator[Progress]:
    """A bar a stage on a terminal; else a line now and then, and one when a stage ends."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars
    from rich.table import Column

    console = Console(stderr=True)
    whole, cut = Column(no_wrap=True, min_width=8), Column(no_wrap=True, overflow="ellipsis", ratio=1)
    much: ProgressColumn = BarColumn(30) if console.width >= WIDE else TextColumn("{task.percentage:>3.0f} %")
    name = TextColumn("{task.description:<8}", table_column=whole)
    note = TextColumn("{task.fields[note]}", table_column=cut)
    with Bars(name, much, note, TimeRemainingColumn(), console=console, expand=True) as bars:
        stages: dict[str, Any] = {}

        def show(stage: str, done: float, total: float, said: str) -> None:
            if stage not in stages:
                stages[stage] = bars.add_task(stage, total=total or None, note=said)
            bars.update(stages[stage], completed=done, total=total or None, note=said)

        yield show


class _Lines:
    """Progress for a log: ``train 41 % 31,204 characters/s, 80 s left``."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}
        self._began: dict[str, tuple[float, float]] = {}

    def _left(self, stage: str, now: float, done: float, total: float) -> str:
        """How long the rest takes at the pace since it was first known how much there is."""
        if not total:
            return ""
        began, first = self._began.setdefault(stage, (now, done))
        gone = done - first
        return f", {(total - done) * (now - began) / gone:,.0f} s left" if gone > 0 and 0 < done < total else ""

    def __call__(self, stage: str, done: float, total: float, note: str) -> None:
        now = time.monotonic()
        left = self._left(stage, now, done, total)
        ended = bool(total) and done >= total
        if now - self._last.get(stage, 0.0 if ended else now - PLAIN_SECONDS) >= (0 if ended else PLAIN_SECONDS):
            self._last[stage] = now
            share = f"{100 * done / total:3.0f} %" if total else f"{done:,.0f}"
            sys.stderr.write(f"{stage:<8} {share}  {note}{left}\n")
            sys.stderr.flush()
