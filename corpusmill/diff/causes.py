"""What two manifests differ in: figures, raw files, and what made the versions differ."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from corpusmill.errors import UnknownNameError
from corpusmill.store import Store
from corpusmill.types import Version


@dataclass(frozen=True, slots=True)
class Figure:
    """A statistic before and after; None where it was not measured."""

    name: str  # its path in the manifest: "splits.train.characters"
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that decides what a version holds, before and after; None where it is not."""

    name: str  # "snapshot", "code", "spec.clean.steps", "libraries.numpy", "columns.score"
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Sources:
    """Addresses of raw files, by what became of them."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]  # another body, or another status


def vocabulary(version: Version) -> Mapping[str, int]:
    """How often each character occurs."""
    counts: Mapping[str, int] = version.stats.get("vocabulary", {}).get("total", {})
    return counts


def figures(before: Version, after: Version) -> tuple[Figure, ...]:
    """Every number of the statistics, the same ones too; characters one by one, and histograms, aside."""
    was, now = (dict(_numbers(version)) for version in (before, after))
    return tuple(Figure(name, was.get(name), now.get(name)) for name in dict.fromkeys([*was, *now]))


def _numbers(version: Version) -> Iterator[tuple[str, float]]:
    yield "total.documents", sum(shard.rows for shard in version.shards)
    yield "dropped", sum(version.drops.values())
    yield "vocabulary", len(vocabulary(version))
    apart = ("vocabulary", "licences")
    for name, value in _flat({key: value for key, value in version.stats.items() if key not in apart}):
        if isinstance(value, int | float):
            yield name, value


def causes(before: Version, after: Version) -> tuple[Cause, ...]:
    """What differs of all that decides a version."""
    was, now = dict(_deciding(before)), dict(_deciding(after))
    names = dict.fromkeys([*was, *now])
    return tuple(Cause(name, was.get(name), now.get(name)) for name in names if was.get(name) != now.get(name))


def _deciding(version: Version) -> Iterator[tuple[str, Any]]:
    yield "corpus", version.corpus
    yield "snapshot", version.snapshot
    yield from ((f"spec.{name}", value) for name, value in _flat(version.spec))
    yield "licence", version.licence
    yield "code", version.code_digest
    yield from ((f"libraries.{name}", value) for name, value in version.libraries.items())
    yield from ((f"columns.{name}", value) for name, value in version.columns.items())
    if version.removals:
        yield "removals", len(version.removals)


def sources(store: Store, before: Version, after: Version) -> Sources | None:
    """What became of the raw files; None where a snapshot is gone."""
    if (before.corpus, before.snapshot) == (after.corpus, after.snapshot):
        return Sources((), (), ())
    try:
        was, now = (
            {file.url: (file.status, file.sha256) for file in store.snapshot(v.corpus, v.snapshot).files}
            for v in (before, after)
        )
    except UnknownNameError:
        return None
    return Sources(
        added=tuple(sorted(now.keys() - was.keys())),
        removed=tuple(sorted(was.keys() - now.keys())),
        changed=tuple(sorted(url for url in was.keys() & now.keys() if was[url] != now[url])),
    )


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested tables as dotted names."""
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
