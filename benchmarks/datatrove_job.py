"""The same job by datatrove: JSON lines -> exact deduplication -> Parquet. Runs in an environment that has it.

    python benchmarks/datatrove_job.py LINES OUT WORKERS

Its three stages of exact deduplication as its documentation has them, with its own defaults, but for zstd in place of
snappy.
"""

import json
import sys
from pathlib import Path

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup.exact_dedup import (
    ExactDedupConfig,
    ExactDedupFilter,
    ExactDedupSignature,
    ExactFindDedups,
)
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import ParquetWriter


def main(lines: str, out: str, workers: int) -> None:
    """Run the three stages, one after the other."""
    tasks = len(list(Path(lines).iterdir()))
    config = ExactDedupConfig(content_getter=lambda document: document.text)
    stages = [
        ([JsonlReader(lines), ExactDedupSignature(f"{out}/sigs", finder_workers=workers, config=config)], tasks),
        ([ExactFindDedups(data_folder=f"{out}/sigs", output_folder=f"{out}/dups", config=config)], workers),
        (
            [
                JsonlReader(lines),
                ExactDedupFilter(data_folder=f"{out}/dups", config=config),
                ParquetWriter(f"{out}/data", compression="zstd"),
            ],
            tasks,
        ),
    ]
    for number, (steps, parts) in enumerate(stages):
        LocalPipelineExecutor(steps, tasks=parts, workers=workers, logging_dir=f"{out}/logs{number}").run()
    kept = json.loads(Path(out, "logs2", "stats.json").read_text())[-1]["stats"]["total"]
    print(json.dumps({"documents": kept if isinstance(kept, int) else kept["total"]}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
