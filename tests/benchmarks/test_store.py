import re

from tests.benchmarks.test_benchmarks import run


def test_the_store_prints_ratios_and_how_long_commands_take():
    found = run("store", "--megabytes", "0.3", "--rounds", "1", "--without", "delta")

    assert found.returncode == 0, found.stderr
    assert re.search(r"^[\d,]+ rows, 0\.\d MB of text in 2 files; median of 1\n", found.stdout)
    assert re.search(r"^both +\d+\.\d\d s +pyarrow alone +\d+\.\d\d s +\d+\.\d\d x", found.stdout, re.MULTILINE)
    for command in ("versions mill", "show mill@v1000", "lineage mill@v500"):
        assert re.search(rf"^  corpusmill {command} +\d+\.\d\d s", found.stdout, re.MULTILINE)
