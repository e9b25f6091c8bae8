"""The determinism self-test: a version built again under other circumstances, and the first difference named.

    for circumstances, difference in rebuilds(version, store): ...

Each rebuild is a process of its own with another hash seed, locale, time zone and number of workers, and units of
another size, in a store of its own beside this one that shares its raw bodies. It takes the sections that the version
was built with, not those its TOML has today.

Run as ``python -m preprocess.publish.again``, it is that process: it reads what to build from its standard input.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from corpusmill.errors import BuildError, CorpusmillError
from corpusmill.store import Store, shards
from corpusmill.store.scratch import to_build
from corpusmill.types import Corpus, Shard, Snapshot, Version

_CELL = 60  # characters of a value that are shown around where it differs
_OTHERS_BUILT = "(it was built by other code or libraries) "
_COMPARED = ("snapshot", "parsed", "drops", "columns", "shards", "stats", "id")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What must not change a version."""

    workers: int
    unit_bytes: int  # of raw material in a unit, at most; a quarter of it on average
    hash_seed: str
    locale: str
    zone: str

    def __str__(self) -> str:
        """As it is told."""
        return (
            f"{self.workers} workers, units of {self.unit_bytes:,} bytes, PYTHONHASHSEED={self.hash_seed}, "
            f"LC_ALL={self.locale}, TZ={self.zone}"
        )


OTHERS = (
    Circumstances(0, 16 << 20, "0", "C", "UTC"),
    Circumstances(1, 1 << 20, "1", "C.UTF-8", "Asia/Kolkata"),
    Circumstances(3, 3 << 20, "4294967295", "POSIX", "America/St_Johns"),
)


def rebuilds(
    version: Version, store: Store, others: tuple[Circumstances, ...] = OTHERS
) -> Iterator[tuple[Circumstances, str]]:
    """Each rebuild and its first difference from the version, or "" where there is none.

    A version that other code or other libraries have built may well come out differently; the difference then says so.
    Raises BuildError where it cannot be rebuilt; UnknownNameError where its snapshot is gone, CorruptError where it is
    damaged.
    """
    if version.removals:
        message = f"{version.ref} was built with what had to be forgotten since, so it cannot be built again"
        raise BuildError(message, f"refresh {version.corpus}, and build its latest version again")
    snapshot = store.snapshot(version.corpus, version.snapshot)
    store.fetch(snapshot)
    for circumstances in others:
        with to_build(store, snapshot) as other:
            again = _rebuilt(corpus_of(version), snapshot, other, circumstances)
            found = difference(version, store.version_folder(version), again, other.version_folder(again))
            yield circumstances, found and _by_whom(version, again) + found


def hint(ref: str, found: str) -> str:
    """What to do about a difference."""
    if found.startswith(_OTHERS_BUILT):
        return (
            f"so it says nothing of whether the build is deterministic: corpusmill reproduce {ref} says what is other"
        )
    return "the build is not deterministic: please report it" if found else ""


def _by_whom(version: Version, again: Version) -> str:
    """Whether other code or libraries built the version, which would explain a difference."""
    if (version.code_digest, version.libraries) == (again.code_digest, again.libraries):
        return ""
    return _OTHERS_BUILT


def difference(one: Version, folder: Path, other: Version, other_folder: Path) -> str:
    """The first thing in which two versions of the same snapshot differ, named; "" if there is none."""
    for name in _COMPARED:
        was, now = getattr(one, name), getattr(other, name)
        if was == now:
            continue
        if name == "shards":
            return _shards_differ(one.shards, folder, other.shards, other_folder)
        return f"{name}: {_shown(was, now)}"
    return ""


def _shards_differ(one: tuple[Shard, ...], folder: Path, other: tuple[Shard, ...], other_folder: Path) -> str:
    for was, now in zip_longest(one, other):
        if was == now:
            continue
        if not was or not now or was.path != now.path:
            return f"shards: {was and was.path} here, {now and now.path} there"
        tables = (shards.read(folder, was, None).to_pylist(), shards.read(other_folder, now, None).to_pylist())
        for number, (row, again) in enumerate(zip_longest(*tables)):
            if row != again:
                return f"{was.path}, row {number}: {_row_differs(row, again)}"
        return f"{was.path}: the rows are equal, the files are not ({_shown(was, now)})"
    return "shards: in another order"


def _row_differs(row: dict[str, Any] | None, again: dict[str, Any] | None) -> str:
    if not row or not again:
        return f"id {row and row['id']} here, {again and again['id']} there"
    column = next(name for name in row if row[name] != again[name])
    return f"document {row['id']}, {column}: {_shown(row[column], again[column])}"


def _shown(was: Any, now: Any) -> str:
    """Two values from just before where they part."""
    one, other = str(was), str(now)
    start = max(next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0) - _CELL // 3, 0)
    return f"{one[start : start + _CELL]!r} here, {other[start : start + _CELL]!r} there"


def corpus_of(version: Version) -> Corpus:
    """What the version was built from, as its manifest has it."""
    sections: dict[str, Any] = {
        section: {key: value for key, value in table.items() if value is not None}
        for section, table in version.spec.items()
    }
    return Corpus(
        name=version.corpus,
        title=version.title,
        about=version.about,
        licence=version.licence,
        licence_note=version.licence_note,
        personal_data=version.personal_data,
        language=version.language,
        source={},
        declared_in=version.ref,
        **sections,
    )


def _rebuilt(corpus: Corpus, snapshot: Snapshot, store: Store, how: Circumstances) -> Version:
    """A version built in a process of its own. Raises what building raised there, or BuildError."""
    environment = os.environ | {"PYTHONHASHSEED": how.hash_seed, "LC_ALL": how.locale, "TZ": how.zone}
    home = str(Path(__file__).parents[2])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-P", "-m", "preprocess.publish.again"],
        input=pickle.dumps((corpus, snapshot, store.root, how)),
        capture_output=True,
        env=environment,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise BuildError(f"the rebuild with {how} failed: {said[-1] if said else done.returncode}", "please report it")
    answer: Version | CorpusmillError = pickle.loads(done.stdout)  # noqa: S301 - from a process of our own
    if isinstance(answer, CorpusmillError):
        raise answer
    return answer


def main() -> None:
    """Build what the standard input says; the standard output gets the version or the error."""
    from preprocess.build import build
    from preprocess.partition import units, workers

    corpus, snapshot, root, how = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 - from `_rebuilt`
    units.MOST, units.TARGET, units.SMALL = how.unit_bytes, how.unit_bytes // 4, how.unit_bytes // 4
    workers.FEW_BYTES = 0
    answer: Version | CorpusmillError
    try:
        answer, _ = build(corpus, snapshot, Store(root), processes=how.workers)
    except CorpusmillError as error:
        answer = error
    sys.stdout.buffer.write(pickle.dumps(answer))


if __name__ == "__main__":
    main()
