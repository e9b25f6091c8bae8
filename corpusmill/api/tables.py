"""The shards of a version as one table of Arrow's, nothing read before it is known to be what was published."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyarrow.fs import LocalFileSystem

from corpusmill.errors import CorruptError
from corpusmill.store.ids import file_sha256
from corpusmill.store.shards import REMEDY
from corpusmill.types import Shard, Version

SPLIT = "split"  # the column that tells it; a corpus that declares one of that name has its own there


def dataset(version: Version, folder: Path) -> Any:
    """A `pyarrow.dataset.Dataset` of all shards; those that a filter on `split` leaves out are not opened.

    Raises CorruptError naming the shard that is missing or changed.
    """
    checked = ds.ParquetFragmentScanOptions(page_checksum_verification=True)
    parquet, disk = ds.ParquetFileFormat(default_fragment_scan_options=checked), LocalFileSystem()
    paths = [_checked(folder, shard) for shard in version.shards]
    schema = pq.read_schema(paths[0])
    told = SPLIT not in schema.names
    fragments = [
        parquet.make_fragment(str(path), disk, (ds.field(SPLIT) == shard.split) if told else None)
        for path, shard in zip(paths, version.shards, strict=True)
    ]
    whole = schema.append(pa.field(SPLIT, pa.string())) if told else schema
    return ds.FileSystemDataset(fragments, whole, parquet, disk)


def _checked(folder: Path, shard: Shard) -> Path:
    """A shard's file, its bytes compared with its digest."""
    path = folder / shard.path
    if not path.is_file():
        raise CorruptError(f"{path} is missing", REMEDY)
    if file_sha256(path) != shard.sha256:
        raise CorruptError(f"{path} does not match the manifest", REMEDY)
    return path
