"""Versions of one small file, and writers who publish them against each other.

``python -m tests.corpusmill.store.writers ROOT NAME ROUNDS`` publishes so many; it waits for a line on standard input,
then prints the numbers it got.
"""

import json
import sys
from pathlib import Path

from corpusmill.store import Store, commit
from corpusmill.store.ids import sha256
from corpusmill.types import Shard, Version
from preprocess.publish.version import commit_next
from tests.corpusmill.samples import version

PATH = "data/train-00000-of-00001.parquet"
CARD, DROPS = b"# a card\n", b"none"


def fill(work: Path, text: str) -> Shard:
    """Write what a version has; returns the record of its shard."""
    body = text.encode()
    for name, content in {PATH: body, "README.md": CARD, "drops/drops.parquet": DROPS}.items():
        (work / name).parent.mkdir(exist_ok=True)
        (work / name).write_bytes(content)
    size = len(body)
    return Shard(
        path=PATH, split="train", rows=1, characters=size, bytes=size, sha256=sha256(body), content_digest=sha256(body)
    )


def add(store: Store, text: str, corpus: str = "bible") -> tuple[Version, bool]:
    """Publish a version that is named by its text."""
    folder = store.corpus(corpus) / "versions"
    with commit.work_folder(folder / "next") as work:
        shard = fill(work, text)

        def numbered(parent: Version | None) -> Version:
            number, identity = (parent.number + 1, parent.id) if parent else (1, None)
            return version(number, sha256(text.encode())[:12], corpus, parent=identity, shards=(shard,))

        return commit_next(store, work, corpus, numbered)


def race(store: Store, text: str, parent: Version | None) -> Version | None:
    """Try once to be the one who publishes the next number; the version if so."""
    number, above = (parent.number + 1, parent.id) if parent else (1, None)
    final = store.corpus("bible") / "versions" / f"v{number:06d}"
    with commit.work_folder(final) as work:
        shard = fill(work, text)
        made = version(number, sha256(text.encode())[:12], parent=above, shards=(shard,))
        return made if store.publish(work, final, made) else None


def assert_one_chain(store: Store, length: int) -> None:
    """Every number once, each version the child of the one before, and every file what its manifest says."""
    found = store.versions("bible")
    assert [v.number for v in found] == list(range(1, length + 1))
    assert [v.parent for v in found] == [None, *(v.id for v in found[:-1])]
    for each in found:
        assert_whole(store, each)


def assert_whole(store: Store, each: Version) -> None:
    folder = store.version_folder(each)
    assert sha256((folder / PATH).read_bytes()) == each.shards[0].sha256
    assert (folder / "README.md").read_bytes() == CARD
    assert (folder / "drops" / "drops.parquet").read_bytes() == DROPS


def main(root: str, name: str, rounds: str) -> None:
    store = Store(Path(root))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    got = [add(store, f"{name} {count}")[0].number for count in range(int(rounds))]
    sys.stdout.write(json.dumps(got))


if __name__ == "__main__":
    main(*sys.argv[1:])
