"""All tests, in two processes side by side, each about half of the time. ``make test`` runs this.

    python -m tests

One has the kernel's, some of the model's, and ten thousand malformed bodies and growing ones for each parser; its
output comes when it is done. Each tells its slowest tests. With arguments, use pytest itself.
"""

import subprocess
import sys
from pathlib import Path

PARSERS = "tests/preprocess/parse"
LEARNING = [
    f"tests/model/{part}" for part in ("sweep", "baselines", "test_killed.py", "test_parallel.py", "test_train.py")
]
ASIDE = [f"{PARSERS}/test_malformed.py", f"{PARSERS}/test_growth.py", "tests/corpusmill", *LEARNING]


def main() -> int:
    """Run both; the exit status is the first that is not 0."""
    pytest = [sys.executable, "-m", "pytest", "--durations=40", "--durations-min=2"]
    aside = subprocess.Popen([*pytest, *ASIDE], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        status = subprocess.run([*pytest, *(f"--ignore={path}" for path in ASIDE)], check=False).returncode
        said, _ = aside.communicate()
    except BaseException:
        aside.kill()
        raise
    sys.stdout.buffer.write(said)
    sys.stdout.buffer.flush()
    return status or aside.returncode


if __name__ == "__main__":
    sys.exit(main() if Path("tests").is_dir() else "run it where the project is")
