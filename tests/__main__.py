"""All tests, in two processes side by side, each about half of the time. ``make test`` runs this.

    python -m tests

One has the kernel's, and ten thousand malformed bodies and growing ones for each parser; its output comes when it is
done. With arguments, use pytest itself.
"""

import subprocess
import sys
from pathlib import Path

PARSERS = "tests/preprocess/parse"
ASIDE = [f"{PARSERS}/test_malformed.py", f"{PARSERS}/test_growth.py", "tests/corpusmill"]


def main() -> int:
    """Run both; the exit status is the first that is not 0."""
    pytest = [sys.executable, "-m", "pytest"]
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
