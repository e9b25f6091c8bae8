"""All tests, in three processes side by side, each about a third of the time. ``make test`` runs this.

    python -m tests

One has the kernel's, the guides, and ten thousand malformed bodies and growing ones for each parser; one has the flows
and clusters, which start servers and wait for them, and the commands. Their output comes when they are done. Each tells
its slowest tests. With arguments, use pytest itself.
"""

import os
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE, STDOUT

PARSERS = "tests/preprocess/parse"
PARTS = (
    [f"{PARSERS}/test_malformed.py", f"{PARSERS}/test_growth.py", "tests/corpusmill", "tests/test_docs.py"],
    ["tests/flows", "tests/preprocess/cluster", "tests/test_cli.py"],
)
QUIET = {"GOMP_SPINCOUNT": "1000", "OPENBLAS_NUM_THREADS": "1"}  # as the command line: threads of three would spin


def main() -> int:
    """Run all; the exit status is the first that is not 0."""
    pytest = [sys.executable, "-m", "pytest", "--durations=40", "--durations-min=2"]
    environment = QUIET | os.environ
    aside = [subprocess.Popen([*pytest, *part], env=environment, stdout=PIPE, stderr=STDOUT) for part in PARTS]
    try:
        others = [f"--ignore={path}" for part in PARTS for path in part]
        statuses = [subprocess.run([*pytest, *others], env=environment, check=False).returncode]
        for each in aside:
            said, _ = each.communicate()
            sys.stdout.buffer.write(said)
            statuses.append(each.returncode)
    except BaseException:
        for each in aside:
            each.kill()
        raise
    sys.stdout.buffer.flush()
    return next(filter(None, statuses), 0)


if __name__ == "__main__":
    sys.exit(main() if Path("tests").is_dir() else "run it where the project is")
