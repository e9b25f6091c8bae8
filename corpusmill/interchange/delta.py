"""A version as a Delta table, which Spark, Trino, DuckDB and others read: its shards and a log of one commit.

The split is the partition: the shards of each lie in a folder of its own, where readers look that do not ask the log.
Such a log is a few lines of JSON, so no library is needed to write it
(https://github.com/delta-io/delta/blob/master/PROTOCOL.md). Moments in it are those of the snapshot, ids are digests:
the same version gives the same table.
"""

import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from corpusmill import __version__
from corpusmill.interchange import folder
from corpusmill.interchange.folder import Exported
from corpusmill.store import Store
from corpusmill.store.ids import canonical
from corpusmill.types import Progress, Shard, Snapshot, Version, silent

LOG = "_delta_log/00000000000000000000.json"
_TYPES = {"string": "string", "int64": "long", "double": "double", "bool": "boolean"}
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://delta.io/")


def write(store: Store, version: Version, target: Path, progress: Progress = silent) -> Exported:
    """A folder with the shards and ``_delta_log/``. Raises UsageError, StoreError, CorruptError."""
    snapshot = store.snapshot(version.corpus, version.snapshot)
    with folder.filled(target) as work:
        folder.copy_shards(version, store, work, progress, _path)
        log = work / LOG
        log.parent.mkdir()
        log.write_bytes(b"".join(canonical(action) + b"\n" for action in _actions(version, snapshot)))
    return folder.written(target, "delta", version)


def _actions(version: Version, snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    at = int(datetime.fromisoformat(snapshot.collected_at).timestamp() * 1000)
    made = {"timestamp": at, "operation": "WRITE", "operationParameters": {"mode": "ErrorIfExists"}}
    yield {"commitInfo": {**made, "engineInfo": f"corpusmill/{__version__}", "isBlindAppend": True}}
    yield {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}
    yield {
        "metaData": {
            "id": str(uuid.uuid5(_NAMESPACE, f"{version.ref} {version.content}")),
            "name": version.ref,
            "description": f"{version.title}. Licence: {version.licence}. {version.licence_note}".rstrip(),
            "format": {"provider": "parquet", "options": {}},
            "schemaString": canonical(_schema(version)).decode(),
            "partitionColumns": ["split"],
            "configuration": {},
            "createdTime": at,
        }
    }
    yield from ({"add": _add(shard, at)} for shard in version.shards)


def _schema(version: Version) -> dict[str, Any]:
    """Delta's schema: that of the shards, and the split."""
    columns = [*sorted(version.columns.items()), ("split", "string")]
    fields = [{"name": name, "type": _TYPES[kind], "nullable": True, "metadata": {}} for name, kind in columns]
    return {"type": "struct", "fields": fields}


def _path(shard: Shard) -> str:
    return f"split={shard.split}/{shard.path.rpartition('/')[2]}"


def _add(shard: Shard, at: int) -> dict[str, Any]:
    return {
        "path": _path(shard),
        "partitionValues": {"split": shard.split},
        "size": shard.bytes,
        "modificationTime": at,
        "dataChange": True,
        "stats": canonical({"numRecords": shard.rows}).decode(),
        "tags": {"sha256": shard.sha256},
    }
