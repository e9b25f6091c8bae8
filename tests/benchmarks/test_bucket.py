import re

from tests.benchmarks.test_benchmarks import run


def test_the_requests_of_each_kind_of_refresh_are_counted():
    found = run("bucket", "--files", "3")

    assert found.returncode == 0, found.stderr
    told = re.findall(
        r"^  (\w[\w, ]+?) +(\d+) requests +\d+\.\d\d s +\+\d+\.\d kB  \((.*)\)$", found.stdout, re.MULTILINE
    )
    assert [what for what, _, _ in told] == ["new", "unchanged", "unchanged, other machine", "one file changed"] * 2
    for _, total, verbs in told:
        assert sum(int(each.split()[0]) for each in verbs.split(", ")) == int(total)
    assert int(told[5][1]) < int(told[4][1])  # unchanged, and new
