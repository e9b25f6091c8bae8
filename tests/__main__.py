"""All tests, in three processes side by side, each about a third of the time. ``make test`` runs this.

    python -m tests

One has the kernel's, some of the model's, and ten thousand malformed bodies and growing ones for each parser; one has
what starts servers and whole commands, and waits for them. Their output comes when they are done. Each tells its
slowest tests. With arguments, use pytest itself.
"""

import subprocess
import sys
from pathlib import Path
from subprocess import PIPE, STDOUT

PARSERS = "tests/preprocess/parse"
LEARNING = [
    f"tests/model/{part}" for part in ("sweep", "baselines", "test_killed.py", "test_parallel.py", "test_train.py")
]
PARTS = (
    [f"{PARSERS}/test_malformed.py", f"{PARSERS}/test_growth.py", "tests/corpusmill", *LEARNING],
    ["tests/flows", "tests/test_docs.py"],
)


def main() -> int:
    """Run all; the exit status is the first that is not 0."""
    pytest = [sys.executable, "-m", "pytest", "--durations=40", "--durations-min=2"]
    aside = [subprocess.Popen([*pytest, *part], stdout=PIPE, stderr=STDOUT) for part in PARTS]
    try:
        others = [f"--ignore={path}" for part in PARTS for path in part]
        statuses = [subprocess.run([*pytest, *others], check=False).returncode]
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
