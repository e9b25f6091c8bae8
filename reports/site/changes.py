"""What became of a corpus from one version to the next, as a page tells it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from corpusmill.diff import Change, Diff
from corpusmill.store.ids import canonical
from reports import words
from reports.sections.corpus import NAMES
from reports.visible import link, plain

DOCUMENTS = 25  # of each kind that are listed
CAUSES = 20
CHARACTERS = 60  # of the vocabulary that came or went


@dataclass(frozen=True, slots=True)
class Document:
    """One document that differs."""

    title: str
    source: Markup
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Group:
    """Documents with which the same was done; `unlisted` of them are not shown."""

    name: str
    number: str
    documents: tuple[Document, ...]
    unlisted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The section on what changed."""

    before: str
    words: str
    groups: tuple[Group, ...]
    characters: tuple[tuple[str, str], ...]  # what happened, and the characters
    licences: tuple[tuple[str, str, str], ...]  # licence, documents before, documents after
    causes: tuple[tuple[str, str, str], ...]  # what decides a version, before, after
    unlisted_causes: int


def changes(found: Diff) -> Changes:
    """Diff -> the section."""
    causes = [(cause.name, _told(cause.before), _told(cause.after)) for cause in found.causes]
    return Changes(
        before=found.before,
        words=_in_words(found),
        groups=tuple(_groups(found)),
        characters=tuple(_characters(found)),
        licences=tuple((name, words.count(was), words.count(now)) for name, (was, now) in found.licences.items()),
        causes=tuple(causes[:CAUSES]),
        unlisted_causes=len(causes[CAUSES:]),
    )


def _in_words(found: Diff) -> str:
    counted = [("added", found.added), ("removed", found.removed), ("changed", found.changed), ("moved", found.moved)]
    said = words.listed([f"{words.count(len(documents))} {verb}" for verb, documents in counted])
    return (
        f"Since {found.before}: {said}; {words.count(found.unchanged)} documents are the same. "
        f"{words.count(found.shards_reused)} of {words.count(found.shards, 'shard')} were taken over as they were."
    )


def _groups(found: Diff) -> Iterator[Group]:
    named = (
        ("Added", found.added),
        ("Removed", found.removed),
        ("Changed", found.changed),
        ("Moved to another split", found.moved),
    )
    for name, documents in named:
        if documents:
            shown = tuple(map(_document, documents[:DOCUMENTS]))
            yield Group(name, words.count(len(documents)), shown, len(documents[DOCUMENTS:]))


def _document(change: Change) -> Document:
    before, after = (
        f"{words.count(size)} ({split})" if split else "–"
        for size, split in (
            (change.characters_before, change.split_before),
            (change.characters_after, change.split_after),
        )
    )
    return Document(change.title or change.id, link(change.source), before, after)


def _characters(found: Diff) -> Iterator[tuple[str, str]]:
    for says, counts in (("New characters", found.vocabulary_added), ("Gone", found.vocabulary_removed)):
        if counts:
            yield says, _listed(sorted(counts))


def _listed(characters: Sequence[str]) -> str:
    shown = " ".join(NAMES.get(one, plain(one)) for one in characters[:CHARACTERS])
    more = len(characters) - CHARACTERS
    return f"{shown} and {more:,} more" if more > 0 else shown


def _told(value: object) -> str:
    return "–" if value is None else canonical(value).decode()
