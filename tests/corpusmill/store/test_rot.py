"""Bits that flip, files that are cut, and files in the place of others: told, or without consequence."""

import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from corpusmill.errors import CorpusmillError
from corpusmill.store import MANIFEST, Store, blobs, shards
from corpusmill.store.verify import verify
from model import checkpoint, weights
from tests.faults import NAME, filled, times

FLIPS, CUTS = times(250, 10_000), times(60, 1_000)

Reader = Callable[[], object]


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    """Read only: whoever damages a file puts it back."""
    return filled(tmp_path_factory.mktemp("rot") / "store")


def readers(store: Store) -> Iterator[tuple[str, Path, Reader]]:
    """Every file that is read as data: its kind, its path, and how it is read."""
    for snapshot in store.snapshots(NAME):
        yield (
            "manifest",
            store.snapshot_folder(NAME, snapshot.id) / MANIFEST,
            lambda s=snapshot: store.snapshot(NAME, s.id),
        )
        for file in snapshot.files:
            path = blobs.blob_path(store.root, file.sha256)
            yield "blob", path, lambda f=file: blobs.get(store.root, f.sha256)
    for version in store.versions(NAME):
        folder = store.version_folder(version)
        yield "manifest", folder / MANIFEST, lambda v=version: store.version(NAME, v.name)
        for shard in version.shards:
            yield "shard", folder / shard.path, lambda f=folder, s=shard: list(shards.documents(f, [s]))
        drops = folder / "drops" / "drops.parquet"
        yield "drops", drops, lambda f=folder, v=version: shards.drops_of(f, v)
    for run in store.runs(NAME):
        folder = store.run_folder(NAME, run.id)
        yield "manifest", folder / MANIFEST, lambda r=run: store.run(NAME, r.id)
        yield "checkpoint", folder / checkpoint.STATE, lambda f=folder: repr(checkpoint.resume(f))
        best = folder / run.checkpoint
        yield "checkpoint", best, lambda p=best, r=run: repr(weights.read(p, r.files[r.checkpoint]))
        last = next(path for path in folder.glob("checkpoints/last-*"))
        yield "checkpoint", last, lambda f=folder: repr(checkpoint.arrays(f, checkpoint.resume(f).last))


def flipped(body: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(body)
    damaged[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def cut(body: bytes, chance: random.Random) -> bytes:
    return body[: chance.randrange(len(body))]


def put(path: Path, body: bytes) -> None:
    """A new file in its place: versions share what they have in common, and damage hits one."""
    path.unlink()
    path.write_bytes(body)


def outcome(read: Reader, right: object) -> str:
    """What a reader gets."""
    try:
        return "same" if read() == right else "silent"
    except CorpusmillError:
        return "told"


@pytest.mark.timeout(3000)
@pytest.mark.parametrize(("damage", "count"), [(flipped, FLIPS), (cut, CUTS)], ids=["flipped", "cut"])
def test_no_damage_is_silent(store, damage, count, capsys):
    chance, seen = random.Random(count), Counter()
    files = [(kind, path, read, read(), path.read_bytes()) for kind, path, read in readers(store)]
    for number in range(count):
        kind, path, read, right, whole = files[number % len(files)]
        put(path, damage(whole, chance))
        found = outcome(read, right)
        seen[kind, found] += 1
        assert found != "silent", path
        put(path, whole)
    with capsys.disabled():
        sys.stderr.write(f"\n{count:,} files {damage.__name__}: {dict(seen)}\n")
    assert {kind for kind, found in seen if found == "told"} == {"manifest", "blob", "shard", "drops", "checkpoint"}
    assert sum(count for (_, found), count in seen.items() if found == "told") > 0.9 * count


def test_what_a_reader_is_told_of_verify_names(store):
    chance = random.Random(3)
    for kind, path, read in readers(store):
        right, whole = read(), path.read_bytes()
        put(path, flipped(whole, chance))
        found = verify(store)
        if outcome(read, right) == "told":
            assert str(path) in {wrong.path for wrong in found.wrong}, (kind, found.wrong)
        put(path, whole)
    assert verify(store).wrong == ()


def test_no_file_passes_for_another_of_its_kind(store):
    files = [(kind, path, read, read(), path.read_bytes()) for kind, path, read in readers(store)]
    for kind, path, read, right, whole in files:
        for other_kind, other, _, _, body in files:
            if kind == other_kind and body != whole:
                put(path, body)
                assert outcome(read, right) == "told", (path, other)
        put(path, whole)


def test_no_folder_passes_for_another(store):
    for kind in ("snapshots", "versions"):
        one, other = sorted((store.corpus(NAME) / kind).iterdir())
        aside = one.with_name("aside")
        one.rename(aside)
        other.rename(one)
        aside.rename(other)
        assert {str(one / MANIFEST), str(other / MANIFEST)} <= {wrong.path for wrong in verify(store).wrong}
        for folder in (one, other):
            read = store.snapshot if kind == "snapshots" else store.version
            with pytest.raises(CorpusmillError, match="it is that of mill/"):
                read(NAME, folder.name)
        one.rename(aside)
        other.rename(one)
        aside.rename(other)
    assert verify(store).wrong == ()
