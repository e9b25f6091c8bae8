"""Small manifests of every kind, for tests of what reads them; any field may be given another value."""

from pathlib import Path
from typing import Any

from corpusmill.store import MANIFEST, Store, encode
from corpusmill.types import RawFile, Run, Shard, Snapshot, Version


def raw(url: str = "https://host/a.txt", **fields: Any) -> RawFile:
    """A fetch of five bytes."""
    given = {"final_url": url, "status": 200, "sha256": "5" * 64, "bytes": 5, "fetched_at": "2024-05-01T10:00:00+00:00"}
    return RawFile(**{"url": url, "licence": "CC0-1.0", **given, **fields})


def snapshot(identity: str = "aaa111aaa111", corpus: str = "bible", **fields: Any) -> Snapshot:
    """A snapshot of one file."""
    given = {"origin": "https://host/a.txt", "files": (raw(),), "collected_at": "2024-05-01T10:00:01+00:00"}
    return Snapshot(**{"corpus": corpus, "id": identity, **given, **fields})


def version(number: int = 1, identity: str = "", corpus: str = "bible", **fields: Any) -> Version:
    """A version of three documents."""
    shard = Shard(
        path="data/train-00000-of-00001.parquet",
        split="train",
        rows=3,
        characters=1234,
        bytes=900,
        sha256="6" * 64,
        content_digest="7" * 64,
    )
    given: dict[str, Any] = {
        "id": identity or f"bbb{number:09d}",
        "number": number,
        "parent": None if number == 1 else f"bbb{number - 1:09d}",
        "snapshot": "aaa111aaa111",
        "build_key": f"{number:012d}",
        "spec": {"parse": {"kind": "text"}, "clean": {"steps": ["nfc"]}},
        "code_digest": "c" * 12,
        "libraries": {"pyarrow": "22.0.0"},
        "columns": {"id": "string"},
        "title": "The Bible",
        "licence": "CC0-1.0",
        "licence_note": "",
        "language": "en",
        "shards": (shard,),
        "parsed": 4,
        "drops": {"exact: duplicate": 1},
        "stats": {"train": {"documents": 3, "longest": [1, 2.5]}},
    }
    return Version(corpus=corpus, **{**given, **fields})


def run(identity: str = "ccc111ccc111", of: str = "bbb000000001", corpus: str = "bible", **fields: Any) -> Run:
    """A run on the first version."""
    given: dict[str, Any] = {
        "version": of,
        "version_ref": f"{corpus}@v1",
        "config": {"hidden": 128, "separator": "\n\n"},
        "code_digest": "d" * 12,
        "libraries": {"torch": "2.13.0"},
        "machine": {"dtype": "float32"},
        "vocabulary": 65,
        "parameters": 123456,
        "iterations": 1000,
        "stopped": "budget",
        "best": {"iteration": 900.0, "nats_per_char": 1.5, "bits_per_byte": 2.164},
        "checkpoint": "checkpoints/best.safetensors",
        "files": {"config.json": "8" * 64},
        "clock": {"started_at": "2024-05-02T10:00:00+00:00", "seconds": 60.5},
    }
    return Run(corpus=corpus, id=identity, **{**given, **fields})


def keep(store: Store, *things: Snapshot | Version | Run) -> None:
    """Put manifests where the store looks for them."""
    for thing in things:
        folder = folder_of(store, thing)
        folder.mkdir(parents=True)
        (folder / MANIFEST).write_bytes(encode(thing))


def folder_of(store: Store, thing: Snapshot | Version | Run) -> Path:
    """Where a thing lies."""
    if isinstance(thing, Version):
        return store.version_folder(thing)
    if isinstance(thing, Run):
        return store.run_folder(thing.corpus, thing.id)
    return store.snapshot_folder(thing.corpus, thing.id)
