"""What came of a sweep's trials: kept in the store as one JSON, and as rows that a table is made of.

    STORE/<corpus>/sweeps/<name>.json       the resolved settings of every trial, and its run or why there is none

It lies with the corpus that the sweep names first, and is written anew after each trial, so an interrupted sweep leaves
one too. The runs are where all runs are; what is here names them.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import msgspec

from corpusmill.errors import CorruptError, UnknownNameError
from corpusmill.spec import nearest
from corpusmill.store import Store, sweeps
from corpusmill.store.ids import canonical, is_name, pretty
from corpusmill.types import Run, Table, Version
from model.options import TrainOptions
from model.sweep.file import Measure, Published

DIVERGED = "Train"  # kind of an error that is the training's own
Status = Literal["made", "unchanged", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One trial: what was asked for, and what came of it."""

    text: str  # as the sweep file names it
    corpus: str
    version: str  # ref
    run: str  # id; what it is, or would have been
    config: Table  # resolved training options
    status: Status
    error: str = ""
    kind: str = ""  # of the error


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A sweep as it is kept."""

    name: str
    title: str
    source: str
    declared_in: str
    score: Measure
    entries: tuple[Entry, ...]
    published: tuple[Published, ...]

    @property
    def ref(self) -> str:
        """How `compare` names it, ``shakespeare/sweeps/sizes``."""
        return sweeps.ref_of(self.entries[0].corpus, self.name)

    def failures(self) -> dict[str, str]:
        """The runs that would fail again, and why: the same text, settings and code."""
        return {entry.run: entry.error for entry in self.entries if entry.kind == DIVERGED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One training with all that its loss depends on; of a failed one there is no loss."""

    corpus: str
    version: str  # ref
    version_id: str
    split: str  # its name: "document 0.9/0.05/0.05", "legacy:nanogpt"
    config: Mapping[str, Any]  # resolved training options by their dotted names
    run: str  # ref
    status: Status
    error: str = ""
    characters: int = 0  # of the validation split that were scored
    reset: int = 0
    nats_per_char: float | None = None
    bits_per_byte: float | None = None
    parameters: int = 0
    cpu_seconds: float = 0.0
    published: float | None = None

    def score(self, measure: Measure) -> float:
        """What it is ranked by; infinite where it has none."""
        value = self.nats_per_char if measure == "nats_per_char" else self.bits_per_byte
        return math.inf if value is None else value


def save(record: Record, store: Store) -> None:
    """Write a sweep's record in the place of the one before."""
    sweeps.write(store, record.entries[0].corpus, record.name, pretty(record))


def load(corpus: str, name: str, store: Store) -> Record | None:
    """What `save` wrote last, or None. Raises CorruptError."""
    if not is_name(name):
        return None
    body = sweeps.read(store, corpus, name)
    try:
        return msgspec.json.decode(body, type=Record) if body is not None else None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CorruptError(f"{sweeps.path_of(store, corpus, name)} is damaged: {error}", sweeps.HINT) from error


def find(ref: str, store: Store) -> Record | None:
    """The sweep that ``corpus/sweeps/name`` or a bare name means; None where it means something else.

    Raises UnknownNameError for a name that several corpora have a sweep of.
    """
    corpus, _, name = ref.partition(f"/{sweeps.FOLDER}/")
    if name:
        found = load(corpus, name, store)
        if not found:
            hint = nearest(name, sweeps.names(store, corpus), "sweeps")
            raise UnknownNameError(f"{ref} is not in the store", hint)
        return found
    corpora = store.corpora()
    if ref in corpora:
        return None
    records = [record for each in corpora if (record := load(each, ref, store))]
    if len(records) > 1:
        raise UnknownNameError(f"{ref!r} is ambiguous", f"it could be {', '.join(record.ref for record in records)}")
    return records[0] if records else None


def rows(record: Record, store: Store) -> Iterator[Row]:
    """A row for each trial, in the order they were trained; of a run that was removed since, as of one that failed."""
    versions: dict[str, dict[str, Version]] = {}
    for entry in record.entries:
        known = versions.setdefault(entry.corpus, {version.ref: version for version in store.versions(entry.corpus)})
        version = known.get(entry.version)
        if entry.status == "failed":
            row = _without_run(entry, version, entry.error)
        else:
            try:
                row = replace(row_of(store.run(entry.corpus, entry.run), version), status=entry.status)
            except UnknownNameError:
                row = _without_run(entry, version, "it was removed")
        yield replace(row, published=_published(row, entry, record.published))


def row_of(run: Run, version: Version | None) -> Row:
    """A finished run as a row; `version` is what it learnt from, where that is still there."""
    return Row(
        corpus=run.corpus,
        version=run.version_ref,
        version_id=run.version,
        split=split_name(version),
        config=_flat(msgspec.to_builtins(msgspec.convert(run.config, TrainOptions))),
        run=run.ref,
        status="unchanged",
        characters=int(run.best["characters"]),
        reset=int(run.best["reset"]),
        nats_per_char=run.best["nats_per_char"],
        bits_per_byte=run.best["bits_per_byte"],
        parameters=run.parameters,
        cpu_seconds=run.clock["cpu_seconds"],
    )


def split_name(version: Version | None) -> str:
    """How a version was split, in words that two versions share only if it was the same way."""
    if not version:
        return "unknown, the version is gone"
    split = version.spec.get("split", {})
    scheme = split.get("scheme", "of its own")
    return f"{scheme} {'/'.join(f'{share:g}' for share in split['fractions'])}" if scheme == "document" else scheme


def _without_run(entry: Entry, version: Version | None, error: str) -> Row:
    return Row(
        corpus=entry.corpus,
        version=entry.version,
        version_id=version.id if version else entry.version,
        split=split_name(version),
        config=_flat(entry.config),
        run=f"{entry.corpus}/runs/{entry.run}",
        status="failed",
        error=error,
    )


def _published(row: Row, entry: Entry, figures: tuple[Published, ...]) -> float | None:
    """The figure that stands beside a row: the first whose settings it has. One without any is of no row."""
    for figure in (each for each in figures if each.settings):
        wanted = {key.removeprefix("train."): value for key, value in figure.settings.items() if key[:6] == "train."}
        if figure.corpus in ("", entry.text) and all(
            canonical(row.config.get(key)) == canonical(value) for key, value in wanted.items()
        ):
            return figure.value
    return None


def _flat(config: Table, under: str = "") -> dict[str, Any]:
    """Nested tables as dotted names."""
    flat: dict[str, Any] = {}
    for key, value in config.items():
        flat |= _flat(value, f"{under}{key}.") if isinstance(value, Mapping) else {f"{under}{key}": value}
    return flat
