"""One experiment in a process of its own: ``python -m benchmarks.experiment_job flow|plain CORPUS VERSION``.

`flow` is the flow on the configured server, connected to as commands are; `plain` calls the same stages directly.
"""

import os
import sys
from pathlib import Path

from corpusmill.types import silent


def main(how: str, corpus: str, version: str) -> None:
    """Train on a version, score, sample and report."""
    if how == "flow":
        from flows.run import connected

        with connected(Path(os.environ["PREFECT_HOME"])):
            from flows.experiment import experiment

            experiment(corpus, version)
        return
    from flows import pipeline, settings

    pipeline.experiment(settings.job(corpus), version, pipeline.PLAIN, silent)


if __name__ == "__main__":
    main(*sys.argv[1:])
