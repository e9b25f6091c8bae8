import re

import pytest

from tests.benchmarks.test_benchmarks import run


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_writing_is_timed_beside_torch(cell):
    found = run("sample", "--sizes", "2x8", "1x9", "--cell", cell, "--characters", "80", "--rounds", "1")

    assert found.returncode == 0, found.stderr
    assert re.search(r"^1x9, characters per CPU second, medians of 1$", found.stdout, re.MULTILINE)
    assert re.search(
        rf"^  nn\.{cell.upper()} +[\d,]+ +1\.00 x\n  numpy +[\d,]+ +\d+\.\d\d x$", found.stdout, re.MULTILINE
    )
    assert re.search(r"^  32 side by side +[\d,]+ +\d+\.\d\d x$", found.stdout, re.MULTILINE)


def test_a_size_that_is_none_is_told():
    found = run("sample", "--sizes", "large")

    assert found.returncode == 1
    assert found.stderr == "benchmarks: 'large' is no size: layers x units, e.g. 2x256\n"
