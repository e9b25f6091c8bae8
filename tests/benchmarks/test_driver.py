import re

from tests.benchmarks.test_benchmarks import run


def test_a_builds_driver_is_measured_a_document():
    found = run("driver", "--documents", "500", "2000")

    assert found.returncode == 0, found.stderr
    first, second, slope = found.stdout.splitlines()
    for line, count in ((first, "500"), (second, "2,000")):
        assert re.fullmatch(rf" +{count} documents: .* driver at most \d+ MB, stored \d+ bytes a document", line)
    assert re.fullmatch(r"from 500 to 2,000: -?[\d,]+ bytes of the driver's memory a document", slope)
