"""A corpus of one's own that can be collected, built and refreshed: pages of one poem, and lists of many."""

from dataclasses import replace
from pathlib import Path

import collectors
from corpusmill.http import Client, Network
from corpusmill.store import Store, forget, shards
from corpusmill.types import Corpus, Document, Version
from preprocess.build import build
from preprocess.publish.without import without

AT = "2026-01-01T00:00:00+00:00"
LONG = "In a quiet valley {} a mill turned slowly, and {} sacks of flour stood in a row beside the {} th door."
CORPUS = Corpus(
    name="poems",
    title="Poems",
    licence="CC0-1.0",
    source={"transport": "local", "path": "."},
    parse={"kind": "lines", "unit": "line"},
    declared_in="poems.toml",
)


def text(page: str, line: int) -> str:
    return LONG.format(page, line, f"{page}{line}")


def written(folder: Path, pages: str = "abcdefgh", lines: int = 12) -> Path:
    """A folder of pages of some lines; the last page has one line, which is the first page's too."""
    folder.mkdir(exist_ok=True)
    for page in pages:
        body = "\n".join(text(page, line) for line in range(lines))
        (folder / f"{page}.txt").write_text(body, encoding="utf-8")
    (folder / "single.txt").write_text(text("single", 0), encoding="utf-8")
    return folder


def refreshed(folder: Path, store: Store, **sections) -> tuple[Version, bool]:
    """Collect the folder and build it."""
    corpus = replace(CORPUS, source={"transport": "local", "path": str(folder)}, **sections)
    taken = collectors.collect(corpus, store, Client(Network()), accept=True)
    return build(corpus, taken.snapshot, store, processes=0)


def documents(store: Store, version: Version | None = None) -> list[Document]:
    """All of a version, or of the latest."""
    version = version or store.latest_version("poems")
    assert version
    return list(shards.documents(store.version_folder(version), version.shards))


def forgotten(store: Store, *what: str, **more) -> list[forget.Forgotten]:
    """Forget something."""
    return forget.forget(store, map(forget.asked, what), without, moment=AT, **more)


def whole(store: Store) -> None:
    """Raise unless every version is what its manifest says."""
    for version in store.versions("poems"):
        folder = store.version_folder(version)
        for shard in version.shards:
            shards.check(folder, shard)
        assert shards.content(version.shards, shards.read_drops(folder)) == version.content
        assert version.parsed == sum(s.rows for s in version.shards) + sum(version.drops.values())
