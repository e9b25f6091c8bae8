"""Other projects' readers take a version as it lies in the store, and exports as they are."""

import pytest

from corpusmill.interchange import bagit, delta, described, huggingface
from corpusmill.store import Store
from tests import readers
from tests.corpusmill.interchange.versions import plain, published

pytestmark = pytest.mark.timeout(readers.SECONDS + 60)  # the first makes the environment

DATASETS = """
import sys, json, datasets
found = datasets.load_dataset(sys.argv[1], cache_dir=sys.argv[2])
rows = {row["id"]: dict(row, split=split) for split, part in found.items() for row in part}
print(json.dumps([rows, {split: part.num_rows for split, part in found.items()}]))
"""
DUCKDB = """
import sys, json, duckdb
got = duckdb.sql(f"select *, regexp_extract(filename, '([a-z]+)-[0-9]+-of-', 1) as split"
                 f" from read_parquet('{sys.argv[1]}/data/*.parquet', filename=true)")
names = got.columns
rows = [dict(zip(names, row)) for row in got.fetchall()]
print(json.dumps({row["id"]: {k: v for k, v in row.items() if k != "filename"} for row in rows}))
"""
POLARS = """
import sys, json, polars as pl
rows = {}
for split in ("train", "validation", "test"):
    for row in pl.read_parquet(f"{sys.argv[1]}/data/{split}-*.parquet").to_dicts():
        rows[row["id"]] = dict(row, split=split)
assert pl.scan_parquet(f"{sys.argv[1]}/data/*.parquet").collect().height == len(rows)
print(json.dumps(rows))
"""
DELTA = """
import sys, json, deltalake, polars as pl
table = deltalake.DeltaTable(sys.argv[1])
rows = {row["id"]: row for row in table.to_pyarrow_table().to_pylist()}
assert {row["id"]: row for row in pl.read_delta(sys.argv[1]).to_dicts()} == rows
only = table.to_pyarrow_table(filters=[("split", "=", "test")])
print(json.dumps([rows, table.version(), table.metadata().name, table.metadata().partition_columns, only.num_rows]))
"""
CROISSANT = """
import sys, json, mlcroissant
found = mlcroissant.Dataset(sys.argv[1])
def said(value):
    return value.decode() if isinstance(value, bytes) else getattr(value, "item", lambda: value)()
rows = [{k.partition("/")[2]: said(v) for k, v in record.items()} for record in found.records("documents")]
splits = [{k: said(v) for k, v in record.items()} for record in found.records("splits")]
kept = json.dumps(found.metadata.to_json(), default=str)
print(json.dumps([rows, splits, found.metadata.issues.report(), "wasDerivedFrom" in kept], default=str))
"""
BAG = """
import sys, json, bagit
bag = bagit.Bag(sys.argv[1])
bag.validate()
print(json.dumps([sorted(bag.payload_entries()), bag.info, bag.version]))
"""


@pytest.fixture(scope="module")
def mill(tmp_path_factory):
    """A version whose folder holds the card, croissant.json, the manifest and the drops beside the shards."""
    made = published(Store(tmp_path_factory.mktemp("readers") / "store"))
    assert {path.name for path in made.folder.iterdir()} == {
        *("README.md", "croissant.json", "manifest.json", "data", "drops")
    }
    return made


@pytest.mark.parametrize("as_it_lies", [True, False])
def test_load_dataset_gives_the_rows_by_their_splits(mill, tmp_path, as_it_lies):
    folder = mill.folder
    if not as_it_lies:
        folder = tmp_path / "hub"
        huggingface.write(mill.store, mill.version, folder)

    rows, counts = readers.call(DATASETS, folder, tmp_path / "cache")

    assert rows == plain(mill.rows)
    assert counts == {"train": 6, "validation": 3, "test": 3}


@pytest.mark.parametrize("script", [DUCKDB, POLARS], ids=["duckdb", "polars"])
def test_a_glob_over_the_shards_gives_the_rows(mill, script):
    assert readers.call(script, mill.folder) == plain(mill.rows)


def test_a_delta_table_has_the_rows_and_its_splits_are_partitions(mill, tmp_path):
    delta.write(mill.store, mill.version, tmp_path / "table")

    rows, version, name, partitions, tests = readers.call(DELTA, tmp_path / "table")

    assert rows == plain(mill.rows)
    assert (version, name, partitions, tests) == (0, "mill@v1", ["split"], 3)


def test_croissant_is_valid_without_a_warning_and_loads_every_record(mill):
    rows, splits, issues, derived = readers.call(CROISSANT, mill.folder / "croissant.json")

    compared = ("id", "text", "split", "source", "meta")
    assert {tuple(row[name] for name in compared) for row in rows} == {
        tuple(row[name] for name in compared) for row in mill.rows.values()
    }
    assert {row["label"] for row in rows if row["label"] == row["label"]} >= {-2, -4}
    assert [split["splits/name"] for split in splits] == ["train", "validation", "test"]
    assert (issues, derived) == ("", True)


def test_croissant_alone_is_valid_too(mill, tmp_path):
    described.write(mill.store, mill.version, tmp_path / "alone")
    assert (tmp_path / "alone" / "croissant.json").read_bytes() == (mill.folder / "croissant.json").read_bytes()


def test_a_bag_is_found_whole_by_the_library_for_bags(mill, tmp_path):
    bagit.write(mill.store, mill.version, tmp_path / "bag")

    entries, info, version = readers.call(BAG, tmp_path / "bag")

    assert version == "1.0"
    assert "data/manifest.json" in entries
    assert len(entries) == 8
    assert info["External-Identifier"] == f"mill@v1 {mill.version.id}"


def test_a_bag_that_was_changed_is_not_whole(mill, tmp_path):
    bagit.write(mill.store, mill.version, tmp_path / "bag")
    (tmp_path / "bag" / "data" / "README.md").write_text("another", encoding="utf-8")

    with pytest.raises(AssertionError, match="BagValidationError"):
        readers.call(BAG, tmp_path / "bag")
