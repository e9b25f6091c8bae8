"""Stores with more in them than one fake run: versions after versions, corpora beside corpora."""

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

from bs4 import BeautifulSoup

from corpusmill.store import Store, encode, shards
from corpusmill.store.commit import MANIFEST
from corpusmill.store.ids import content_id, document_id
from corpusmill.types import Drop, Run, Version
from tests.reports.fake_run import Told, fake_run


def later_version(store: Store, version: Version, number: int) -> Version:
    """The same documents and one more left out as another version, made after `version`."""
    folder, source = store.version_folder(version), f"file:later-{number}.txt"
    drops = [*shards.read_drops(folder), Drop(id=document_id(source), step="later", reason="late", source=source)]
    made = replace(
        version,
        number=number,
        parent=version.id,
        id=shards.content(version.shards, drops),
        parsed=version.parsed + 1,
        drops=Counter(version.drops) + Counter(["later: late"]),
    )
    final = store.corpus(version.corpus) / "versions" / made.name
    _copied(folder, final, made)
    shards.write_drops(final / "drops" / "drops.parquet", drops)
    return made


def later_run(store: Store, run: Run, number: int) -> Run:
    """The same run again, started later, without its report."""
    clock = {**run.clock, "started_at": f"2026-11-20T11:{number // 60:02}:{number % 60:02}+00:00"}
    made = replace(run, id=content_id([run.id, number]), clock=clock)
    folder = store.run_folder(run.corpus, run.id)
    return _copied(folder, folder.parent / made.id, made)


def grown(store: Store, versions: int, runs: int) -> None:
    """A corpus of so many versions and so many runs of the first."""
    first = fake_run(store, Told())
    for number in range(1, runs):
        later_run(store, first, number)
    version = store.versions("plays")[0]
    for number in range(2, versions + 1):
        version = later_version(store, version, number)


def pages(folder: Path) -> dict[str, BeautifulSoup]:
    """Every page of a site, parsed."""
    found = sorted(path for path in folder.rglob("*.html") if path.is_file() and not path.name.endswith("-report.html"))
    return {
        p.relative_to(folder).as_posix(): BeautifulSoup(p.read_text(encoding="utf-8"), "html.parser") for p in found
    }


def _copied(folder, target, made):
    shutil.copytree(folder, target)
    (target / "report.html").unlink(missing_ok=True)
    (target / MANIFEST).write_bytes(encode(made))
    return made
