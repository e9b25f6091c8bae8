"""One build of the kernel corpus, in a process of its own: what `benchmarks.build` times.

It reads from its standard input what to build, as JSON, and writes what it took. It knows no goals.
"""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from corpusmill.store import Store
from corpusmill.types import Corpus, Snapshot
from preprocess.build import build


def corpus(near: dict[str, Any] | None = None) -> Corpus:
    """Every .c and .h file, exactly deduplicated."""
    return Corpus(
        name="kernel",
        title="Linux kernel source",
        licence="GPL-2.0-only",
        source={},
        parse={"kind": "code", "members": ["*.c", "*.h"]},
        clean={"near": near} if near else {},
    )


def main() -> None:
    """Build."""
    asked = json.loads(sys.stdin.read())
    snapshot = msgspec.json.decode(Path(asked["snapshot"]).read_bytes(), type=Snapshot)
    start = time.perf_counter()
    version, _ = build(corpus(asked["near"]), snapshot, Store(Path(asked["store"])), processes=asked["workers"])
    took = time.perf_counter() - start
    self, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    told = {
        "seconds": took,
        "cpu": sum(each.ru_utime + each.ru_stime for each in (self, children)),
        "memory": (self.ru_maxrss + asked["workers"] * children.ru_maxrss) * 1024,
        "version": version.id,
        "shards": [shard.sha256 for shard in version.shards],
        "documents": version.stats["total"]["documents"],
        "bytes": version.stats["total"]["bytes"],
        "drops": dict(version.drops),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
