"""The same job by datatrove: JSON lines -> deduplication -> Parquet. Runs in an environment that has it.

    python benchmarks/datatrove_job.py LINES OUT WORKERS exact|near

Its three stages of exact deduplication, or its four of MinHash, as its documentation has them, with its own defaults,
but for zstd in place of snappy.
"""

import json
import sys
from pathlib import Path
from typing import Any

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import exact_dedup as exact
from datatrove.pipeline.dedup import minhash
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import ParquetWriter

Stage = tuple[list[Any], int]
"""Its steps, and in how many parts they are done."""


def main(lines: str, out: str, workers: int, how: str) -> None:
    """Run the stages, one after the other."""
    tasks = len(list(Path(lines).iterdir()))
    stages = (_exact if how == "exact" else _near)(lines, out, tasks, workers)
    for number, (steps, parts) in enumerate(stages):
        LocalPipelineExecutor(steps, tasks=parts, workers=workers, logging_dir=f"{out}/logs{number}").run()
    last = len(stages) - 1
    kept = json.loads(Path(out, f"logs{last}", "stats.json").read_text())[-1]["stats"]["total"]
    print(json.dumps({"documents": kept if isinstance(kept, int) else kept["total"]}))


def _exact(lines: str, out: str, tasks: int, workers: int) -> list[Stage]:
    config = exact.ExactDedupConfig(content_getter=lambda document: document.text)
    signature = exact.ExactDedupSignature(f"{out}/sigs", finder_workers=workers, config=config)
    find = exact.ExactFindDedups(data_folder=f"{out}/sigs", output_folder=f"{out}/dups", config=config)
    keep = exact.ExactDedupFilter(data_folder=f"{out}/dups", config=config)
    return [([JsonlReader(lines), signature], tasks), ([find], workers), (_written(lines, keep, out), tasks)]


def _near(lines: str, out: str, tasks: int, _workers: int) -> list[Stage]:
    config = minhash.MinhashConfig()
    signature = minhash.MinhashDedupSignature(f"{out}/sigs", config=config)
    buckets = minhash.MinhashDedupBuckets(f"{out}/sigs", f"{out}/buckets", config=config)
    cluster = minhash.MinhashDedupCluster(f"{out}/buckets", f"{out}/removed", config=config)
    keep = minhash.MinhashDedupFilter(f"{out}/removed")
    return [
        ([JsonlReader(lines), signature], tasks),
        ([buckets], config.num_buckets),
        ([cluster], 1),
        (_written(lines, keep, out), tasks),
    ]


def _written(lines: str, keep: Any, out: str) -> list[Any]:
    return [JsonlReader(lines), keep, ParquetWriter(f"{out}/data", compression="zstd")]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
