import re

from tests.benchmarks.test_benchmarks import run


def test_tracing_prints_times_and_sizes_of_real_and_made_up_text(tmp_path):
    found = run("trace", "--megabytes", "0.05", "--rounds", "1", HOME=str(tmp_path))

    assert found.returncode == 0, found.stderr
    assert re.search(r"^Python's library: \d+ documents, [\d,]+ characters\n", found.stdout)
    assert re.search(r"^made up: [2-6]\d documents", found.stdout, re.MULTILINE)
    assert len(re.findall(r"^  4\.\d\d bytes a character on disk$", found.stdout, re.MULTILINE)) == 2
    for name in ("searched, all open", "opened and traced", "the command", "the command, not cached"):
        assert len(re.findall(rf"^  {name} +\d+\.\d{{3}} s +\d+\.\d{{3}} s$", found.stdout, re.MULTILINE)) == 2


def test_an_archive_that_is_not_there_is_named(tmp_path):
    found = run("trace", "--file", str(tmp_path / "missing.tar.xz"))

    assert found.returncode == 1
    assert "No such file" in found.stderr
