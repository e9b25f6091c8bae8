import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--rounds=1", r"^requests\.Session .* 1\.00 x .*CPU s +1\.00 x\ncorpusmill +[\d,]+ a second .* \d+\.\d\d x\n"),
        ("--profile", r"corpusmill/http/__init__\.py:\d+\(get\)"),
    ],
)
def test_the_client_is_timed_beside_a_session_and_profiled(option, said):
    found = subprocess.run(
        [sys.executable, "-m", "benchmarks", "client", "--files", "3", "--bytes", "9", option],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HTTP_PROXY": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.returncode == 0, found.stderr
    assert re.search(said, found.stdout, re.MULTILINE), found.stdout
