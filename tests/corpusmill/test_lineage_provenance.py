import gzip
import io
import tarfile

import msgspec
import pytest

from corpusmill import lineage
from corpusmill.errors import CorruptError, UnknownNameError
from corpusmill.store import Store, blobs, shards
from corpusmill.store.ids import sha256
from preprocess.build import build
from tests.corpusmill.published import ARCHIVE, document, publish
from tests.corpusmill.samples import keep, raw, snapshot
from tests.preprocess import snapshots


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A version of a text, a packed text, and an archive whose members have odd names; as building makes them."""
    store = Store(tmp_path_factory.mktemp("store"))
    passages = "\n\n".join(f"Passage {n} of the mill, which grinds {n * n} sacks." * 8 for n in range(300))
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name in ("plain.txt", "with space/é.txt", "odd!/name.txt"):
            body = passages.replace("mill", name).encode()
            member = tarfile.TarInfo(name)
            member.size = len(body)
            tar.addfile(member, io.BytesIO(body))
    bodies = {
        "https://host/a.txt": passages.encode(),
        "https://host/b.txt.gz": gzip.compress(passages.replace("mill", "b").encode()),
        ARCHIVE: packed.getvalue(),
    }
    taken = snapshots.take(store, "mill", bodies, gone=("https://host/gone",))
    keep(store, taken)
    version, _ = build(snapshots.corpus(parse={"kind": "lines"}), taken, store, processes=0)
    return store, version, taken


def test_every_document_of_a_thousand_leads_to_its_fetch(built):
    store, version, taken = built
    ids = lineage.sample(store, version, 1000)
    found = list(lineage.provenance(store, version, ids))

    assert len(found) == len(ids) == 1000
    assert {row.id for row in found} == set(ids)
    files = {file.url: file for file in taken.files}
    for row in found:
        file = files[row.url]
        assert (row.final_url, row.status, row.sha256, row.robots) == (file.url, 200, file.sha256, "unchecked")
        assert sha256(blobs.get(store.root, row.sha256)) == row.sha256
        assert row.source == row.url or row.source.startswith(f"{row.url}!/")
        assert (row.raw_sha256 == row.sha256) == (row.source == row.url)
        assert (row.snapshot, row.version, row.licence) == (f"mill/snapshots/{taken.id}", "mill@v1", "CC0-1.0")
    assert {row.source for row in found} == {
        "https://host/a.txt",
        "https://host/b.txt.gz",
        f"{ARCHIVE}!/plain.txt",
        f"{ARCHIVE}!/with%20space/%C3%A9.txt",
        f"{ARCHIVE}!/odd%21/name.txt",
    }


def test_a_sample_is_spread_over_the_ids_and_never_larger_than_the_version(built):
    store, version, _ = built
    rows = sum(shard.rows for shard in version.shards)
    everything = lineage.sample(store, version, rows + 5)
    assert len(everything) == rows
    assert everything == sorted(everything)
    ten = lineage.sample(store, version, 10)
    assert ten == sorted(ten)
    assert len({id_[0] for id_ in ten}) > 5
    assert lineage.sample(store, version, 0) == []


def test_the_split_is_that_of_the_shard(built):
    store, version, _ = built
    by_id = {
        id_: shard.split
        for shard in version.shards
        for id_ in shards.read(store.version_folder(version), shard, ["id"]).column("id").to_pylist()
    }
    for row in lineage.provenance(store, version, lineage.sample(store, version, 50)):
        assert row.split == by_id[row.id]


ALPHA = document("alpha")


def test_a_document_that_the_version_has_not_is_named(store):
    keep(store, snapshot())
    version = publish(store, 1, {"train": [ALPHA]})
    other = document("beta").id
    with pytest.raises(UnknownNameError, match=f"bible@v1 has no document {other}"):
        list(lineage.provenance(store, version, [ALPHA.id, other]))


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ((raw("https://host/b.txt"),), "has no fetch of https://host/a.txt, which is in bible@v1"),
        ((raw("https://host/a.txt", sha256="4" * 64),), "has other bytes of https://host/a.txt"),
    ],
)
def test_a_fetch_that_is_missing_or_another_is_not_glossed_over(store, files, said):
    keep(store, snapshot(files=files))
    version = publish(store, 1, {"train": [ALPHA]})
    with pytest.raises(CorruptError, match=said):
        list(lineage.provenance(store, version, [ALPHA.id]))


def test_a_snapshot_that_is_gone_is_named(store):
    version = publish(store, 1, {"train": [ALPHA]})
    with pytest.raises(UnknownNameError, match="aaa111aaa111 is not there"):
        list(lineage.provenance(store, version, [ALPHA.id]))


def test_a_damaged_shard_gives_no_provenance(store):
    keep(store, snapshot())
    version = publish(store, 1, {"train": [ALPHA]})
    path = store.version_folder(version) / version.shards[0].path
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(CorruptError, match=path.name):
        list(lineage.provenance(store, version, [ALPHA.id]))


def test_json_has_every_field(store):
    keep(store, snapshot())
    (row,) = lineage.provenance(store, publish(store, 1, {"train": [ALPHA]}), [ALPHA.id])
    assert msgspec.to_builtins(row) == {
        "id": ALPHA.id,
        "version": "bible@v1",
        "split": "train",
        "title": "alpha",
        "source": "https://host/a.txt",
        "raw_sha256": "5" * 64,
        "url": "https://host/a.txt",
        "final_url": "https://host/a.txt",
        "fetched_at": "2024-05-01T10:00:00+00:00",
        "status": 200,
        "sha256": "5" * 64,
        "bytes": 5,
        "media_type": "",
        "robots": "unchecked",
        "licence": "CC0-1.0",
        "snapshot": "bible/snapshots/aaa111aaa111",
    }
