import re

from tests.benchmarks.test_benchmarks import run


def test_encoding_is_timed_beside_a_loop():
    found = run("encode", "--characters", "30000", "--rounds", "1")

    assert found.returncode == 0, found.stderr
    for kind in ("ASCII", "Unicode"):
        assert re.search(rf"^{kind}, 30,000 characters, .*\n  dict loop +\d+ +1\.0 x\n", found.stdout, re.MULTILINE)
    assert len(re.findall(r"^  (?:numpy lookup|characters|bytes|words) ", found.stdout, re.MULTILINE)) == 8
