"""Every value that passes between stages, in one place.

A stage takes the previous value and returns the next: Corpus -> Snapshot -> Version -> Run -> Report. All are frozen;
all but Document and Drop are what a ``manifest.json`` holds, so `msgspec` writes and reads them as they stand. No
value holds the time of day except where a fetch or a training is a fact about a moment (`fetched_at`, `clock`), so the
same inputs give the same bytes on any machine.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Table = Mapping[str, Any]
"""One section of a corpus TOML. The room that uses it checks it against its own options (`spec.options`)."""

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

Progress = Callable[[str, float, float, str], None]
"""Called as ``progress(stage, done, total, note)``: `done` of `total` units (total 0 = unknown), a note in words."""


def silent(_stage: str, _done: float, _total: float, _note: str) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """What one TOML in datasets/ declares; the sections stay tables until their room checks them."""

    name: str
    title: str
    licence: str  # SPDX id or LicenseRef-…
    about: str = ""
    licence_note: str = ""
    personal_data: str = ""  # in words: whose, and what is done about it
    language: str = "en"
    size: str = ""  # in words, for the catalogue: "1.1 MB"
    source: Table
    parse: Table
    clean: Table = field(default_factory=dict)
    split: Table = field(default_factory=dict)
    expect: Table = field(default_factory=dict)
    train: Table = field(default_factory=dict)
    declared_in: str = ""  # the file named in errors; not part of any id


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFile:
    """One fetch, frozen with its circumstances. The body is the blob named by `sha256`."""

    url: str
    final_url: str
    status: int  # HTTP status; 200 for a local file
    sha256: str
    bytes: int
    media_type: str = ""
    etag: str = ""
    last_modified: str = ""
    fetched_at: str = ""  # UTC, ISO 8601
    robots: str = "unchecked"  # the decision that let the fetch happen
    licence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Raw bytes as they were once; `id` digests urls, statuses and contents, never the clock."""

    corpus: str
    id: str
    origin: str  # "CPython 3.11.7 standard library", a path, or the transport's first address
    files: tuple[RawFile, ...]
    collected_at: str  # UTC, ISO 8601


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One text. `id` digests source and position, so it is stable across versions."""

    id: str
    text: str
    source: str
    raw_sha256: str
    title: str = ""
    author: str = ""
    date: str = ""
    licence: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)
    group: str = ""  # documents of one group stay in one split; empty = its own id
    signals: Mapping[str, float] = field(default_factory=dict)  # measures of quality, each a column of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """A document left out: by which step, and why."""

    id: str
    step: str
    reason: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One Parquet file of a version. `content_digest` outlives changes of the Parquet writer; `sha256` does not."""

    path: str  # relative to the version's folder
    split: Split
    rows: int
    characters: int
    bytes: int
    sha256: str
    content_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What was taken out of something after it was published: how much, when and why, never what."""

    at: str  # UTC, ISO 8601
    reason: str
    documents: int
    hashes: tuple[str, ...]  # salted, of what was asked to go
    content: str  # digest of what is left, as the `id` is of what was there


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """An immutable data set: what it was made of, by what, and what came out."""

    corpus: str
    id: str  # digest of every row, split and drop
    number: int  # v000003 -> 3
    parent: str | None  # id of the version before
    snapshot: str
    build_key: str  # digest of the inputs: snapshot, spec, code; equal key = nothing to do
    spec: Table  # the resolved sections parse, clean, split, expect
    code_digest: str
    libraries: Mapping[str, str]
    columns: Mapping[str, str]
    title: str
    about: str = ""
    licence: str
    licence_note: str
    personal_data: str = ""
    language: str
    shards: tuple[Shard, ...]
    parsed: int  # documents that parsing gave: rows kept + drops
    drops: Mapping[str, int]  # "step: reason" -> count
    stats: Table
    removals: tuple[Removal, ...] = ()

    @property
    def content(self) -> str:
        """The digest of every row, split and drop that is there now; the id, unless something had to go."""
        return self.removals[-1].content if self.removals else self.id

    @property
    def name(self) -> str:
        """Folder name, ``v000003``."""
        return f"v{self.number:06d}"

    @property
    def ref(self) -> str:
        """How the command line names it, ``bible@v3``."""
        return f"{self.corpus}@v{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A trained model: its config, where it came from, and how well it predicts the validation split."""

    corpus: str
    id: str
    version: str  # id of the version it learnt from
    version_ref: str  # "bible@v3"
    config: Table  # resolved training options
    code_digest: str  # of what decides the weights
    written_by: str = ""  # digest of the code that wrote what lies beside them: samples, baselines
    libraries: Mapping[str, str]
    machine: Mapping[str, str]  # kernel, dtype, threads, CPU capability: what may change the last bits
    vocabulary: int
    parameters: int
    iterations: int
    stopped: str  # "budget", "steps" or "early"
    best: Mapping[str, float]  # iteration, nats_per_char, bits_per_byte
    parent: str = ""  # ref of the run whose weights it started from
    parent_checkpoint: str = ""  # SHA-256 of these weights
    checkpoint: str  # path of the best weights, relative to the run's folder
    files: Mapping[str, str]  # relative path -> sha256 of every file that the inputs decide
    clock: Mapping[str, Any]  # started_at, seconds, cpu_seconds, characters_per_second; files: those that tell the time

    @property
    def digests(self) -> dict[str, str]:
        """Relative path -> sha256 of every file the run left."""
        return {**self.files, **self.clock.get("files", {})}

    @property
    def ref(self) -> str:
        """How the command line names it, ``bible/runs/3fa9…``."""
        return f"{self.corpus}/runs/{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One self-contained HTML file about one run."""

    run: str
    path: str
