"""A store by its address: the commands on a bucket of a real server, and a second machine that reads it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyarrow import fs

from corpusmill.errors import UsageError
from corpusmill.store import Store, opened, refs, shards
from corpusmill.store.bucket import S3

ROOT = Path(__file__).parents[3]
TEXT = "\n\n".join(f"The {n} mills grind slowly, and {n} stones turn; who counts to {n * n}?" for n in range(200))
SHORT = ["--set", "train.steps=4", "--set", "train.hidden=16", "--set", "train.samples.length=20"]


@pytest.mark.parametrize(("place", "root"), [("/a/b", "/a/b"), ("b", str(Path("b").absolute()))])
def test_a_path_is_a_folder(place, root):
    store = opened(place, {})
    assert (store, store.place) == (Store(Path(root)), root)


def test_a_bucket_has_a_working_copy_of_its_own_for_each_address_and_server(tmp_path):
    environment = {"CORPUSMILL_CACHE": str(tmp_path)}
    elsewhere = environment | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    made = [
        opened("s3://corpora/team", environment),
        opened("s3://corpora/team/", environment),
        opened("s3://corpora/other", environment),
        opened("s3://corpora/team", elsewhere),
    ]
    assert [store.place for store in made] == [*["s3://corpora/team"] * 2, "s3://corpora/other", "s3://corpora/team"]
    assert [made[0].root == store.root for store in made] == [True, True, False, False]
    assert all(store.root.is_relative_to(tmp_path / "stores") for store in made)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["gs://bucket", "http://host/store", "s3://"])
def test_another_kind_of_address_is_refused(place):
    with pytest.raises(UsageError, match="is no address of a store"):
        opened(place, {})


def said(cache: Path, aws: dict[str, str], *arguments: str) -> dict:
    """What a command says on the machine whose caches are there."""
    done = subprocess.run(
        [sys.executable, "-m", "corpusmill", *arguments, "--json"],
        cwd=ROOT,
        env=os.environ | aws | {"CORPUSMILL_CACHE": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def test_a_corpus_is_made_in_a_bucket_and_read_on_another_machine(url, aws, tmp_path):
    (tmp_path / "mill.txt").write_text(TEXT, encoding="utf-8")
    store, one, other = ["--store", url], tmp_path / "one", tmp_path / "other"
    run = said(one, aws, "run", str(tmp_path / "mill.txt"), "--plain", *SHORT, *store)
    assert (run["version"], run["skipped"]) == ("mill@v1", [])

    (listed,) = said(other, aws, "versions", "mill", *store)["versions"]
    assert (listed["version"], listed["runs"]) == ("mill@v1", 1)
    assert not list(other.rglob("*.parquet"))
    again = said(other, aws, "build", "mill", *store)
    assert (again["version"], again["new"]) == ("mill@v1", False)
    reader = opened(url, aws | {"CORPUSMILL_CACHE": str(other)})
    found = refs.run(reader, "mill")
    assert found.ref == run["run"]
    assert "mill" in (reader.run_folder("mill", found.id) / "report.html").read_text(encoding="utf-8")
    (version,) = reader.versions("mill")
    assert sum(1 for _ in shards.documents(reader.version_folder(version), version.shards)) == listed["documents"]

    beside = fs.S3FileSystem(
        access_key=aws["AWS_ACCESS_KEY_ID"],
        secret_key=aws["AWS_SECRET_ACCESS_KEY"],
        region=aws["AWS_REGION"],
        endpoint_override=aws["AWS_ENDPOINT_URL"],
    )
    data = f"{url.removeprefix('s3://')}/mill/versions/v000001/data"
    assert pq.read_table(data, filesystem=beside).num_rows == listed["documents"]

    keys = [found.key for found in S3(url, aws).list("")]
    assert "mill/versions/v000001/data/train-00000-of-00001.parquet" in keys
    assert {key.split("/")[0] for key in keys} == {"blobs", "lineage", "mill", "objects", "refs"}
