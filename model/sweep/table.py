"""Rows -> tables: what compares in one, sorted by its score, with the settings in which it differs.

    for group in groups(rows, "nats_per_char"):
        print(group.title)
        print(group.header, group.cells)

A loss means something only beside losses on the same characters, read the same way: the same version and split, as many
characters of it, the same separator between its documents, the state zeroed as often. Others are another table, which
says what is otherwise.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from statistics import fmean, stdev
from typing import Any

from corpusmill.store.ids import canonical
from model.sweep.file import Measure
from model.sweep.result import Row

_TOLD = ("seed", "threads", "engine")  # settings that make no configuration another one
_ERROR = 60  # characters of an error that a table has room for


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a loss was measured on, and how."""

    version: str  # ref
    version_id: str
    split: str
    characters: int
    reset: int
    separator: str

    def __str__(self) -> str:
        """In words, with every table."""
        read = f"the first {self.characters:,} characters, state zeroed every {self.reset:,}"
        return f"{self.version}, split {self.split}: validation, {read if self.characters else 'never scored'}"

    def otherwise(self, other: "Ground") -> list[str]:
        """In what two differ, so that their losses do not compare."""
        pairs = {
            "split": (self.split, other.split),
            "version": (self.version_id, other.version_id),
            "characters": (self.characters, other.characters),
            "reset": (self.reset, other.reset),
            "separator": (self.separator, other.separator),
        }
        return [name for name, (one, two) in pairs.items() if one != two]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """Seeds of one configuration."""

    settings: Mapping[str, Any]
    seeds: int  # that have a score
    failed: int
    mean: float
    deviation: float  # standard, of the sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows that compare, best first; what failed comes last."""

    ground: Ground
    rows: tuple[Row, ...]
    varied: tuple[str, ...]  # settings in which rows differ, in all groups the same
    means: tuple[Mean, ...]  # where a configuration has several seeds

    @property
    def header(self) -> list[str]:
        """What the columns are called."""
        published = ["published"] if any(row.published for row in self.rows) else []
        figures = ["nats/char", "bits/byte", *published, "parameters", "CPU s", "run"]
        return [*(name.rpartition(".")[2] if name.startswith("samples") else name for name in self.varied), *figures]

    @property
    def cells(self) -> list[list[object]]:
        """A row of cells for each."""
        published = any(row.published for row in self.rows)
        return [[*(_cell(row.config[name]) for name in self.varied), *_figures(row, published)] for row in self.rows]


def groups(rows: Sequence[Row], score: Measure) -> list[Group]:
    """All rows, each with those it compares with, in the order of their first mention."""
    varied = tuple(differing(rows))
    grounds = [_ground(row, rows) for row in rows]
    found: list[Group] = []
    for ground in dict.fromkeys(grounds):
        those = sorted(
            (row for row, its in zip(rows, grounds, strict=True) if its == ground), key=lambda row: row.score(score)
        )
        found.append(Group(ground=ground, rows=tuple(those), varied=varied, means=tuple(_means(those, varied, score))))
    return found


def differing(rows: Sequence[Row]) -> list[str]:
    """The settings in which rows differ, in the order of the options."""
    names = dict.fromkeys(name for row in rows for name in row.config)
    return [name for name in names if len({canonical(row.config.get(name)) for row in rows}) > 1]


def _ground(row: Row, rows: Sequence[Row]) -> Ground:
    """What a row was measured on; what failed was to be measured as a row that was scored under the same settings."""
    if not row.characters:
        row = next((other for other in rows if other.characters and _asked(other) == _asked(row)), row)
    return Ground(
        version=row.version,
        version_id=row.version_id,
        split=row.split,
        characters=row.characters,
        reset=row.reset,
        separator=row.config["separator"],
    )


def _asked(row: Row) -> tuple[object, ...]:
    return (row.version_id, *(row.config[name] for name in ("reset", "validation_characters", "separator")))


def _means(rows: Sequence[Row], varied: Sequence[str], score: Measure) -> list[Mean]:
    """The mean of each configuration over its seeds, best first; none, where each has one seed."""
    names = [name for name in varied if name not in _TOLD]
    found: dict[bytes, list[Row]] = {}
    for row in rows:
        found.setdefault(canonical([row.config[name] for name in names]), []).append(row)
    if all(len(those) == 1 for those in found.values()):
        return []
    means = []
    for those in found.values():
        scores = [value for row in those if math.isfinite(value := row.score(score))]
        if scores:
            settings = {name: those[0].config[name] for name in names}
            means.append(
                Mean(
                    settings=settings,
                    seeds=len(scores),
                    failed=len(those) - len(scores),
                    mean=fmean(scores),
                    deviation=stdev(scores) if len(scores) > 1 else 0.0,
                )
            )
    return sorted(means, key=attrgetter("mean"))


def _figures(row: Row, published: bool) -> list[object]:
    beside = [f"{row.published:.4f}" if row.published else ""] if published else []
    if row.status == "failed":
        short = row.error if len(row.error) <= _ERROR else f"{row.error[: _ERROR - 1]}…"
        return ["-", "-", *beside, "-", "-", f"failed: {short}"]
    nats, bits = (f"{value:.4f}" for value in (row.nats_per_char or 0.0, row.bits_per_byte or 0.0))
    return [nats, bits, *beside, f"{row.parameters:,}", f"{row.cpu_seconds:,.1f}", row.run]


def _cell(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
