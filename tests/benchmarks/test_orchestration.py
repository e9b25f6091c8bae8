import re

from tests.benchmarks.test_benchmarks import run


def test_a_server_of_its_own_is_timed_beside_plain_and_its_history_counted():
    found = run("orchestration", "--short", "--without", "overhead,latency")

    assert found.returncode == 0, found.stderr
    fixed = r"^fixed +\d+\.\d s wall \(\d+\.\d to \d+\.\d\), +\d+\.\d s CPU  \(goal 12\)$"
    assert re.search(fixed, found.stdout, re.MULTILINE)
    assert "history  1 of 1 runs have all 4 task runs" in found.stdout
