"""What became of a corpus from one version to another: documents, characters, licences, figures, and what caused it.

    found = diff(store, before, after)
    found.changed                              # (Change(id="97c1…", source="https://…", title="Psalm 23", …), …)
    print(text_diff(store, before, after, found.changed[0].id))

Documents are compared by their ids and digests, a shard at a time; a shard that both versions have is not read. So
memory grows with the number of documents, not with their texts. Versions of two corpora can be compared too; their
documents have ids in common where both were made of the same places.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from corpusmill.diff import causes, rows
from corpusmill.diff.causes import Cause, Figure, Sources
from corpusmill.diff.rows import Rows
from corpusmill.diff.texts import text_diff, texts
from corpusmill.errors import UnknownNameError
from corpusmill.store import Store, pins
from corpusmill.types import SPLITS, Progress, Shard, Split, Version, silent

__all__ = ["Cause", "Change", "Diff", "Figure", "Sources", "diff", "parent", "text_diff", "texts"]

_APART = ("id", "text", "raw_sha256")  # columns that are compared by themselves
Counts = Mapping[str, tuple[int, int]]
"""Before and after, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A document that differs. Where it is not, the number of characters is 0 and the split is None."""

    id: str
    source: str
    title: str
    characters_before: int
    characters_after: int
    split_before: Split | None
    split_after: Split | None
    text: bool  # whether its text differs, not only its title, date or another column


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """Two versions compared; documents in the order of their ids."""

    before: str
    after: str
    added: tuple[Change, ...]
    removed: tuple[Change, ...]
    changed: tuple[Change, ...]
    moved: tuple[Change, ...]  # the same in another split
    refetched: int  # documents that are the same, made of a raw file that is another
    unchanged: int  # documents that are the same in every respect
    vocabulary_added: Mapping[str, int]  # characters, and how often they occur where they do
    vocabulary_removed: Mapping[str, int]
    licences: Counts  # documents by licence
    drops: Counts  # by step and reason
    stats: tuple[Figure, ...]
    sources: Sources | None  # None: a snapshot is gone
    causes: tuple[Cause, ...]
    shards_reused: int
    shards: int

    @property
    def new(self) -> tuple[Change, ...]:
        """Documents with a text that the version before had not: those added, and those whose text changed."""
        return tuple(sorted((*self.added, *(c for c in self.changed if c.text)), key=lambda change: change.id))


def diff(store: Store, before: Version, after: Version, *, progress: Progress = silent) -> Diff:
    """Compare two versions. Raises CorruptError for a shard that is not what it was."""
    vocabularies = causes.vocabulary(before), causes.vocabulary(after)
    shared = {_key(shard) for shard in before.shards} & {_key(shard) for shard in after.shards}
    reused = [shard for shard in after.shards if _key(shard) in shared]
    with pins.held(store, before), pins.held(store, after):
        found = rows.compare(*_digested(store, (before, after), shared, progress))
        return Diff(
            before=before.ref,
            after=after.ref,
            added=_changes(store, after, rows.EMPTY, found.added),
            removed=_changes(store, before, found.removed, rows.EMPTY),
            changed=_changes(store, after, *found.changed),
            moved=_changes(store, after, *found.moved),
            refetched=found.refetched,
            unchanged=found.same + sum(shard.rows for shard in reused),
            vocabulary_added=_only(vocabularies[1], vocabularies[0]),
            vocabulary_removed=_only(vocabularies[0], vocabularies[1]),
            licences=_counts(before.stats.get("licences", {}), after.stats.get("licences", {})),
            drops=_counts(before.drops, after.drops),
            stats=causes.figures(before, after),
            sources=causes.sources(store, before, after),
            causes=causes.causes(before, after),
            shards_reused=len(reused),
            shards=len(after.shards),
        )


def parent(store: Store, version: Version) -> Version:
    """The version that one was made after. Raises UnknownNameError where there is none."""
    if not version.parent:
        raise UnknownNameError(f"{version.ref} is the first version", "name two versions to compare")
    for known in store.versions(version.corpus):
        if known.id == version.parent:
            return known
    hint = f"name another to compare: corpusmill versions {version.corpus}"
    raise UnknownNameError(f"version {version.parent}, before {version.ref}, is not in the store", hint)


def _key(shard: Shard) -> tuple[str, str]:
    """What makes two shards hold the same rows for the same use."""
    return shard.split, shard.content_digest


def _digested(
    store: Store, versions: tuple[Version, Version], shared: set[tuple[str, str]], progress: Progress
) -> tuple[Rows, Rows]:
    """The rows of both versions that are not in shards they share, by the columns that both have."""
    before, after = versions
    columns = [name for name in before.columns if name in after.columns and name not in _APART]
    known = [[(place, s) for place, s in enumerate(v.shards) if _key(s) not in shared] for v in versions]
    total, read = sum(shard.rows for of_version in known for _, shard in of_version), 0

    def told(shard: Shard) -> None:
        nonlocal read
        progress("compare", read, total, shard.path)
        read += shard.rows

    old, new = (
        rows.digested(store.version_folder(version), of_version, columns, told)
        for version, of_version in zip(versions, known, strict=True)
    )
    if total:
        progress("compare", total, total, f"{total:,} rows")
    return old, new


def _changes(store: Store, version: Version, was: Rows, now: Rows) -> tuple[Change, ...]:
    """Rows before and after in pairs, or those of one side, as what they mean; titles are those of `version`."""
    mine = now if len(now) else was
    told = {row["id"]: row for row in rows.picked(store.version_folder(version), version.shards, mine)}
    return tuple(
        Change(
            **told[row["id"].decode()],
            characters_before=int(was["characters"][i]) if len(was) else 0,
            characters_after=int(now["characters"][i]) if len(now) else 0,
            split_before=SPLITS[was["split"][i]] if len(was) else None,
            split_after=SPLITS[now["split"][i]] if len(now) else None,
            text=not (len(was) and len(now)) or bool(was["text"][i] != now["text"][i]),
        )
        for i, row in enumerate(mine)
    )


def _only(mine: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {character: mine[character] for character in sorted(mine) if character not in other}


def _counts(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    return {name: (before.get(name, 0), after.get(name, 0)) for name in sorted({*before, *after})}
