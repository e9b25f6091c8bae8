import re

import pytest

from tests.benchmarks.test_benchmarks import run
from tests.corpusmill.archives import PACKERS, tar


@pytest.fixture
def source(tmp_path):
    """A small kernel."""
    files = {f"linux/{n}.c": b"int turn_%d(void)\n{\n\treturn %d;\n}\n" % (n, n) * 40 for n in range(60)}
    mill = b" ".join(b"word%d" % n for n in range(300))
    files |= {"linux/mill.h": mill, "linux/mill2.h": mill + b" more"}
    path = tmp_path / "linux-source.tar.xz"
    path.write_bytes(PACKERS["xz"](tar(files | {"linux/again.h": files["linux/7.c"], "linux/README": b"Turn."})))
    return path


def test_a_build_is_timed_beside_xz_and_a_change_beside_the_whole(source):
    found = run("build", "--file", str(source), "--rounds", "1", "--without", "datatrove")

    assert found.returncode == 0, found.stderr
    assert re.search(r"^xz -dc \| sha256sum +\d+\.\d\d s$", found.stdout, re.MULTILINE)
    assert "62 documents" in found.stdout
    assert "{'dedup: same text': 1}" in found.stdout
    assert re.search(r"^build, 1 worker .* the same version: yes$", found.stdout, re.MULTILINE)
    assert re.search(r"^near-duplicates too .*'dedup: near-duplicate'", found.stdout, re.MULTILINE)
    assert re.search(r"^loose files, one new +\d+\.\d\d s +\d+\.\d % ", found.stdout, re.MULTILINE)


def test_a_file_that_is_not_there_is_named():
    found = run("build", "--file", "no.tar.xz")

    assert found.returncode == 1
    assert "no.tar.xz" in found.stderr
