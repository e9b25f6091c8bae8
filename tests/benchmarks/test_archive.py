import re

from tests import needs
from tests.benchmarks.test_benchmarks import run
from tests.corpusmill.archives import PACKERS, tar


def test_reading_an_archive_prints_times_ratios_and_memory(tmp_path):
    needs.program("xz")
    (tmp_path / "mill.tar.xz").write_bytes(PACKERS["xz"](tar()))

    found = run("archive", "--file", str(tmp_path / "mill.tar.xz"), "--rounds", "1")

    assert found.returncode == 0, found.stderr
    assert "mill.tar.xz, 0.0 MB: 4 files, 1 folders, 1 links; median of 1\n" in found.stdout
    assert re.search(r"^corpusmill +\d+\.\d\d s .* \d+\.\d\d x +\d+\.\d\d x\n", found.stdout, re.MULTILINE)
    assert re.search(r"^xz -dc .* 1\.00 x +1\.00 x\n", found.stdout, re.MULTILINE)
    assert re.search(r"peak of memory \d+\.\d MB$", found.stdout.strip())


def test_an_archive_that_is_not_there_is_named(tmp_path):
    found = run("archive", "--file", str(tmp_path / "missing.tar.xz"))

    assert found.returncode == 1
    assert "No such file" in found.stderr
