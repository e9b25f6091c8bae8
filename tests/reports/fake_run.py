"""A small run as the store keeps it: written with the store's own functions, every text in it chosen by the test."""

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from corpusmill.store import Store, blobs, commit, encode, shards
from corpusmill.store.ids import content_id, document_id, file_sha256, sha256
from corpusmill.types import Document, Drop, RawFile, Run, Snapshot, Version
from preprocess.publish import stats
from preprocess.vocab import Vocabulary

SPEECH = "Before we proceed any further, hear me speak.\nSpeak, speak.\n"
TRAIN = tuple(SPEECH * n for n in range(1, 9))
VALIDATION = ("Speak before we proceed.\n" * 9, "Hear any further speech.\n" * 4)


def curve(losses: Sequence[tuple[float, float]], steps: int = 5) -> list[dict[str, Any]]:
    """Lines of metrics.jsonl: (train, validation) nats per character at each evaluation, `steps` lines before each."""
    lines = []
    for number, (train, validation) in enumerate(losses):
        for step in range(1, steps + 1):
            iteration = 10 * (number * steps + step)
            line = {"iteration": iteration, "seconds": iteration / 5, "characters": 2048 * iteration}
            lines.append({**line, "nats_per_char": train, "rate": 0.01, "validation": None})
        nats = {"nats_per_char": validation, "bits_per_byte": validation / math.log(2)}
        lines[-1] |= {"validation": {**nats, "characters": 500, "reset": 256}}
    return lines


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the fake says; a test replaces what it is about."""

    corpus: str = "plays"
    title: str = "The plays"
    licence: str = "CC0-1.0"
    licence_note: str = "In the public domain."
    personal_data: str = "None."
    language: str = "en"
    origin: str = "https://example.org/plays/"
    sources: tuple[str, ...] = ("https://example.org/plays/one.txt", "https://example.org/plays/two.txt")
    robots: str = "allowed"
    train: tuple[str, ...] = TRAIN
    validation: tuple[str, ...] = VALIDATION
    document_title: str = "First citizen"
    drops: tuple[tuple[str, str, str], ...] = (  # step, reason, source
        ("dedup", "same text: kept 0a1b", "https://example.org/plays/two.txt#3"),
        ("dedup", "same text: kept 0a1c", "https://example.org/plays/two.txt#4"),
        ("too_short", "under 20 characters", "https://example.org/plays/one.txt#9"),
    )
    metrics: Sequence[dict[str, Any]] = field(default_factory=lambda: curve([(2.4, 2.5), (1.9, 2.1), (1.7, 2.0)]))
    samples: Sequence[dict[str, Any]] = (
        {"iteration": 50, "temperature": 0.8, "text": "ee sp ak"},
        {"iteration": 100, "temperature": 0.8, "text": "Speek, before."},
        {"iteration": 150, "temperature": 0.8, "text": "Speak, hear me."},
    )
    ladder: Sequence[dict[str, Any]] = (
        {"temperature": 0.2, "text": "Speak, speak."},
        {"temperature": 1.0, "text": "Hear we prak"},
    )
    config: dict[str, Any] = field(default_factory=dict)
    machine: dict[str, str] = field(default_factory=dict)
    libraries: dict[str, str] = field(default_factory=dict)
    scheme: str = "document"
    stopped: str = "budget"
    baselines: dict[str, Any] | None = None
    setbacks: Sequence[dict[str, Any]] = ()


def fake_run(store: Store, told: Told | None = None) -> Run:
    """Write snapshot, version and run; returns the run."""
    told = told or Told()
    snapshot = _snapshot(store, told)
    version = _version(store, told, snapshot)
    return _run(store, told, version)


def _snapshot(store: Store, told: Told) -> Snapshot:
    body = "\n".join(told.train).encode("utf-8", "surrogatepass")
    file = RawFile(
        url="",
        final_url="",
        status=200,
        sha256=blobs.put(store.root, body),
        bytes=len(body),
        fetched_at="2026-11-20T10:00:00+00:00",
        robots=told.robots,
        licence=told.licence,
    )
    snapshot = Snapshot(
        corpus=told.corpus,
        id=content_id([told.corpus, told.sources]),
        origin=told.origin,
        files=tuple(replace(file, url=url, final_url=url) for url in told.sources),
        collected_at="2026-11-20T10:00:05+00:00",
    )
    final = store.snapshot_folder(told.corpus, snapshot.id)
    with commit.work_folder(final) as work:
        commit.publish(work, final, encode(snapshot))
    return snapshot


def _documents(told: Told, split: str, texts: Sequence[str]) -> list[Document]:
    made = (
        Document(
            id=document_id(told.sources[0], f"{split} {index}"),
            text=text,
            source=told.sources[0],
            raw_sha256=sha256(b""),
            title=told.document_title,
            licence=told.licence,
        )
        for index, text in enumerate(texts)
    )
    return sorted(made, key=lambda document: document.id)


def _version(store: Store, told: Told, snapshot: Snapshot) -> Version:
    splits = {
        "train": _documents(told, "train", told.train),
        "validation": _documents(told, "validation", told.validation),
    }
    drops = [Drop(id=document_id(s, n), step=step, reason=why, source=s) for n, (step, why, s) in enumerate(told.drops)]
    final = store.corpus(told.corpus) / "versions" / "v000001"
    with commit.work_folder(final) as work:
        (work / "data").mkdir()
        (work / "drops").mkdir()
        shards.write_drops(work / "drops" / "drops.parquet", drops)
        written = tuple(
            shards.write(work, f"data/{split}-00000-of-00001.parquet", split, documents)
            for split, documents in splits.items()
        )
        version = Version(
            corpus=told.corpus,
            id=shards.content(written, drops),
            number=1,
            parent=None,
            snapshot=snapshot.id,
            build_key="0" * 12,
            spec={"parse": {"kind": "text"}, "clean": {"steps": ["nfc"]}, "split": {"scheme": told.scheme}},
            code_digest="1" * 12,
            libraries={"python": "3.11.2", "pyarrow": "25.0.0", **told.libraries},
            columns={},
            title=told.title,
            licence=told.licence,
            licence_note=told.licence_note,
            personal_data=told.personal_data,
            language=told.language,
            shards=written,
            parsed=sum(map(len, splits.values())) + len(drops),
            drops={f"{step}: {why.partition(':')[0]}": 1 for step, why, _ in told.drops},
            stats=_stats(splits),
        )
        commit.publish(work, final, encode(version))
    return version


def _stats(splits: dict[str, list[Document]]) -> dict[str, Any]:
    documents = [document for each in splits.values() for document in each]
    return stats.measure(
        {split: Counter("".join(document.text for document in each)) for split, each in splits.items()},
        {split: len(each) for split, each in splits.items()},
        (lambda place: documents[place].id, np.array([len(document.text) for document in documents])),
        Counter(document.licence for document in documents),
        0,
    )


def _run(store: Store, told: Told, version: Version) -> Run:
    identity = content_id(
        [version.id, told.metrics, told.samples, told.ladder, told.config, told.baselines, told.setbacks]
    )
    final = store.run_folder(told.corpus, identity)
    with commit.work_folder(final) as work:
        _write_files(work, told)
        best = min((m for m in told.metrics if m["validation"]), key=lambda m: m["validation"]["nats_per_char"])
        run = Run(
            corpus=told.corpus,
            id=identity,
            version=version.id,
            version_ref=version.ref,
            config={"layers": 2, "hidden": 256, "separator": "\n\n", "validation_characters": 40_000, **told.config},
            code_digest="2" * 12,
            libraries={"torch": "2.13.0", "numpy": "2.3.5", **told.libraries},
            machine={"dtype": "float32", "threads": "2", **told.machine},
            vocabulary=len(Vocabulary.build("".join(told.train))),
            parameters=1_234_567,
            iterations=told.metrics[-1]["iteration"],
            stopped=told.stopped,
            best={"iteration": best["iteration"], **best["validation"]},
            checkpoint="checkpoints/best.safetensors",
            files={p.relative_to(work).as_posix(): file_sha256(p) for p in sorted(work.rglob("*")) if p.is_file()},
            clock={
                "started_at": "2026-11-20T10:01:00+00:00",
                "seconds": told.metrics[-1]["seconds"],
                "characters_per_second": 310_000.0,
            },
        )
        commit.publish(work, final, encode(run))
    return run


def _write_files(work: Path, told: Told) -> None:
    (work / "samples").mkdir()
    (work / "vocabulary.json").write_bytes(Vocabulary.build("".join(told.train)).to_json())
    lines = "".join(json.dumps(line) + "\n" for line in told.metrics)
    (work / "metrics.jsonl").write_text(lines, encoding="utf-8")
    for sample in told.samples:
        path = work / "samples" / f"{sample['iteration']:06d}.json"
        path.write_text(json.dumps(sample), encoding="utf-8")
    if told.setbacks:
        (work / "setbacks.json").write_text(json.dumps(told.setbacks), encoding="utf-8")
    if told.baselines:
        (work / "baselines.json").write_text(json.dumps(told.baselines), encoding="utf-8")
    if told.ladder:
        (work / "samples" / "ladder.json").write_text(json.dumps(told.ladder), encoding="utf-8")


def baselines(trained: int = 800, longest: int = 20, best: float = 2.1) -> dict[str, Any]:
    """What simpler models reach, as a training leaves it."""
    return {
        "trained": trained,
        "trained_in_all": 800,
        "kneser_ney": {"order": longest, "nats_per_char": 1.6, "bits_per_byte": 2.3},
        "best": {"order": 7, "nats_per_char": 1.5, "bits_per_byte": best},
        "compressors": [
            {"name": "zstd -19 --long", "alone": 3.0, "after_training": 2.2},
            {"name": "PPMd-H order 8", "alone": 2.9, "after_training": -0.2},
        ],
    }
